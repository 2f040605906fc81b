"""How identifiable a table's rows are: k-anonymity and its relatives, measured where the table lives."""
