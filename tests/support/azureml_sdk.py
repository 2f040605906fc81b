"""Azure ML's own SDK, which loads and validates YAML: `make installed-azureml` installs it, apart."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.support.environments import Environment

AZUREML = Environment("azureml")

_LOAD = """
import json, sys, warnings
warnings.simplefilter("ignore")
import logging
logging.disable(logging.CRITICAL)
from azure.ai.ml import load_component, load_job
load = {"component": load_component, "job": load_job}
told = []
for kind, file in json.load(sys.stdin):
    try:
        loaded = load[kind](file)
    except Exception as error:
        told.append({"loaded": False, "why": type(error).__name__ + ": " + str(error)})
        continue
    result = loaded._validate()
    told.append({"loaded": True, "passed": result.passed, "errors": dict(result.error_messages)})
json.dump(told, sys.stdout)
"""


def lacking() -> str | None:
    """Why nothing can be loaded here; None where it can."""
    return (
        None
        if list(AZUREML.folder.glob("lib/*/site-packages/azure/ai/ml"))
        else "no azure-ai-ml; make installed-azureml"
    )


def load_all(files: list[tuple[str, Path]]) -> list[dict[str, Any]]:
    """What the SDK says of components and jobs: whether each loads, and whether it validates."""
    given = json.dumps([(kind, str(path)) for kind, path in files])
    environment = {"PATH": os.environ["PATH"], "HOME": str(files[0][1].parent), "NO_PROXY": "*"}
    ended = subprocess.run(
        [AZUREML.python, "-W", "ignore", "-c", _LOAD],
        input=given,
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    found: list[dict[str, Any]] = json.loads(ended.stdout)
    return found
