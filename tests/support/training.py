"""The environment of the training libraries, beside the tests' own: `make installed-training`."""

from __future__ import annotations

import os
import sys

from tests.support.environments import Environment

TRAINING = Environment("training")
PYTHON, lacking, run = TRAINING.python, TRAINING.lacking, TRAINING.run


def is_possible() -> bool:
    """Whether the lock of these libraries is for this platform: PyTorch's build for the CPU is."""
    machine = (sys.platform, os.uname().machine, sys.version_info[:2])
    return machine == ("linux", "x86_64", (3, 11))
