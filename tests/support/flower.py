"""The environment of Flower, beside the tests' own: `make installed-flower`."""

from __future__ import annotations

from tests.support.environments import Environment

FLOWER = Environment("flower")
PYTHON, lacking, run = FLOWER.python, FLOWER.lacking, FLOWER.run
