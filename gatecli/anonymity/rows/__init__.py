"""Rows of tables in files, some at a time, for who searches them."""
