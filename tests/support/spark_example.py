"""examples/spark-on-kubernetes: its manifests, and what a careless user makes of one."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from tests.support.reviews import RESIDENT_ID

FOLDER = Path(__file__).resolve().parents[2] / "examples/spark-on-kubernetes"
APPLICATION = FOLDER / "spark-application.yaml"
JOB = FOLDER / "spark-submit-job.yaml"
SETTING = "spark.hadoop.report.subject"


def objects_of(*paths: Path) -> list[dict[str, Any]]:
    """The objects of manifests."""
    return [obj for path in paths for obj in yaml.safe_load_all(path.read_text("utf-8"))]


def with_resident_id(text: str) -> str:
    """The SparkApplication as it is written, with a resident ID in its settings."""
    settings = "  sparkConf:\n"
    assert settings in text
    return text.replace(settings, f'{settings}    {SETTING}: "{RESIDENT_ID}"\n')


def job() -> ModuleType:
    """The job's Python file, as a module."""
    spec = importlib.util.spec_from_file_location("ward_report", FOLDER / "ward_report.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made
