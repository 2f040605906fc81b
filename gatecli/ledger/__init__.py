"""The budget ledger: stores, the chain of their entries, checkpoints, and leases."""
