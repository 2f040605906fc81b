"""`gatecli audit code` as a whole process."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run

ROOT = Path(__file__).resolve().parents[2]
NOISE = "import numpy as np\n\nx = np.random.laplace(0, 1 / epsilon)\n"
WAIVER = """\
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: acme}
spec: {extends: default, release: {maxWaiverDays: 40000}}
---
apiVersion: gatecli.dev/v1
kind: PrivacyWaiver
metadata: {name: simulation}
spec:
  rule: audit-code-float-noise
  subject: a.py
  reason: draws for a plot, of no data
  owner: statistics
  expires: 2099-01-01
"""


def test_a_wrong_pattern_closes_the_gate(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(NOISE, "utf-8")
    done = run("audit", "code", ".")
    assert (done.returncode, done.stderr) == (1, "")
    assert "a.py:3:5  error  audit-code-float-noise" in done.stdout
    assert "fix: draw it by a vetted engine" in " ".join(done.stdout.split())


def test_code_without_known_patterns_opens_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n", "utf-8")
    assert run("audit", "code", ".").returncode == 0


def test_a_folder_without_python_was_not_checked(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(NOISE, "utf-8")
    assert run("audit", "code", ".").returncode == 3


def test_a_named_file_is_searched_whatever_it_is_called(run: Run, tmp_path: Path) -> None:
    (tmp_path / "program").write_text(NOISE, "utf-8")
    assert run("audit", "code", "program").returncode == 1


def test_what_is_not_python_could_not_be_checked(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("print 1\n", "utf-8")
    done = run("audit", "code", ".")
    assert done.returncode == 4
    assert "a.py:1:" in done.stdout


def test_a_missing_path_is_a_usage_error(run: Run) -> None:
    assert run("audit", "code", "nowhere").returncode == 2


def test_ignored_and_excluded_files_are_left_out(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n", "utf-8")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "b.py").write_text(NOISE, "utf-8")
    assert run("audit", "code", ".", "--exclude", "old/").returncode == 0
    assert run("audit", "code", ".").returncode == 1


def test_sarif_names_rule_and_place(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(NOISE, "utf-8")
    (result,) = json.loads(run("audit", "code", ".", "--format", "sarif").stdout)["runs"][0]["results"]
    assert result["ruleId"] == "audit-code-float-noise"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 3


def test_a_waiver_and_a_severity_of_the_policy_hold(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(NOISE, "utf-8")
    (tmp_path / "gatecli.yaml").write_text(WAIVER, "utf-8")
    assert run("audit", "code", "a.py").returncode == 0
    softer = "spec: {extends: default, severities: {audit-code-float-noise: note}}"
    (tmp_path / "gatecli.yaml").write_text(
        WAIVER.partition("---")[0].replace(
            "spec: {extends: default, release: {maxWaiverDays: 40000}}", softer
        ),
        "utf-8",
    )
    done = run("audit", "code", "a.py")
    assert done.returncode == 0
    assert "note" in done.stdout


def test_a_waiver_for_code_is_not_unused_where_releases_are_judged(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gatecli.yaml").write_text(WAIVER, "utf-8")
    done = run("release", "check", ROOT / "examples" / "churn-model-mended", "--policy", "gatecli.yaml")
    assert "waiver-unused" not in done.stdout


def test_a_baseline_forgives_what_was_there(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(NOISE, "utf-8")
    run("audit", "code", ".", "--report", "json=known.json")
    (tmp_path / "a.py").write_text(f"y = 2\n{NOISE}", "utf-8")
    assert run("audit", "code", ".", "--baseline", "known.json").returncode == 0
