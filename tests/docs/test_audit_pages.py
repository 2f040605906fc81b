"""The pages about audits of models and of code name what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatecli.audit.scores import ScoresMethod
from gatecli.gates import AUDIT
from gatecli.model.audit import AuditOutcome
from gatecli.sources.scores import FLAGS, PAIRS, read_scores

DOCS = Path(__file__).resolve().parents[2] / "docs"
MODELS = (DOCS / "audit-models.md").read_text("utf-8")
CODE = (DOCS / "audit-code.md").read_text("utf-8")


def test_every_method_has_its_row() -> None:
    assert re.findall(r"^\| `([a-z][a-z-]+)`(?: \(default\))? \|", MODELS, re.MULTILINE) == list(ScoresMethod)


def test_every_outcome_has_its_row_and_none_is_verified() -> None:
    rows = re.findall(r"^\| \*([a-z ]+)\* \| (\d) \|", MODELS, re.MULTILINE)
    assert [word.replace(" ", "-") for word, _ in rows] == list(AuditOutcome)
    assert [code for _, code in rows] == ["1", "0", "4"]


@pytest.mark.parametrize("names", [*PAIRS[:2], FLAGS[0]])
def test_the_page_names_what_files_of_tools_are_called(names: tuple[str, str], tmp_path: Path) -> None:
    assert all(f"`{name}`" in MODELS for name in names)
    file = tmp_path / "scores.npz"
    arrays: dict[str, Any] = {name: np.array([1.0, 0.0]) for name in names}
    np.savez(file, **arrays)
    assert sum(map(len, read_scores(file))) >= 2


def test_the_page_s_rows_of_csv_are_read(tmp_path: Path) -> None:
    (rows,) = re.findall(r"```csv\n(.*?)```", MODELS, re.DOTALL)
    (tmp_path / "scores.csv").write_text(rows, "utf-8")
    assert read_scores(tmp_path / "scores.csv") == ((3.21,), (-0.87,))


def test_every_pattern_has_its_row() -> None:
    shown = re.findall(r"^\| \[(audit-code-[a-z-]+)\]", CODE, re.MULTILINE)
    assert {*shown, "audit-code-unreadable"} == {rule.id for rule in AUDIT.rules}
