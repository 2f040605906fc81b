"""The HTML report: one page with its style sheet and charts inside."""
