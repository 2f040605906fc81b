"""Uniqueness in the population that a table was sampled from."""
