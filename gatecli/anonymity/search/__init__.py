"""The least generalisation and suppression that meets thresholds."""
