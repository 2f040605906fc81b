"""`gatecli terraform check`, as a user types it, with the real program."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.cli.app import main
from gatecli.reports.registry import ReportFormat
from tests.support.evidence_files import digest, report, table, write
from tests.support.examples import share
from tests.support.terraform import QUIET, system_terraform

Run = Callable[..., tuple[int, str, str]]

PLANS = Path(__file__).parents[1] / "data" / "plans"
SSN = "536-90-4399"
CANARY = "517-29-8264"
FORMATS = tuple(ReportFormat)

CONFIGURATION = f"""\
variable "ssn" {{
  type    = string
  default = "{SSN}"
}}

variable "key" {{
  type      = string
  sensitive = true
  default   = "{CANARY}"
}}

resource "terraform_data" "etl" {{
  for_each = {{ "{SSN}" = 1 }}
  input = {{
    script = "{base64.b64encode(f"export SSN={SSN}".encode()).decode()}"
    secret = var.key
  }}
}}
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)

    def command(*arguments: object) -> tuple[int, str, str]:
        code = main(["terraform", "check", *map(str, arguments)])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "infra"
    root.mkdir()
    (root / "main.tf").write_text(CONFIGURATION, "utf-8")
    return root


def test_a_folder_is_planned_and_findings_stand_in_its_lines(run: Run, folder: Path) -> None:
    system_terraform()
    code, shown, _ = run(folder, "--format", "json")
    findings = json.loads(shown)["findings"]
    assert code == 1
    assert {finding["rule"] for finding in findings} == {"pii-us-ssn", "tf-plaintext-variable"}
    assert {Path(finding["path"]).name for finding in findings} == {"main.tf"}
    assert min(finding["line"] for finding in findings) == 1
    assert any("after decoding base64" in finding["message"] for finding in findings)
    assert any(finding["message"].endswith("(sensitive)") for finding in findings)
    assert sorted(path.name for path in folder.iterdir()) == ["main.tf"]


@pytest.mark.parametrize("format_", FORMATS)
def test_no_format_shows_a_value_or_a_digest_of_a_sensitive_one(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    system_terraform()
    private = tmp_path / "temporary"
    private.mkdir()
    monkeypatch.setenv("TMPDIR", str(private))
    code, shown, errors = run(folder, "--format", format_, "-vv")
    assert code == 1
    for value in (SSN, CANARY, CANARY[-4:]):
        assert value not in shown + errors
    assert not list(private.iterdir())


def test_a_saved_plan_is_read_where_it_was_made(run: Run, folder: Path) -> None:
    (terraform,) = system_terraform()
    made = subprocess.run(
        [terraform, "plan", "-input=false", "-out=p.plan"], cwd=folder, capture_output=True, check=False
    )
    assert made.returncode == 0, made.stderr
    assert run(folder / "p.plan")[0] == 1


def test_the_digest_of_a_plan_s_json_is_its_evidence(run: Run) -> None:
    plan = PLANS / "plan.json"
    code, shown, _ = run(plan, "--format", "json")
    (checked,) = json.loads(shown)["checked"]
    assert code == 0
    assert checked["inputs"]["sha256"] == hashlib.sha256(plan.read_bytes()).hexdigest()
    assert checked["measures"]["tool"] == "terraform"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("plan", 0),
        ("changed", 0),
        ("state", 0),
        ("aws", 1),
        ("opentofu_gcp", 1),
        ("targeted", 1),
        ("errored", 4),
    ],
)
def test_plans_of_many_makers_are_judged(run: Run, name: str, code: int) -> None:
    assert run(PLANS / f"{name}.json")[0] == code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", 4),
        (b"{}", 4),
        (b"PK\x03\x04 truncated", 4),
        (b'{"format_version": "9.0"}', 4),
        (b'{"@level": "info"}', 4),
        (b'{"format_version": "1.2", "planned_values": {"root_module": {}}}', 3),
    ],
)
def test_what_is_no_plan_is_no_pass(run: Run, tmp_path: Path, content: bytes, code: int) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(content)
    assert run(file)[0] == code


