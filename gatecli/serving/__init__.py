"""The proxy before a model endpoint: what is let through, what is noised, and who pays."""
