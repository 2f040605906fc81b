"""An admission webhook that keeps plaintext personal data out of a cluster."""
