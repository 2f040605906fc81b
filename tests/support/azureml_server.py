"""Azure ML's inference server of one's own: `make installed-azureml` installs it, beside gatecli."""

from __future__ import annotations

from tests.support.environments import Environment

AZUREML = Environment("azureml")
PROGRAM, lacking = AZUREML.program("azmlinfsrv"), AZUREML.lacking
