"""Where models are kept and trained by others: registries and managed jobs."""
