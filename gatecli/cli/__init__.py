"""The command line: the only wiring, and the only home of typer and rich."""
