"""Audits beside the libraries of training: JAX Privacy's auditor as an oracle, and sources that are right."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from gatecli.gates.audit_code import check_code, request_for
from gatecli.gates.judgement import JudgementTerms
from gatecli.sources.policy import default_policy
from tests.support.training import PYTHON, run

PROGRAM = """
import json
import numpy as np
from jax_privacy import auditing
from sklearn.metrics import roc_auc_score
from gatecli.audit import clopper_pearson, one_run
from gatecli.audit.membership import membership

rows = []
for seed, (gap, inside, outside) in enumerate([(0, 200, 200), (1, 300, 280), (2.5, 150, 170), (6, 90, 110)]):
    draw = np.random.default_rng(seed)
    members, others = draw.normal(gap, 1, inside), draw.normal(0, 1, outside)
    theirs = auditing.CanaryScoreAuditor(members, others)
    for threshold in (0.0, 1.0, 2.0):
        explicit = auditing.Explicit(threshold)
        counts = clopper_pearson.counts_at(members, others, threshold)
        made = counts.true_positives + counts.false_positives
        guesses = one_run.Guesses(inside + outside, made, counts.true_positives)
        for delta in (1e-6, 1e-3):
            rows.append([
                theirs.epsilon_clopper_pearson(0.05, delta, one_sided=False, threshold_strategy=explicit),
                clopper_pearson.lower_bound(counts, delta, 0.05),
            ])
            rows.append([
                theirs.epsilon_one_run(0.05, delta, threshold_strategy=explicit),
                one_run.lower_bound(guesses, delta, 0.05),
            ])
    truth = np.repeat([1, 0], [inside, outside])
    area = roc_auc_score(truth, np.concatenate([members, others]))  # JAX Privacy's: of the hull
    rows.append([area, membership(members, others, 0.05).area.value])
print(json.dumps([[float(each) for each in row] for row in rows]))
"""


def test_bounds_are_those_of_jax_privacy_and_areas_those_of_scikit_learn(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, "utf-8")
    done = run("program.py", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert len(rows) == 52
    assert [ours for _, ours in rows] == pytest.approx([theirs for theirs, _ in rows], abs=1e-4)
    assert sum(theirs > 0.5 for theirs, _ in rows) > 20


PACKAGES = PYTHON.parents[1] / "lib" / "python3.11" / "site-packages"
DEFENDED = {
    ("audit-code-shuffled-batches", "opacus/tests/multigpu_fsdpcheck.py"),
}
"""A test of Opacus by another name than tests have: it compares trainings by batches, and does shuffle."""


@pytest.mark.parametrize("library", ["opacus", "jax_privacy", "opendp", "dp_accounting", "diffprivlib"])
def test_right_sources_raise_no_alarm(library: str) -> None:
    terms = JudgementTerms(default_policy(), (), date(2026, 11, 21))
    verdict = check_code(request_for([PACKAGES / library], terms, respect_gitignore=False))
    assert len(verdict.checked) > 20
    found = {
        (finding.rule.id, Path(finding.place.path).as_posix().partition("site-packages/")[2])
        for finding in verdict.findings
    }
    assert found <= DEFENDED
