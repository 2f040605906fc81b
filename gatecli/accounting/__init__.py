"""Recomputing what a described computation really cost."""
