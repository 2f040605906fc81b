"""The page and the metrics of a ledger, for people and for Prometheus; read only."""
