"""The action judges a pull request by the law of its target branch."""

from __future__ import annotations

import base64
import os
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from tests.actions.test_gate import pull_request
from tests.support.actions import ROOT, act
from tests.support.changes import OTHER, POLICY, Change, change, policy
from tests.support.repositories import git, repository

TARGET = ROOT / "github_actions/gate/target.sh"
SOFT = policy("severities: {pii-us-ssn: note}")
TOKEN = "ghs_secret"  # noqa: S105 - no token of anybody


@pytest.fixture
def here(tmp_path: Path) -> Change:
    made = change(tmp_path / "repository", {"gatecli.yaml": POLICY, "a.yaml": "a: 1\n"})
    made.write({"gatecli.yaml": SOFT, "b.yaml": f"ssn: {OTHER}\n"})
    return made


def event(base: str) -> dict[str, Any]:
    told = pull_request()
    told["pull_request"]["base"]["sha"] = base
    return told


def base_of(here: Change) -> str:
    return git(here.root, "rev-parse", "main").strip()


def test_a_pull_request_does_not_write_its_own_law(here: Change) -> None:
    ran = act(here.root, {}, event(base_of(here)))
    assert (ran.code != 0, ran.saw[0], ran.saw[2]) == (True, "fail", "1"), ran.log
    assert "title=policy-changed" in ran.log
    assert f"policy acme of {base_of(here)[:12]}" in ran.log


def test_it_may_be_switched_off(here: Change) -> None:
    ran = act(here.root, {"policy-from": "none"}, event(base_of(here)))
    assert (ran.code, ran.saw[0]) == (0, "pass"), ran.log
    assert "policy-changed" not in ran.log


def test_another_revision_may_be_named(here: Change) -> None:
    ran = act(here.root, {"policy-from": "main"})
    assert (ran.code != 0, ran.saw[0]) == (True, "fail"), ran.log
    assert "policy acme of main" in ran.log


def test_a_push_is_judged_by_what_it_brings(here: Change) -> None:
    ran = act(here.root, {})
    assert (ran.code, ran.saw[0]) == (0, "pass"), ran.log


def test_a_target_that_cannot_be_had_is_no_pass(here: Change) -> None:
    git(here.root, "config", "url./nowhere/.insteadOf", "https://github.com/")
    ran = act(here.root, {}, event("0123456789" * 4))
    assert ran.code != 0
    assert "give actions/checkout fetch-depth 0, or policy-from none" in ran.log


def find_target(
    place: Path, *, asked: str = "", target: str = "", path: str = ".", server: str = ""
) -> tuple[int, str, str]:
    """The exit code, the revision and what was printed, of the step that finds the revision."""
    output = place.parent / "output"
    output.write_text("")
    variables = {
        "INPUT_POLICY_FROM": asked,
        "INPUT_PATH": path,
        "TARGET": target,
        "FETCH_TOKEN": TOKEN,
        "GITHUB_OUTPUT": str(output),
        "PATH": os.environ["PATH"],
        "HOME": str(place.parent),
        **({"GITHUB_SERVER_URL": server} if server else {}),
    }
    command = ["bash", str(TARGET)]
    done = subprocess.run(command, cwd=place, env=variables, capture_output=True, text=True, check=False)
    assert TOKEN not in done.stdout + done.stderr
    revision = output.read_text().removeprefix("revision=").strip()
    return done.returncode, revision, done.stdout + done.stderr


def shallow_clone(here: Change) -> Path:
    """What actions/checkout leaves: one commit, and no token."""
    clone = here.root.parent / "clone"
    git(here.root, "config", "uploadpack.allowAnySHA1InWant", "true")
    url = here.root.resolve().as_uri()
    git(here.root.parent, "clone", "-q", "--depth=1", "-b", "change", url, str(clone))
    return clone


@pytest.mark.parametrize("path", [".", "b.yaml", "absent\nother"])
def test_a_commit_that_was_not_checked_out_is_fetched_alone(path: str, here: Change) -> None:
    clone, base = shallow_clone(here), base_of(here)
    assert find_target(clone, target=base, path=path)[:2] == (0, base)
    assert git(clone, "rev-list", "--count", base).strip() == "1"
    verdict = Change(clone).judge(revision=base)
    assert (verdict.code, verdict.law, verdict.counted) == (1, ["policy-changed"], ["b.yaml"])


def test_a_branch_that_is_named_is_fetched_and_known_by_its_commit(here: Change) -> None:
    assert find_target(shallow_clone(here), asked="main")[:2] == (0, base_of(here))


def test_a_submodule_is_judged_by_the_target_of_what_holds_it(here: Change) -> None:
    repository(here.root / "inner", {"a.yaml": "a: 1\n"})
    git(here.root, "add", "inner")
    git(here.root, "commit", "-q", "-m", "inner")
    assert find_target(here.root, target=base_of(here), path="inner")[:2] == (0, base_of(here))


def test_what_is_there_is_not_fetched(here: Change) -> None:
    git(here.root, "remote", "add", "origin", "/nowhere")
    assert find_target(here.root, target=base_of(here))[:2] == (0, base_of(here))


@pytest.mark.parametrize(("asked", "target"), [("none", "0" * 40), ("", "")])
def test_without_a_target_what_is_checked_out_holds(asked: str, target: str, here: Change) -> None:
    assert find_target(here.root, asked=asked, target=target)[:2] == (0, "")


def test_without_a_checkout_the_target_is_left_out_and_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    code, revision, told = find_target(tmp_path / "bare", target="0" * 40)
    assert (code, revision) == (0, "")
    assert "nothing is checked out" in told
    assert find_target(tmp_path / "bare", asked="main")[:2] == (0, "main")


@pytest.mark.parametrize("asked", ["--upload-pack=touch owned", "+main:main", "a b", "a\nb", "-x"])
def test_what_is_no_name_of_a_revision_is_refused(asked: str, here: Change) -> None:
    code, revision, _ = find_target(here.root, asked=asked)
    assert (code, revision) == (2, "")
    assert not list(here.root.parent.rglob("owned"))


class Forge(BaseHTTPRequestHandler):
    """Knows no repository, and keeps what it was sent."""

    sent: ClassVar[list[list[str]]] = []

    def do_GET(self) -> None:
        self.sent.append(self.headers.get_all("Authorization") or [])
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Nothing is said."""


@pytest.mark.parametrize("kept", [False, True], ids=["not kept", "kept"])
def test_a_token_is_sent_once_whether_the_checkout_kept_it_or_not(*, kept: bool, here: Change) -> None:
    Forge.sent.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Forge) as forge:
        Thread(target=forge.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{forge.server_port}"
        git(here.root, "remote", "add", "origin", f"{url}/acme/model")
        if kept:
            git(here.root, "config", f"http.{url}/.extraheader", "AUTHORIZATION: basic kept")
        code, _, told = find_target(here.root, target="0123456789" * 4, server=url)
        forge.shutdown()
    encoded = "kept" if kept else base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    assert (code, Forge.sent[0]) == (2, [f"basic {encoded}"])
    assert encoded not in told
