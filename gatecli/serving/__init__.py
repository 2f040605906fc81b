"""The proxy before a model endpoint: it verifies, searches, adds noise, and charges budgets."""
