"""The comment's script as the action runs it: a process of its own, against a stub of GitHub's API."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from gatecli.reports import markdown
from gatecli.reports.interface import Style
from tests.support.actions import ROOT
from tests.support.github_api import LONGEST, GitHub, github_api
from tests.support.verdicts import CASES, many

SCRIPT = ROOT / "github_actions/gate/comment.py"
MARKER = "<!-- gatecli check -->"
REPORT = "<!-- gatecli -->\n## gatecli check: closed\n"
SOON = {"Retry-After": "0"}
Comment = Callable[..., str]


def event(full_name: str | None = "acme/model") -> dict[str, Any]:
    head = {"ref": "$(touch owned)", "repo": {"full_name": full_name} if full_name else None}
    return {"pull_request": {"number": 7, "head": head, "base": {"repo": {"full_name": "acme/model"}}}}


@pytest.fixture
def github() -> Iterator[GitHub]:
    with github_api() as stub:
        yield stub


@pytest.fixture
def comment(github: GitHub, tmp_path: Path) -> Comment:
    """Run the script; what it said."""

    def run(report: str = REPORT, on: dict[str, Any] | None = None, **variables: str) -> str:
        (tmp_path / "event.json").write_text(json.dumps(event() if on is None else on), "utf-8")
        (tmp_path / "report.md").write_text(report, "utf-8")
        environment = {
            "PATH": os.environ["PATH"],
            "GITHUB_API_URL": github.url,
            "GITHUB_REPOSITORY": "acme/model",
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_TOKEN": "loopback",
            "COMMENT_ID": "check",
            "REPORTS": str(tmp_path),
            **variables,
        }
        done = subprocess.run(
            [sys.executable, "-I", SCRIPT],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


def test_the_first_run_creates_one_comment_behind_a_hidden_marker(comment: Comment, github: GitHub) -> None:
    assert comment() == "comment created\n"
    assert [each["body"] for each in github.comments] == [f"{MARKER}\n{REPORT}"]


def test_the_same_report_is_not_written_again(comment: Comment, github: GitHub) -> None:
    comment()
    github.comments[0]["body"] = (
        github.comments[0]["body"].replace("\n", "\r\n").rstrip()
    )  # as forges keep it
    assert comment() == "comment unchanged\n"
    assert github.written == ["POST"]


def test_another_report_updates_the_same_comment(comment: Comment, github: GitHub) -> None:
    comment()
    assert comment(REPORT.replace("closed", "open")) == "comment updated\n"
    assert github.written == ["POST", "PATCH"]
    assert [each["body"] for each in github.comments] == [f"{MARKER}\n{REPORT.replace('closed', 'open')}"]


def test_it_finds_its_comment_on_a_later_page(comment: Comment, github: GitHub) -> None:
    for at in range(250):
        github.add(f"talk {at}", "User")
    own = github.add(f"{MARKER}\nold")
    assert comment() == "comment updated\n"
    assert own["body"].endswith(REPORT)
    assert [method for method, _ in github.asked] == ["GET", "GET", "GET", "PATCH"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (f"{MARKER}\nforged by a person", "User"),
        ("<!-- gatecli pii -->\nof another gate", "Bot"),
        (f"look:\n{MARKER}\nquoted by another bot", "Bot"),
    ],
)
def test_nobody_else_s_comment_is_touched(comment: Comment, github: GitHub, body: str, kind: str) -> None:
    other = github.add(body, kind)
    assert comment() == "comment created\n"
    assert other["body"] == body


def test_a_name_cannot_break_out_of_the_marker(comment: Comment, github: GitHub) -> None:
    comment(COMMENT_ID="x --> <b>\n@everyone")
    assert github.comments[0]["body"].splitlines()[0] == "<!-- gatecli x-b-everyone -->"


@pytest.mark.parametrize(
    "on", [event("stranger/model"), event(None), {"ref": "refs/heads/main"}], ids=["fork", "gone", "push"]
)
def test_a_fork_or_a_push_gets_no_comment_and_no_failure(
    comment: Comment, github: GitHub, on: dict[str, Any]
) -> None:
    assert comment(on=on).startswith("::notice title=gatecli::no comment")
    assert github.asked == []


@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_what_may_not_be_written_is_a_warning_and_is_not_tried_again(
    comment: Comment, github: GitHub, status: int
) -> None:
    github.failures = [(status, {}, False)] * 9
    assert comment().startswith(f"::warning title=gatecli::no comment ({status})")
    assert len(github.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 403])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_server_that_fails_once_is_asked_again(
    comment: Comment, github: GitHub, status: int, method: str
) -> None:
    github.failures, github.fails_on = [(status, SOON, False)], method
    assert comment() == "comment created\n"
    assert len(github.comments) == 1


def test_a_lost_answer_repeats_no_comment(comment: Comment, github: GitHub) -> None:
    github.failures, github.fails_on = [(502, SOON, True)], "POST"
    assert comment() == "comment unchanged\n"
    assert len(github.comments) == 1


def test_a_server_that_goes_on_failing_is_left_alone(comment: Comment, github: GitHub) -> None:
    github.failures = [(503, SOON, False)] * 9
    assert comment().startswith("::warning title=gatecli::no comment (503)")
    assert len(github.asked) == 3


def test_an_answer_that_is_none_is_a_warning(comment: Comment, github: GitHub) -> None:
    assert comment(GITHUB_REPOSITORY="acme/other").startswith("::warning title=gatecli::no comment (404)")


@pytest.mark.parametrize("unit", ["a", "数", "🔒", "e\u0301"])
def test_a_huge_report_is_cut_between_lines_within_the_limit(
    comment: Comment, github: GitHub, unit: str
) -> None:
    report = REPORT + "".join(f"| {at} | {unit * 500} |\n" for at in range(1_000))
    assert comment(report) == "comment created\n"
    body = github.comments[0]["body"]
    assert LONGEST - 3_000 < len(body.encode()) <= LONGEST
    *rows, blank, cut = body.rstrip("\n").split("\n")
    assert (blank, cut) == ("", "More did not fit here, none of it worse; the job summary has it.")
    assert set(rows[1:]) <= set(report.splitlines())


def test_a_report_of_ten_thousand_findings_becomes_a_comment(comment: Comment, github: GitHub) -> None:
    comment(markdown.render(many(10_000), Style()))
    assert comment(markdown.render(many(10_000), Style())) == "comment unchanged\n"
    assert "| error |" in github.comments[0]["body"]


def test_a_stranger_s_text_reaches_the_comment_as_text(comment: Comment, github: GitHub) -> None:
    report = markdown.render(CASES["hostile"](), Style())
    comment(report)
    assert github.comments[0]["body"] == f"{MARKER}\n{report}"


def test_the_pauses_grow_and_a_server_s_wish_is_bounded() -> None:
    pause = runpy.run_path(str(SCRIPT))["pause"]
    wishes = Message()
    wishes["Retry-After"] = "86400"
    refused, lost = HTTPError("", 503, "", wishes, None), ConnectionResetError()
    assert [pause(lost, attempt) for attempt in range(3)] == [1.0, 2.0, None]
    assert pause(refused, 0) == 30.0
    assert pause(ValueError(), 0) is None
    refused.close()
