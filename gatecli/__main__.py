"""`python -m gatecli`."""

from gatecli.cli.app import run

run()
