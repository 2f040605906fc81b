"""Artifacts encrypted to the recipients of a KeyPolicy, in the age format."""
