"""Visits by hour, with noise of an engine."""
