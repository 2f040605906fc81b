"""Which columns of a table tell whose row it is."""
