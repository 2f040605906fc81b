"""Checks of job definitions: which image and program runs, what it may spend, and who can read or reach it."""
