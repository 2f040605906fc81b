"""Personal data: what it looks like, where it hides, how it is shown without being shown."""
