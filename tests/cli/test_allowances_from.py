"""Inline allowances under `--policy-from`: those of the target hold, at the same value, wherever it moved."""

from __future__ import annotations

import base64
import json
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.changes import ALLOW, OTHER, POLICY, SSN, Change, change, policy
from tests.support.check_runs import check
from tests.support.repositories import git, repository, write

LINE = f"ssn: {SSN}  {ALLOW}\n"
LONG = "".join(f"k{number}: v{number}\n" for number in range(20))


@pytest.fixture
def here(tmp_path: Path) -> Change:
    return change(tmp_path / "repository", {"gatecli.yaml": POLICY, "a.yaml": LONG + LINE})


def test_one_of_the_target_holds_wherever_its_line_moved(here: Change) -> None:
    here.write({"a.yaml": "new: 1\n" + LONG.replace("k3: v3\n", "") + "more: 2\n  " + LINE.strip() + "  \n"})
    assert (here.judge().code, here.judge().law) == (0, [])


def test_it_moves_with_a_renamed_file(here: Change) -> None:
    (here.root / "deep").mkdir()
    git(here.root, "mv", "a.yaml", "deep/b.yaml")
    here.write({"deep/b.yaml": "new: 1\n" + LONG + LINE})
    assert (here.judge().code, here.judge().law) == (0, [])


def test_a_copy_of_the_file_is_not_forgiven(here: Change) -> None:
    here.write({"copy.yaml": LONG + LINE})
    verdict = here.judge()
    assert (verdict.code, verdict.law, verdict.counted) == (1, ["allowance-added"], ["copy.yaml"])


def test_a_copy_of_the_line_is_not_forgiven(here: Change) -> None:
    here.write({"a.yaml": LONG + LINE + f"again:\n  {LINE}"})
    verdict = here.judge()
    assert (verdict.code, verdict.law, verdict.counted) == (1, ["allowance-added"], ["a.yaml"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (SSN, OTHER),
        ("2099-03-31", "2099-06-30"),
        ("team-a", "me"),
        (" by team-a", ""),
        ("made-up", "mad"),
        (LINE, f"ssn: {SSN} x {OTHER}  {ALLOW}\n"),
    ],
)
def test_what_it_says_and_what_it_forgives_must_be_the_same(old: str, new: str, here: Change) -> None:
    here.write({"a.yaml": LONG + LINE.replace(old, new)})
    verdict = here.judge()
    assert (verdict.code, verdict.law) == (1, ["allowance-added"])
    assert set(verdict.counted) == {"a.yaml"}


def test_one_that_the_change_brings_forgives_nothing_and_is_told(here: Change) -> None:
    here.write({"b.yaml": f"ssn: {OTHER}  {ALLOW}\n"})
    assert here.judge_as_it_stands().code == 0
    verdict = here.judge()
    assert (verdict.code, verdict.law, verdict.counted) == (1, ["allowance-added"], ["b.yaml"])
    (finding,) = verdict.of("allowance-added")
    assert "by team-a until 2099-03-31 does not stand at this value in main" in finding["message"]
    assert (finding["line"], finding["severity"]) == (1, "warning")
    assert verdict.of("pii-allow-unused") == []


def test_a_comment_alone_speaks_of_the_same_line(tmp_path: Path) -> None:
    here = change(tmp_path / "r", {"gatecli.yaml": POLICY, "a.yaml": f"{ALLOW}\nssn: {SSN}\nx: 1\n"})
    here.write({"a.yaml": f"new: 1\n{ALLOW}\nssn: {SSN}\n"})
    assert (here.judge().code, here.judge().law) == (0, [])
    here.write({"a.yaml": f"{ALLOW}\nssn: {OTHER}\n"})
    assert (here.judge().code, here.judge().law) == (1, ["allowance-added"])


def wrapped(number: str) -> str:
    """A text whose first line of base64 is always the same."""
    text = base64.encodebytes(
        f"{'padding of a first line that is long enough to fill it ' * 2} ssn {number}".encode()
    )
    return "blob: |\n" + "".join(f"  {line}\n" for line in text.decode().splitlines())


def test_a_value_that_goes_on_below_the_line_counts_whole(tmp_path: Path) -> None:
    def text(number: str) -> str:
        return wrapped(number).replace("blob: |\n", f"{ALLOW}\n")

    here = change(tmp_path / "r", {"gatecli.yaml": POLICY, "a.txt": text(SSN)})
    here.write({"a.txt": "new\n" + text(SSN)})
    assert (here.judge().code, here.judge().law) == (0, [])
    here.write({"a.txt": text(OTHER)})
    assert here.judge_as_it_stands().code == 0
    assert (here.judge().code, here.judge().law) == (1, ["allowance-added"])


