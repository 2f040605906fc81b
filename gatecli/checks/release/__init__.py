"""Checks of declarations: the claim, its budget, its evidence, its cost."""
