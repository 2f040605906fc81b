"""`gatecli pii` as a whole process."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gatecli.reports.registry import ReportFormat
from tests.cli.conftest import Run

# Valid by construction and of nobody: an unassigned serial in a published division.
RESIDENT_ID = "440308199901101512"
SSN = "536-90-4399"

POD = f"""\
apiVersion: v1
kind: Pod
metadata: {{name: etl}}
spec:
  containers:
    - name: main
      image: registry.example/etl:1.2.3
      env:
        - name: MODE
          value: batch
        - name: REGION
          value: cn-north-1
        - name: CUSTOMER_ID
          value: "{RESIDENT_ID}"
"""
FORMATS = tuple(ReportFormat)


def scanned(run: Run, *arguments: str | Path, stdin: str = "") -> tuple[int, list[dict[str, Any]]]:
    done = run("pii", "scan", *arguments, "--format", "json", stdin=stdin)
    return done.returncode, json.loads(done.stdout)["findings"]


def test_a_resident_id_in_a_manifest_closes_the_gate_where_it_stands(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(POD)
    done = run("pii", "scan", ".")
    assert done.returncode == 1
    text = " ".join(done.stdout.split())
    assert text.startswith(
        "pod.yaml:14:19 error pii-cn-resident-id /spec/containers/0/env/2/value holds a Chinese"
    )
    assert "(checksum, region and birth date valid): ****************12" in text
    assert "valueFrom.secretKeyRef" in text


def test_stdin_gives_the_same_finding_as_the_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(POD)
    (_, (from_file,)), (_, (from_stdin,)) = scanned(run, "pod.yaml"), scanned(run, "-", stdin=POD)
    assert from_file["fingerprint"] == from_stdin["fingerprint"]
    assert from_file["pointer"] == from_stdin["pointer"]


def test_a_fingerprint_survives_edits_elsewhere_and_not_another_value(run: Run) -> None:
    moved = "# a comment\n" + POD
    changed = POD.replace(RESIDENT_ID, "440308199901101539")
    prints = [scanned(run, "-", stdin=text)[1] for text in (POD, moved, changed)]
    first, second, third = ([finding["fingerprint"] for finding in each] for each in prints)
    assert first == second
    assert first != third


def test_with_a_key_a_fingerprint_follows_the_value(run: Run, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("0123456789abcdef0123456789abcdef")
    spaced = f'note: "{RESIDENT_ID[:6]} {RESIDENT_ID[6:14]} {RESIDENT_ID[14:]}"\n'
    (_, (one,)) = scanned(run, "-", "--fingerprint-key", "key", stdin=POD)
    (_, (other,)) = scanned(run, "-", "--fingerprint-key", "key", stdin=spaced)
    assert one["fingerprint"] == other["fingerprint"]


@pytest.mark.parametrize(
    "text",
    [
        f"id: '{RESIDENT_ID}'",
        f"id: {RESIDENT_ID}",
        f"data: {base64.b64encode(RESIDENT_ID.encode()).decode()}",
        f"data: {base64.b64encode(base64.b64encode(RESIDENT_ID.encode())).decode()}",
        "id: " + RESIDENT_ID.translate({ord(str(d)): chr(0xFF10 + d) for d in range(10)}),
        "id: '" + "\u200b".join(RESIDENT_ID) + "'",
        f'id: "\\u0034{RESIDENT_ID[1:]}"',
        f'json: \'{{"user": {{"id": "{RESIDENT_ID}"}}}}\'',
        f"url: https://example.net/?id={'%34' + RESIDENT_ID[1:]}",
        f"id: {RESIDENT_ID[:6]}-{RESIDENT_ID[6:14]}-{RESIDENT_ID[14:]}",
        f"{RESIDENT_ID}: as a key",
        f"# a comment {RESIDENT_ID}\na: 1",
    ],
)
def test_no_disguise_hides_a_resident_id(run: Run, text: str) -> None:
    code, findings = scanned(run, "-", stdin=f"a: b\n{text}\n")
    assert (code, {finding["rule"] for finding in findings}) == (1, {"pii-cn-resident-id"})


def test_a_clean_folder_opens_the_gate(run: Run, tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("replicas: 3\nimage: nginx:1.27.0\n")
    done = run("pii", "scan", ".")
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_to_scan_is_no_pass(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert run("pii", "scan", "empty").returncode == 3


def test_a_binary_is_skipped_and_said_so_and_is_no_pass(run: Run, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(bytes(range(256)) * 10)
    done = run("pii", "scan", ".")
    assert done.returncode == 3
    assert "model.bin was not searched: binary" in done.stdout


def test_a_missing_file_is_never_a_pass(run: Run) -> None:
    assert run("pii", "scan", "nowhere.yaml").returncode == 4


def test_an_inline_allowance_forgives_its_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gatecli.yaml").write_text(LONG_ALLOWANCES)
    text = f"ssn: {SSN}  # gatecli: allow pii-us-ssn -- a test account until 2099-01-31\n"
    code, (finding,) = scanned(run, "-", stdin=text)
    assert code == 0
    assert finding["suppressed"]


def test_an_inline_allowance_without_a_reason_forgives_nothing(run: Run) -> None:
    code, findings = scanned(run, "-", stdin=f"ssn: {SSN}  # gatecli: allow pii-us-ssn\n")
    assert code == 1
    assert {finding["rule"] for finding in findings} == {"pii-us-ssn", "pii-allow-invalid"}


def test_a_waiver_forgives_by_subject(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gatecli.yaml").write_text(
        "apiVersion: gatecli.dev/v1\nkind: PrivacyWaiver\nmetadata: {name: w}\nspec:\n"
        "  {rule: pii-cn-resident-id, subject: Pod/etl, reason: r, owner: o, expires: "
        f"{datetime.now(UTC).date() + timedelta(days=30)}}}\n"
    )
    (tmp_path / "pod.yaml").write_text(POD)
    code, (finding,) = scanned(run, "pod.yaml")
    assert code == 0
    assert finding["suppressed"]


def test_the_policy_decides_what_an_entity_means(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gatecli.yaml").write_text(
        "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: p}\n"
        "spec: {extends: default, pii: {entities: {CN_RESIDENT_ID: audit}}}\n"
    )
    (tmp_path / "pod.yaml").write_text(POD)
    code, (finding,) = scanned(run, "pod.yaml")
    assert (code, finding["severity"]) == (0, "note")


def test_an_entity_that_there_is_not_is_a_configuration_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gatecli.yaml").write_text(
        "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: p}\n"
        "spec: {extends: default, pii: {entities: {CN_RESIDENT: deny}}}\n"
    )
    (tmp_path / "pod.yaml").write_text(POD)
    done = run("pii", "scan", "pod.yaml")
    assert (done.returncode, done.stdout) == (2, "")


def test_a_spent_budget_is_never_a_pass(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gatecli.yaml").write_text(
        "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: p}\n"
        "spec: {extends: default, pii: {timeBudget: 0s}}\n"
    )
    (tmp_path / "digits.txt").write_text("1234567890 " * 100_000)
    done = run("pii", "scan", "digits.txt")
    assert done.returncode == 4
    assert "pii-scan-incomplete" in done.stdout


def test_only_what_a_branch_changed_is_scanned(run: Run, tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "old.yaml").write_text(POD)
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "old")
    (tmp_path / "new.yaml").write_text("a: 1\n")
    assert run("pii", "scan", ".", "--changed-since", "HEAD").returncode == 0
    assert run("pii", "scan", ".").returncode == 1


@pytest.mark.parametrize("format_", FORMATS)
def test_no_value_is_ever_shown(run: Run, tmp_path: Path, format_: str) -> None:
    canaries = [RESIDENT_ID, SSN, SSN.replace("-", ""), "carol.sparrow@corporation.io"]
    (tmp_path / "pod.yaml").write_text(POD)
    (tmp_path / "note.txt").write_text(f"ssn: {SSN}, mail {canaries[3]}\n")
    done = run(
        "pii", "scan", ".", "--format", format_, "-vv", "--report", f"{format_}=report", TMPDIR=str(tmp_path)
    )
    assert done.returncode == 1
    written = (tmp_path / "report").read_text() + done.stdout + done.stderr
    assert [canary for canary in canaries if canary in written] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["note.txt", "pod.yaml", "report"]


def test_a_redacted_copy_is_clean_and_otherwise_the_same(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(POD)
    assert run("pii", "redact", "pod.yaml", "--output", "copy.yaml").returncode == 0
    copy = (tmp_path / "copy.yaml").read_text()
    assert copy == POD.replace(RESIDENT_ID, "*" * 16 + "12")
    assert run("pii", "scan", "copy.yaml").returncode == 0


def test_explain_shows_what_led_to_a_score_and_no_value(run: Run) -> None:
    done = run("pii", "explain", "--context", "ssn", stdin=SSN)
    assert "pii-us-ssn" in done.stdout
    assert "score" in done.stdout
    assert SSN not in done.stdout


LONG_ALLOWANCES = """\
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: p}
spec: {extends: default, release: {maxWaiverDays: 400000}}
"""
CUSTOM = """\
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: p}
spec:
  extends: default
  release: {maxWaiverDays: 400000}
  severities: {pii-employee-number: warning}
  pii:
    custom:
      - id: EMPLOYEE_NUMBER
        label: employee number
        pattern: "PATTERN"
        context: [staff]
        contextRequired: true
