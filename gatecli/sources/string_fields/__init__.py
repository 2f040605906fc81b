"""Texts to string leaves, one file per format."""
