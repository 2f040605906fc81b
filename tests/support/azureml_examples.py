"""The example of a pipeline of Azure ML's, and copies of it with one thing changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from gatecli.checks.personal_data import search_of
from gatecli.gates.cloud import check_paths
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.policies import read_policy
from gatecli.model.finding import Finding

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "azureml-pipeline"
PIPELINE, COMPONENT = "pipeline.yml", "components/privacy_transformer/component.yaml"
COLUMNS, POLICY = "columns.yaml", "gatecli.yaml"
TODAY = date(2026, 12, 1)


def changed_example(folder: Path, changes: Iterable[tuple[str, str, str]]) -> Path:
    """A copy in which texts of files are replaced, each once: a file, what stands there, what comes there."""
    copy = folder / "example"
    shutil.copytree(EXAMPLE, copy)
    for name, old, new in changes:
        text = (copy / name).read_text("utf-8")
        assert text.count(old) >= 1, (name, old)
        (copy / name).write_text(text.replace(old, new, 1), "utf-8")
    return copy


def judge(path: Path) -> tuple[Finding, ...]:
    """What the gate finds in a folder or a file, by the policy above it."""
    bundle = read_policy(None, path)
    terms = JudgementTerms(bundle.policy, bundle.waivers, TODAY)
    return check_paths([path], terms, search_of(bundle.policy.spec.pii)).findings


def rules_of(path: Path) -> list[str]:
    """The rules of what is found, sorted."""
    return sorted({finding.rule.id for finding in judge(path)})
