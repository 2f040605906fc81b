"""What was computed before, kept for the next run: it makes a run quicker and changes nothing in it."""
