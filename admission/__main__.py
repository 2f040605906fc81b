"""`python -m admission`."""

from admission.cli import run

run()
