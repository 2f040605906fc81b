"""Every rule about source code has an example that breaks it and one that keeps it, also on its page."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from gatecli.gates import AUDIT
from gatecli.gates.audit_code import check_code, request_for
from gatecli.gates.judgement import JudgementTerms
from gatecli.model.finding import Rule
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.sources.policy import default_policy

EXAMPLES = Path(__file__).parent
PAGE = (EXAMPLES.parents[1] / "docs" / "rules.md").read_text("utf-8")
RULES: dict[str, Rule] = {rule.id: rule for rule in AUDIT.rules}


def judged(path: Path) -> Verdict:
    return check_code(request_for([path], JudgementTerms(default_policy(), (), date(2026, 11, 21))))


def test_every_rule_has_examples_and_every_example_is_a_rule() -> None:
    assert sorted(RULES) == sorted(path.name for path in EXAMPLES.glob("audit-code-*"))


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_failing_example_breaks_this_rule_alone(rule: str) -> None:
    verdict = judged(EXAMPLES / rule / "fail")
    assert [finding.rule.id for finding in verdict.findings] == [rule]
    (finding,) = verdict.findings
    assert finding.severity is RULES[rule].severity
    assert finding.remediation
    assert finding.place.line is not None


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_passing_example_opens_the_gate(rule: str) -> None:
    verdict = judged(EXAMPLES / rule / "pass")
    assert verdict.findings == ()
    assert verdict.exit_code is ExitCode.OPEN


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_page_shows_the_same_examples(rule: str) -> None:
    section = re.search(rf"^## {rule}\n(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
    assert section is not None
    shown = re.findall(r"```python\n(.*?)```", section[1], re.DOTALL)
    assert shown == [source(EXAMPLES / rule / side) for side in ("fail", "pass")]


def source(folder: Path) -> str:
    """The program of an example; one is a notebook, since the project's own tools read every script."""
    notebook = folder / "program.ipynb"
    if not notebook.exists():
        return (folder / "program.py").read_text("utf-8")
    (cell,) = json.loads(notebook.read_text("utf-8"))["cells"]
    return "".join(cell["source"])