def packed(text: str) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.yaml", (2026, 1, 1, 0, 0, 0)), text)
    return content.getvalue()


def test_in_an_archive_it_holds_while_the_archive_is_the_same(tmp_path: Path) -> None:
    root = repository(tmp_path / "r", {"gatecli.yaml": POLICY})
    (root / "a.zip").write_bytes(packed(LINE))
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "archive")
    git(root, "checkout", "-q", "-b", "change")
    here = Change(root)
    assert (here.judge().code, here.judge().law) == (0, [])
    (root / "a.zip").write_bytes(packed("new: 1\n" + LINE))
    here.commit()
    assert here.judge_as_it_stands().code == 0
    assert (here.judge().code, here.judge().law) == (1, ["allowance-added"])


@pytest.mark.parametrize("attribute", ["text eol=crlf", "working-tree-encoding=UTF-16"])
def test_how_the_working_tree_writes_a_file_does_not_count(attribute: str, here: Change) -> None:
    write(here.root, {".gitattributes": f"a.yaml {attribute}\n"})
    git(here.root, "add", ".gitattributes")
    (here.root / "a.yaml").unlink()
    git(here.root, "checkout", "-q", "--", "a.yaml")
    assert (here.root / "a.yaml").read_bytes() != (LONG + LINE).encode()
    assert (here.judge().code, here.judge().law) == (0, [])


def test_what_is_not_committed_yet_is_a_change_too(here: Change) -> None:
    write(here.root, {"b.yaml": f"ssn: {OTHER}  {ALLOW}\n"})
    assert (here.judge().code, here.judge().law) == (1, ["allowance-added"])


def test_a_cache_keeps_no_grant(here: Change, tmp_path: Path) -> None:
    cached: list[str | Path] = ["--cache-dir", tmp_path / "cache"]
    assert here.judge_as_it_stands(*cached).code == 0
    here.write({"b.yaml": f"ssn: {OTHER}  {ALLOW}\n"})
    for _ in range(2):
        assert here.judge_as_it_stands(*cached).code == 0
        assert here.judge(*cached).report == here.judge().report


def test_a_stream_is_in_no_revision(here: Change, run: Run) -> None:
    names = ("pii", "scan", here.root / "a.yaml", "-", "--policy-from", "main", "--format", "json")
    done = run(*names, stdin=LINE)
    findings = json.loads(done.stdout)["findings"]
    told = [each["rule"] for each in findings if each["path"] == "-"]
    assert (done.returncode, told) == (1, ["pii-us-ssn", "allowance-added"])


def test_an_allowance_lasts_no_longer_than_a_waiver_may(here: Change) -> None:
    here.write({"gatecli.yaml": POLICY.replace("36500", "366"), "b.yaml": f"ssn: {OTHER}  {ALLOW}\n"})
    verdict = here.judge_as_it_stands()
    finding, _ = verdict.of("pii-allow-too-long")
    assert (verdict.code, finding["severity"]) == (1, "error")
    assert "more than the 366 days that the policy permits" in finding["message"]


def test_the_policy_may_ask_for_an_owner(tmp_path: Path) -> None:
    owned, ownerless = LINE, LINE.replace(" by team-a", "")
    law = policy("pii: {requireAllowanceOwner: true}")
    root = repository(tmp_path / "r", {"gatecli.yaml": law, "a.yaml": owned, "b.yaml": ownerless})
    code, text = check(root)
    report = json.loads(text)
    (finding,) = (each for each in report["findings"] if each["rule"] == "pii-allow-invalid")
    assert code == 1
    assert "names no owner, which the policy asks for" in finding["message"]
    assert [each["owner"] for each in report["forgiven"]] == ["team-a"]


def test_the_owner_that_the_target_asks_for_is_asked_for(tmp_path: Path) -> None:
    law = policy("pii: {requireAllowanceOwner: true}")
    here = change(tmp_path / "r", {"gatecli.yaml": law, "a.yaml": LINE.replace(" by team-a", "")})
    here.write({"gatecli.yaml": POLICY})
    assert here.judge_as_it_stands().code == 0
    verdict = here.judge()
    assert (verdict.code, verdict.law) == (1, ["policy-changed"])
    assert len(verdict.of("pii-allow-invalid")) == 1
