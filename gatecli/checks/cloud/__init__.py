"""Checks of job definitions: the program that runs, what it may spend, and who can read or reach it."""