"""


def test_an_entity_of_the_policy_s_own_is_found_in_its_context(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gatecli.yaml").write_text(CUSTOM.replace("PATTERN", "E[0-9]{6}"))
    code, (finding,) = scanned(run, "-", stdin="staff: E123456\nbuild: E654321\n")
    assert (code, finding["rule"], finding["line"]) == (0, "pii-employee-number", 1)


def test_an_entity_of_the_policy_s_own_can_be_allowed_in_its_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gatecli.yaml").write_text(CUSTOM.replace("PATTERN", "E[0-9]{6}"))
    allow = "gatecli: allow pii-employee-number -- a sample until 2999-01-31"
    code, (finding,) = scanned(run, "-", stdin=f"staff: E123456  # {allow}\n")
    assert (code, finding["rule"], finding["suppressed"]["by"]) == (0, "pii-employee-number", "inline")


def test_an_entity_of_the_policy_s_own_is_explained(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gatecli.yaml").write_text(CUSTOM.replace("PATTERN", "E[0-9]{6}"))
    done = run("explain", "pii-employee-number")
    assert (done.returncode, "E[0-9]{6}" in done.stdout) == (0, True)
    assert done.stdout.startswith("pii-employee-number · warning\n")


@pytest.mark.parametrize("pattern", ["(a)\\\\1", "a(?=b)", "a*", "("])
def test_a_pattern_that_is_not_linear_or_no_pattern_is_refused(
    run: Run, tmp_path: Path, pattern: str
) -> None:
    (tmp_path / "gatecli.yaml").write_text(CUSTOM.replace("PATTERN", pattern))
    done = run("pii", "scan", "-", stdin="a: b\n")
    assert (done.returncode, done.stdout) == (2, "")


def test_names_are_found_by_a_model_of_the_user_s_own_and_only_warned_about(run: Run, tmp_path: Path) -> None:
    build = (
        "import spacy\nlanguage = spacy.blank('en')\nruler = language.add_pipe('entity_ruler')\n"
        "ruler.add_patterns([{'label': 'PERSON', 'pattern': 'Jane Roe'}])\nlanguage.to_disk('model')\n"
    )
    subprocess.run([sys.executable, "-c", build], cwd=tmp_path, check=True, timeout=120)
    code, (finding,) = scanned(run, "-", "--names", "model", stdin="owner: Jane Roe\n")
    assert (code, finding["rule"], finding["severity"]) == (0, "pii-person-name", "warning")
    assert "Jane" not in str(finding)


def test_a_model_that_is_not_there_names_the_extra(run: Run) -> None:
    done = run("pii", "scan", "-", "--names", "xx_none", stdin="a: 1\n")
    assert done.returncode == 2
    assert "gatecli[names]" in done.stderr


def test_a_clean_scan_imports_neither_presidio_nor_spacy(run: Run, tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("replicas: 3\nimage: nginx@sha256:" + "a1" * 32 + "\n")
    script = (
        "import sys\nfrom gatecli.cli.app import main\ncode = main(['pii', 'scan', '.'])\n"
        "heavy = {'presidio_analyzer', 'spacy', 'numpy', 'phonenumbers', 'stdnum'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
