"""The search for wrong patterns as a gate: which files, and what cannot be searched."""

from __future__ import annotations

from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pytest

from gatecli.gates.audit_code import check_code, request_for
from gatecli.gates.judgement import JudgementTerms
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.sources.policy import default_policy

NOISE = "import numpy as np\nx = np.random.laplace(0, 1 / epsilon)\n"


def judged(*paths: Path, respect_gitignore: bool = True) -> Verdict:
    terms = JudgementTerms(default_policy(), (), date(2026, 11, 29))
    return check_code(request_for(paths, terms, respect_gitignore=respect_gitignore))


def test_scripts_and_notebooks_in_a_folder_are_searched_and_nothing_else(tmp_path: Path) -> None:
    for name in ("a.py", "b.txt", "sub/c.py"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(NOISE, "utf-8")
    (tmp_path / "d.ipynb").write_text('{"cells": []}', "utf-8")
    verdict = judged(tmp_path)
    assert [Path(each.path).name for each in verdict.checked] == ["a.py", "d.ipynb", "c.py"]
    assert len(verdict.findings) == 2


def test_a_program_that_is_too_deep_could_not_be_checked(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = a" + ".b" * 4000 + "\n", "utf-8")
    assert judged(tmp_path).exit_code is ExitCode.UNCHECKABLE


def test_a_folder_that_cannot_be_looked_into_could_not_be_checked(tmp_path: Path) -> None:
    link = tmp_path / "a.py"
    link.symlink_to(tmp_path / "nowhere")
    (finding,) = judged(link).findings
    assert finding.rule.id == "audit-code-unreadable"


@pytest.mark.parametrize("library", ["opendp", "dp_accounting"])
def test_the_sources_of_libraries_that_are_right_raise_no_alarm(library: str) -> None:
    spec = find_spec(library)
    assert spec is not None
    assert spec.submodule_search_locations
    verdict = judged(Path(spec.submodule_search_locations[0]), respect_gitignore=False)
    assert len(verdict.checked) > 20
    assert verdict.findings == ()
