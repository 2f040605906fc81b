"""Libraries that draw noise, each behind one interface."""
