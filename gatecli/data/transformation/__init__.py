"""A new table in which each column is what the policy permits for its class."""
