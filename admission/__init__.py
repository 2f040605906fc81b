"""The admission webhook: plaintext personal data does not enter the cluster."""
