"""What `doctor` reads of an installation, and what it asks of it."""