def test_a_missing_program_says_how_to_get_it(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, shown, errors = run(folder)
    assert code == 4
    assert "terraform" in shown + errors


def test_a_part_of_a_configuration_is_refused_unless_forced(run: Run, folder: Path) -> None:
    system_terraform()
    code, _, errors = run(folder, "--target", "terraform_data.etl")
    assert code == 2
    assert "target" in errors
    code, shown, _ = run(folder, "--target", "terraform_data.etl", "--force-target")
    assert code == 1
    assert "tf-gate-bypassed" in shown


DATA = hashlib.sha256(b"the data").hexdigest()


@pytest.fixture(name="tagged")
def a_tagged_publisher_with_its_report(run: Run, tmp_path: Path) -> tuple[Path, Path]:
    """A plan whose publisher carries the digest of a report, and the report: of today, by the same policy."""
    policy = json.loads(run(PLANS / "plan.json", "--format", "json")[1])["policy"]
    made = report("anonymity", [table(DATA)]) | {"policy": policy}
    evidence = write(tmp_path / "evidence.json", made)
    plan = json.loads((PLANS.parents[1] / "rules/tf-dataset-ungated/fail/plan.json").read_text("utf-8"))
    after = {"tags": {"gatecli-evidence": digest(evidence)}, "source": "data.csv", "source_hash": DATA}
    plan["resource_changes"][0]["change"]["after"] = after
    return write(tmp_path / "plan.json", plan), evidence


def test_a_tag_counts_only_with_the_report_that_it_names(run: Run, tagged: tuple[Path, Path]) -> None:
    plan, evidence = tagged
    assert run(plan)[0] == 1
    assert run(plan, "--evidence", evidence)[0] == 0
    write(evidence, json.loads(evidence.read_text("utf-8")) | {"tool": {}})
    code, shown, _ = run(plan, "--evidence", evidence)
    assert code == 1
    assert "no report that was given has the digest in its tag" in " ".join(shown.split())


def test_a_file_that_is_beside_the_configuration_is_hashed(
    run: Run, tagged: tuple[Path, Path], tmp_path: Path
) -> None:
    """Without the configuration, the folder may be another one: then the stated digest counts."""
    plan, evidence = tagged
    (tmp_path / "data.csv").write_text("raw data")
    assert run(plan, "--evidence", evidence)[0] == 0
    (tmp_path / "main.tf").write_text("")
    code, shown, _ = run(plan, "--evidence", evidence)
    assert code == 1
    assert "its source is a file of other data than the report behind its tag" in " ".join(shown.split())
    (tmp_path / "data.csv").write_text("the data")
    assert run(plan, "--evidence", evidence)[0] == 0


def test_a_folder_of_reports_is_evidence_and_passes_over_what_is_none(
    run: Run, tagged: tuple[Path, Path], tmp_path: Path
) -> None:
    plan, evidence = tagged
    folder = tmp_path / "reports"
    folder.mkdir()
    write(folder / "other.json", {"no": "report"})
    assert run(plan, "--evidence", folder)[0] == 2
    evidence.rename(folder / "evidence.json")
    assert run(plan, "--evidence", folder)[0] == 0


@pytest.mark.parametrize(
    "broken",
    [
        {"verdict": "fail"},
        {"exit_code": 1},
        {"checked": []},
        {"checked": [{"kind": "table"}]},
        {"gate": "pii"},
    ],
    ids=str,
)
def test_what_did_not_pass_is_no_evidence(
    run: Run, tagged: tuple[Path, Path], broken: dict[str, object]
) -> None:
    plan, evidence = tagged
    write(evidence, json.loads(evidence.read_text("utf-8")) | broken)
    assert run(plan, "--evidence", evidence)[0] == 2


def test_a_gate_without_conditions_gates_nothing(run: Run, tmp_path: Path) -> None:
    passing = PLANS.parents[1] / "rules/tf-dataset-ungated/pass"
    plan = json.loads((passing / "plan.json").read_text("utf-8"))
    del plan["checks"]
    code, shown, _ = run(write(tmp_path / "plan.json", plan), "--policy", passing / "gatecli.yaml")
    assert code == 1
    assert "tf-dataset-ungated" in shown


CONTENT = (PLANS / "aws.json").read_bytes()


@settings(max_examples=share(60), deadline=None)
@given(cut=st.integers(0, len(CONTENT) - 2), tail=st.binary(max_size=8))
def test_a_truncated_plan_is_never_a_pass(
    tmp_path_factory: pytest.TempPathFactory, cut: int, tail: bytes
) -> None:
    file = tmp_path_factory.mktemp("plan") / "plan.json"
    file.write_bytes(CONTENT[:cut] + tail)
    assert main(["terraform", "check", str(file), "-q"]) in {1, 3, 4}


def test_standard_input_is_a_plan_too() -> None:
    program = shutil.which("gatecli", path=str(Path(sys.executable).parent))
    assert program
    content = (PLANS / "plan.json").read_bytes()
    done = subprocess.run([program, "terraform", "check", "-"], input=content, check=False)
    assert done.returncode == 0
