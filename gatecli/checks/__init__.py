"""Value in, findings out: one file per rule family, one explicit list of them all."""
