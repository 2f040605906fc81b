"""Certificates of the webhook: issued, rotated, kept in a Secret, served."""
