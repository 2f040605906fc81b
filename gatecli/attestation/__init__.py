"""Signed statements about verdicts: statements, envelopes, keys, verification."""
