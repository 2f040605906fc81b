"""Readers of what other tools recorded about a run: one file a format, none of them runs code."""
