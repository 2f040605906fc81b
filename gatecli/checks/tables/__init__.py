"""Checks of tables: their measures, the roles of their columns."""
