"""Declarations are read whole, or refused in sentences that say where and how to mend them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gatecli.model.finding import Finding, Severity
from gatecli.sources.declaration import Declared, read_declarations, read_declared
from gatecli.sources.documents import parse_documents
from gatecli.sources.interface import Loaded
from tests.support.declarations import GOOD, write


def read(folder: Path, text: str, name: str = "privacy.yaml") -> Loaded[Declared]:
    return read_declarations(write(folder, text, name))


def finding(folder: Path, text: str, name: str = "privacy.yaml") -> Finding:
    loaded = read(folder, text, name)
    assert loaded.values == ()
    (only,) = loaded.findings
    return only


def test_a_good_declaration_is_read(tmp_path: Path) -> None:
    loaded = read(tmp_path, GOOD)
    ((release, document),) = loaded.values
    assert loaded.findings == ()
    assert release.subject == "good 1.0"
    assert document.place("/spec/privacy/epsilon").line == 9


def test_several_releases_stand_in_one_file(tmp_path: Path) -> None:
    loaded = read(tmp_path, f"{GOOD}---\n{GOOD.replace('good', 'other')}")
    assert [release.metadata.name for release, _ in loaded.values] == ["good", "other"]
    assert [document.index for _, document in loaded.values] == [0, 1]


def test_documents_of_other_kinds_are_passed_over(tmp_path: Path) -> None:
    others = "apiVersion: v1\nkind: ConfigMap\n---\napiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\n---\n"
    assert len(read(tmp_path, others + GOOD).values) == 1


EMBEDDED = '[tool.gatecli.release]\nmetadata = {name = "a", version = "1"}\nspec = {}\n'
CARD = "---\nname: a\nversion: '1'\nprivacy: {epsilon: 1}\n---\n"
JSON = {
    "apiVersion": "gatecli.dev/v1",
    "kind": "ModelRelease",
    "metadata": {"name": "a", "version": "1"},
    "spec": {},
}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", EMBEDDED),
        ("README.md", CARD),
        ("privacy.json", json.dumps(JSON)),
        ("privacy.yaml", json.dumps(JSON)),
        ("privacy.YML", json.dumps(JSON, indent=2)),
    ],
)
def test_every_format_declares_the_same(tmp_path: Path, name: str, text: str) -> None:
    ((release, _),) = read(tmp_path, text, name).values
    assert release.subject == "a 1"


def test_privacy_none_is_a_release(tmp_path: Path) -> None:
    text = GOOD.partition("  privacy:")[0] + "  privacy: none\n"
    ((release, _),) = read(tmp_path, text).values
    assert release.spec.privacy == "none"


def test_a_version_that_looks_like_a_number_is_its_text(tmp_path: Path) -> None:
    ((release, _),) = read(tmp_path, GOOD.replace('"1.0"', "2.10")).values
    assert release.metadata.version == "2.10"


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "apiVersion: v1\nkind: ConfigMap\n"])
def test_a_file_without_a_release_is_never_a_pass(tmp_path: Path, text: str) -> None:
    only = finding(tmp_path, text)
    assert only.rule.uncheckable
    assert "holds no ModelRelease" in only.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "the document is a list of 1, not a block of keys"),
        ("just text\n", "the document is plain text, not a block of keys"),
        ("kind: ModelRelease\n", "the document has no apiVersion"),
        ("apiVersion: gatecli.dev/v1\n", "the document has no kind"),
        ("apiVersion: 1\nkind: ModelRelease\n", "apiVersion or kind is not text"),
        ("apiVersion: gatecli.dev/v2\nkind: ModelRelease\n", "apiVersion is 'gatecli.dev/v2'"),
        ("apiVersion: v1\nkind: ModelRelease\n", "apiVersion is 'v1', which this gatecli does not know"),
        ("apiVersion: gatecli.dev/v1\nkind: ModelRelaese\n", "unknown kind 'ModelRelaese'"),
    ],
)
def test_a_wrong_head_is_refused(tmp_path: Path, text: str, message: str) -> None:
    only = finding(tmp_path, text)
    assert (only.rule.id, only.rule.uncheckable) == ("release-invalid", True)
    assert only.message.startswith(message)


def test_a_key_in_the_wrong_case_is_pointed_out(tmp_path: Path) -> None:
    assert finding(tmp_path, "apiversion: gatecli.dev/v1\n").remediation == "rename apiversion to apiVersion"


@pytest.mark.parametrize(
    "value",
    ["-1", ".nan", ".inf", "inf", "nan", "1_000", "1.0e400", "yes", "true", "[1]", "{}", "1/0", "9" * 500],
)
@pytest.mark.parametrize("key", ["epsilon", "delta", "rho", "mu"])
def test_a_budget_that_promises_nothing_closes_the_gate(tmp_path: Path, key: str, value: str) -> None:
    text = GOOD.replace("    epsilon: 1\n    delta: 0\n", f"    {key}: {value}\n")
    only = finding(tmp_path, text)
    assert (only.rule.id, only.severity, only.rule.uncheckable) == (
        "dp-invalid-budget",
        Severity.ERROR,
        False,
    )
    assert only.place.pointer == f"/spec/privacy/{key}"
    assert (only.place.line, only.place.column) == (9, 7 + len(key))
    assert only.subject == "good 1.0"
    assert len(only.message) < 200


@pytest.mark.parametrize(
    ("mechanism", "mend"), [("{kind: laplac, scale: 1}", "laplace?"), ("{scale: 1}", "add kind")]
)
def test_an_unknown_mechanism_is_never_zero(tmp_path: Path, mechanism: str, mend: str) -> None:
    only = finding(tmp_path, GOOD + f"      - {mechanism}\n")
    assert (only.rule.id, only.rule.uncheckable) == ("dp-unaccountable-mechanism", False)
    assert only.place.pointer == "/spec/privacy/mechanisms/1"
    assert mend in only.remediation


PRIVACY = "/spec/privacy"


@pytest.mark.parametrize(
    ("old", "new", "pointer", "message", "mend"),
    [
        ("    unit:", "    unti:", "/unti", "unknown key 'unti' in privacy", "did you mean unit?"),
        ("    unit: person", "    unit: 5", "/unit", "unit is 5, not text", "put it in quotes"),
        ("    unit: person", "    unit: ''", "/unit", "unit is empty", "write a value"),
        (
            "add-remove",
            "add_remove",
            "/neighbouring",
            "neighbouring is 'add_remove', not one of",
            "add-remove?",
        ),
        ("{runs: 0,", "{runs: 1e2,", "/tuning/runs", "runs is 1E+2, not a whole number", "write 100"),
        ("{runs: 0,", "{runs: -1,", "/tuning/runs", "runs is -1, not at least 0", "write at least 0"),
        ("{runs: 0,", "{", "/tuning/runs", "runs is missing in tuning", "add the key runs"),
        (
            "accounted: true",
            "accounted: yes",
            "/tuning/accounted",
            "accounted is 'yes', not true",
            "true or false",
        ),
        ("{runs: 0, accounted: true}", "5", "/tuning", "tuning is 5, not a block of keys", "block"),
        ("scale: 1}", "scale: 0}", "/mechanisms/0/scale", "scale: 0 is not above zero", "exact number"),
        (
            "scale: 1}",
            "scale: 1, b: 1}",
            "/mechanisms/0/b",
            "unknown key 'b' in mechanisms[0]",
            "name, count",
        ),
        ("scale: 1}", "scale: 1, laplace: 1}", "/mechanisms/0/laplace", "unknown key 'laplace'", "scale"),
        (
            "{kind: laplace, sensitivity: 1, scale: 1}",
            "x",
            "/mechanisms/0",
            "mechanisms[0] is 'x', not a",
            "block",
        ),
        (
            "kind: laplace, sensitivity: 1, scale: 1",
            "kind: gaussian",
            "/mechanisms/0",
            "mechanisms[0]: give",
            "correct",
        ),
        (
            "kind: laplace, sensitivity: 1, scale: 1",
            "kind: subsampled, samplingRate: 1, mechanism: {kind: pure, epsilom: 1, epsilon: 1}",
            "/mechanisms/0/mechanism/epsilom",
            "unknown key 'epsilom' in mechanism",
            "did you mean epsilon?",
        ),
    ],
)
def test_what_does_not_validate_is_one_sentence(
    tmp_path: Path, old: str, new: str, pointer: str, message: str, mend: str
) -> None:
    assert old in GOOD
    only = finding(tmp_path, GOOD.replace(old, new))
    assert (only.rule.id, only.rule.uncheckable) == ("release-invalid", True)
    assert only.place.pointer == PRIVACY + pointer
    assert only.message.startswith(message)
    assert mend in only.remediation


def test_a_mechanism_list_that_is_a_block_is_one_finding(tmp_path: Path) -> None:
    only = finding(tmp_path, GOOD.replace("      - {kind", "        x: {kind"))
    assert only.message == "mechanisms is a block of 1 keys, not a list"


@pytest.mark.parametrize("value", ["nothing", "[1]", "5"])
def test_a_privacy_block_that_is_none_is_one_finding(tmp_path: Path, value: str) -> None:
    only = finding(tmp_path, GOOD.partition("  privacy:")[0] + f"  privacy: {value}\n")
    assert only.message.endswith("not none or a block of keys")


def test_an_unknown_key_is_marked_at_the_key(tmp_path: Path) -> None:
    only = finding(tmp_path, GOOD.replace("  sensitivity: low", "  sensitivty: low"))
    assert (only.place.line, only.place.column) == (5, 3)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("unit:", "unti:").replace("epsilon: 1", "epsilon: -1").replace("low", "[]")
    loaded = read(tmp_path, text)
    assert sorted(only.rule.id for only in loaded.findings) == [
        "dp-invalid-budget",
        "release-invalid",
        "release-invalid",
    ]


def test_missing_metadata_is_refused(tmp_path: Path) -> None:
    loaded = read(tmp_path, GOOD.replace('{name: good, version: "1.0"}', "{}"))
    assert [only.message for only in loaded.findings] == [
        "name is missing in metadata",
        "version is missing in metadata",
    ]
    assert {only.subject for only in loaded.findings} == {(tmp_path / "privacy.yaml").as_posix()}


def test_a_sound_release_beside_a_broken_one_is_still_judged(tmp_path: Path) -> None:
    loaded = read(tmp_path, f"{GOOD}---\n{GOOD.replace('unit:', 'unti:')}")
    assert (len(loaded.values), len(loaded.findings)) == (1, 1)
    assert loaded.findings[0].place.document == 1


def test_a_syntax_error_is_unreadable_at_its_place(tmp_path: Path) -> None:
    only = finding(tmp_path, GOOD + "      - {kind: laplace\n")
    assert (only.rule.id, only.rule.uncheckable) == ("release-unreadable", True)
    assert only.place.line == 18


def test_a_key_that_stands_twice_is_invalid_at_its_place(tmp_path: Path) -> None:
    only = finding(tmp_path, GOOD.replace("    delta: 0\n", "    delta: 0\n    epsilon: 9\n"))
    assert (only.rule.id, only.place.line, only.place.column) == ("release-invalid", 11, 5)


def test_a_file_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    (only,) = read_declarations(tmp_path / "privacy.yaml").findings
    assert only.rule.id == "release-unreadable"
    assert only.message == "the file does not exist"


def test_a_huge_value_is_shown_short(tmp_path: Path) -> None:
    only = finding(tmp_path, GOOD.replace("add-remove", "x" * 100_000))
    assert len(only.message) < 200


PAGE = (Path(__file__).resolve().parents[3] / "docs" / "declaration.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("language", "name"), [("yaml", "privacy.yaml"), ("toml", "pyproject.toml"), ("markdown", "README.md")]
)
def test_the_documented_examples_are_read(language: str, name: str) -> None:
    (example,) = re.findall(f"```{language}\n(.*?)```", PAGE, re.DOTALL)
    loaded = read_declared(name, parse_documents(name, example))
    assert (len(loaded.values), loaded.findings) == (1, ())
