"""`gatecli check` with a cache: quicker, and in nothing else different."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from gatecli.checks.personal_data import PII_SCAN_INCOMPLETE
from gatecli.cli.app import main
from gatecli.cli.check import usual_cache
from gatecli.frontdoor.options import user_caches
from gatecli.gates import anonymity, caching, file_scan, pii, release, terraform
from gatecli.gates.release import Accounting
from tests.support.check_runs import check
from tests.support.evidence_files import digest, report, table, write

RULES = Path(__file__).parents[1] / "rules"
SSN = "536-22-1234"
DATA = hashlib.sha256(b"the data").hexdigest()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Something for every gate."""
    root = tmp_path / "project"
    shutil.copytree(RULES / "anon-k-below-threshold/fail", root / "model")
    shutil.copytree(RULES / "dp-understated-epsilon/fail", root / "release")
    shutil.copytree(RULES / "tf-dataset-ungated/fail", root / "plans")
    (root / "person.yaml").write_text(f"a: 1\nssn: {SSN}\n", "utf-8")
    (root / "clean.yaml").write_text("a: 1\n", "utf-8")
    (root / "image.bin").write_bytes(b"\0\1\2" * 100)
    return root


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def refuse(*_: object, **__: object) -> Any:
    raise AssertionError("this was computed before")


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be computed any more."""
    monkeypatch.setattr(pii, "scan_file", refuse)
    monkeypatch.setattr(anonymity, "_measure", refuse)
    monkeypatch.setattr(terraform, "_examine_plans", refuse)
    monkeypatch.setattr(release, "Accounting", lambda *given: Accounting(*(given or (refuse, refuse))))


@pytest.fixture
def warm(project: Path, cache: Path) -> tuple[int, str]:
    """The first run over the project."""
    return check(project, "--cache-dir", cache)


def test_the_first_run_says_what_one_without_a_cache_says(project: Path, warm: tuple[int, str]) -> None:
    assert warm == check(project)


def test_a_second_run_computes_nothing_and_says_the_same(
    project: Path, cache: Path, warm: tuple[int, str], idle: None
) -> None:
    assert warm[0] == 1
    assert check(project, "--cache-dir", cache) == warm


ORIGINALS = {
    "scan_file": file_scan.scan_file,
    "_measure": anonymity._measure,
    "_examine_plans": terraform._examine_plans,
}


@pytest.mark.usefixtures("warm", "idle")
def test_only_what_changed_is_computed(project: Path, cache: Path) -> None:
    (project / "clean.yaml").write_text("a: 2\n", "utf-8")
    assert check(project, "--cache-dir", cache)[0] == 70


@pytest.mark.usefixtures("warm")
def test_nothing_detected_is_in_the_cache(cache: Path) -> None:
    kept = b"".join(file.read_bytes() for file in cache.iterdir())
    assert b"pii-us-ssn" in kept
    assert SSN.encode() not in kept
    assert SSN.replace("-", "").encode() not in kept


@pytest.mark.usefixtures("warm")
def test_a_tampered_cache_turns_no_failure_into_a_pass(project: Path, cache: Path) -> None:
    expected = check(project)
    for file in cache.glob("*.shelf"):
        tag, _, content = file.read_bytes().partition(b"\n")
        hidden = dict.fromkeys(json.loads(content), True)
        file.write_bytes(tag + b"\n" + json.dumps(hidden).encode())
    assert check(project, "--cache-dir", cache) == expected


def test_what_ran_out_of_time_is_tried_again(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "person.yaml").write_text(f"ssn: {SSN}\n", "utf-8")
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: p}\n"
        "spec: {extends: default, pii: {timeBudget: 0s}}\n",
        "utf-8",
    )
    first = check(root, "--cache-dir", cache, "--policy", policy)
    assert first[0] == 4
    assert PII_SCAN_INCOMPLETE.id in first[1]
    looked: list[Path] = []

    def look(file: Path, search: Any) -> file_scan.FileScan:
        looked.append(file)
        return ORIGINALS["scan_file"](file, search)  # type: ignore[operator,no-any-return]  # a table of functions

    monkeypatch.setattr(pii, "scan_file", look)
    assert check(root, "--cache-dir", cache, "--policy", policy) == first
    assert looked == [root / "person.yaml"]


@pytest.mark.usefixtures("warm", "idle")
def test_another_version_of_the_tool_computes_anew(
    project: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caching, "tool_identity", lambda: "another")
    assert check(project, "--cache-dir", cache)[0] == 70


def test_the_tool_is_known_by_its_files_and_by_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = caching.tool_identity()
    assert caching.tool_identity() == before
    (tmp_path / "presidio_analyzer-9.dist-info").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert caching.tool_identity() != before


@pytest.mark.usefixtures("warm", "idle")
def test_no_cache_is_no_cache(project: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(file.name for file in cache.iterdir())
    assert check(project, "--cache-dir", cache, "--no-cache")[0] == 70
    assert sorted(file.name for file in cache.iterdir()) == before


def test_a_cache_among_what_is_checked_is_not_used(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GATECLI_NO_CACHE")
    main(["check", str(project), "--only", "terraform", "--cache-dir", str(project / ".cache")])
    assert "is not used: it is in the folder that is checked" in capsys.readouterr().err
    assert not (project / ".cache").exists()


def test_a_cache_that_cannot_be_written_is_said_and_costs_nothing_else(
    project: Path, cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.delenv("GATECLI_NO_CACHE")
    monkeypatch.setattr("gatecli.cache.store.Shelf.save", full)
    assert main(["check", str(project), "--only", "terraform", "--cache-dir", str(cache)]) == 1
    assert "the cache was not written: No space left on device" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"XDG_CACHE_HOME": "/caches"}, Path("/caches/gatecli")),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/home/a"}, Path("/home/a/.cache/gatecli")),
        ({"HOME": "/home/a", "CI": "false"}, Path("/home/a/.cache/gatecli")),
        ({"HOME": "/home/a", "CI": "true"}, None),
        ({"HOME": "/home/a", "TF_BUILD": "True"}, None),
    ],
)
def test_the_usual_place_is_the_platform_s_own_and_none_in_ci(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: Path | None
) -> None:
    for name in ("XDG_CACHE_HOME", "HOME", "CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", "linux")
    assert usual_cache() == expected


@pytest.mark.parametrize(
    ("system", "variables", "expected"),
    [("darwin", {}, "/home/a/Library/Caches"), ("win32", {"LOCALAPPDATA": "/local"}, "/local")],
)
def test_other_platforms_have_other_places(
    monkeypatch: pytest.MonkeyPatch, system: str, variables: dict[str, str], expected: str
) -> None:
    for name, value in {"HOME": "/home/a", "XDG_CACHE_HOME": "/caches", **variables}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", system)
    assert user_caches() == Path(expected)


def test_a_table_that_is_written_to_while_it_is_measured_is_not_kept(
    project: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (table,) = (project / "model").glob("*.csv")

    def measure(task: Any, run: Any) -> Any:
        measured = ORIGINALS["_measure"](task, run)  # type: ignore[operator]  # a table of functions
        table.write_text(table.read_text("utf-8") + "40,02139,cold\n", "utf-8")
        return measured

    with monkeypatch.context() as patched:
        patched.setattr(anonymity, "_measure", measure)
        assert check(project, "--cache-dir", cache, "--only", "anonymity")[0] == 1
    assert check(project, "--cache-dir", cache, "--only", "anonymity") == check(
        project, "--only", "anonymity"
    )


@pytest.mark.usefixtures("warm")
def test_the_configuration_beside_a_kept_plan_is_looked_at_anew(project: Path, cache: Path) -> None:
    for text in ("", "\n\n", "# a comment\n"):
        resource = 'resource "aws_s3_object" "published" {}\n'
        (project / "plans/main.tf").write_text(text + resource, "utf-8")
        kept = check(project, "--cache-dir", cache)
        assert kept == check(project)
        places = [(each["path"], each["line"]) for each in json.loads(kept[1])["findings"]]
        assert ((project / "plans/main.tf").as_posix(), text.count("\n") + 1) in places


def test_what_evidence_decides_is_not_kept(tmp_path: Path, cache: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    policy = json.loads(check(root)[1])["policy"]
    evidence = write(tmp_path / "evidence.json", report("anonymity", [table(DATA)]) | {"policy": policy})
    plan = json.loads((RULES / "tf-dataset-ungated/fail/plan.json").read_text("utf-8"))
    after = {"tags": {"gatecli-evidence": digest(evidence)}, "source": "data.csv", "source_hash": DATA}
    plan["resource_changes"][0]["change"]["after"] = after
    write(root / "plan.json", plan)
    codes = [
        check(root, "--only", "terraform", "--cache-dir", cache, *named)[0]
        for named in ((), ("--evidence", evidence), (), ("--evidence", evidence))
    ]
    assert codes == [1, 0, 1, 0]
