"""Two releases of one table, and what they disclose together."""
