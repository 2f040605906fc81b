"""One file a command of `gatecli-admission`."""
