"""`gatecli-admission` in process: streams and exit codes."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from admission.cli import COMMANDS, main
from tests.support.reviews import (
    CONTROLLER,
    RESIDENT_ID,
    made_from,
    manifest,
    owner_of,
    patch_in,
    review_of,
)

POLICY = """\
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {{name: p}}
spec: {{extends: default, {rest}}}
"""


@pytest.fixture(name="folder")
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, obj: dict[str, Any]) -> str:
    file = folder / "review.json"
    file.write_text(json.dumps(review_of(obj)))
    return str(file)


def test_a_clean_object_is_allowed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", write(folder, manifest("Job", "batch"))]) == 0
    assert json.loads(capsys.readouterr().out)["response"]["allowed"] is True


def test_a_refusal_is_exit_code_1_and_shows_no_value(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["review", write(folder, manifest("Job"))]) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out)["response"]["status"]["code"] == 403
    assert RESIDENT_ID not in shown.out + shown.err


def test_a_review_is_read_from_stdin(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = json.dumps(review_of(manifest("Job"))).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(body)))
    assert main(["review", "-"]) == 1


def test_a_controller_s_object_is_said_to_hang_on_its_owner(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    review = review_of(made_from(owner_of("ReplicaSet"), "Pod"), userInfo={"username": CONTROLLER})
    (folder / "review.json").write_text(json.dumps(review))
    assert main(["review", "review.json"]) == 1
    assert "would read the ReplicaSet that owns this object" in capsys.readouterr().err


@pytest.mark.parametrize("body", ["", "{", "[]", '{"kind": "AdmissionReview"}'])
def test_what_is_no_review_is_exit_code_4_without_an_answer(
    folder: Path, body: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "review.json").write_text(body)
    assert main(["review", "review.json"]) == 4
    assert capsys.readouterr().out == ""


def test_a_missing_file_is_exit_code_4(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", "nowhere.json"]) == 4
    assert "nowhere.json" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["review"], ["reviews"], ["review", "a", "--phase", "x"]])
def test_a_wrong_call_is_exit_code_2(
    folder: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2


def test_a_policy_that_cannot_be_used_is_exit_code_2(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "gatecli.yaml").write_text(POLICY.format(rest="admission: {mode: off}"))
    assert main(["review", write(folder, manifest("Job"))]) == 2
    assert "mode" in capsys.readouterr().err


def test_a_search_without_time_is_exit_code_4_and_a_refusal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "gatecli.yaml").write_text(POLICY.format(rest="pii: {timeBudget: 0s}"))
    assert main(["review", write(folder, manifest("Job", "1234567890 " * 100_000))]) == 4
    answer = json.loads(capsys.readouterr().out)["response"]
    assert (answer["allowed"], answer["auditAnnotations"]["reason"]) == (False, "incomplete")


def test_the_nearest_policy_judges_as_on_the_command_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "gatecli.yaml").write_text(POLICY.format(rest="pii: {entities: {CN_RESIDENT_ID: warn}}"))
    assert main(["review", write(folder, manifest("Job"))]) == 0
    assert json.loads(capsys.readouterr().out)["response"]["warnings"]


def test_waivers_are_taken_from_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "waivers.yaml").write_text(
        "apiVersion: gatecli.dev/v1\nkind: PrivacyWaiver\nmetadata: {name: w}\n"
        "spec: {rule: pii-cn-resident-id, subject: Job/etl, reason: r, owner: o, expires: 2999-01-01}\n"
    )
    (folder / "gatecli.yaml").write_text(POLICY.format(rest="release: {maxWaiverDays: 999999}"))
    assert main(["review", write(folder, manifest("Job")), "--waivers", "waivers.yaml"]) == 0


def test_the_mutating_webhook_s_answer_has_a_patch(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "gatecli.yaml").write_text(POLICY.format(rest="admission: {mode: mask}"))
    assert main(["review", write(folder, manifest("Job")), "--phase", "mutating"]) == 0
    assert RESIDENT_ID not in str(patch_in(json.loads(capsys.readouterr().out)))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("arguments", [["--help"], ["run"], ["manifests", "--help"]])
def test_without_the_extra_it_says_what_to_install(arguments: list[str]) -> None:
    program = (
        "import sys; sys.modules['aiohttp'] = None; from admission.cli import main; "
        "sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "aiohttp, which is not installed" in done.stderr
    assert "gatecli[admission]" in done.stderr
