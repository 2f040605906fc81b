from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, Draft202012Validator, FormatChecker

from tests.golden.cases import STYLES, expected, stored
from tests.support.verdicts import CASES

ROOT = Path(__file__).parents[2]
EXPECTED = expected()
NAMES = [f"{case}/{file}" for case in CASES for file in STYLES]


def schema(path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / path).read_text("utf-8"))
    return loaded


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_what_the_golden_file_holds(name: str) -> None:
    assert EXPECTED[name] == stored()[name], "run: python -m tests.golden.regenerate"


def test_no_golden_file_is_left_over() -> None:
    assert stored().keys() == EXPECTED.keys()


def test_the_bytes_do_not_depend_on_the_hash_seed_of_the_process() -> None:
    program = "from tests.golden.cases import expected, stored; raise SystemExit(expected() != stored())"
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": seed}, check=False
        )
        assert done.returncode == 0


def test_the_published_schema_is_itself_valid() -> None:
    Draft202012Validator.check_schema(schema("docs/schemas/report-v1.json"))


@pytest.mark.parametrize("case", CASES)
def test_a_json_report_keeps_the_published_schema(case: str) -> None:
    Draft202012Validator(schema("docs/schemas/report-v1.json")).validate(json.loads(EXPECTED[f"{case}/json"]))


@pytest.mark.parametrize("case", CASES)
def test_a_sarif_report_keeps_the_published_schema(case: str) -> None:
    published = Draft4Validator(schema("tests/data/sarif-schema-2.1.0.json"), format_checker=FormatChecker())
    published.validate(json.loads(EXPECTED[f"{case}/sarif"]))
