"""Documents of KeyPolicies: where they are found, and what is said of what is not one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from gatecli.sources.key_policy import KEY_POLICIES, KEYS_INVALID, KEYS_UNREADABLE
from tests.support.key_policies import data_of_key_policy

TEXT = yaml.safe_dump(data_of_key_policy())
OTHER = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"


def write(folder: Path, name: str, content: str | bytes = TEXT) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("name", ["a.yaml", "b.YML", "key-policy.yaml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_key_policy_is_found_by_its_text(tmp_path: Path, name: str, encoding: str) -> None:
    path = write(tmp_path, name, TEXT.encode(encoding))
    assert list(KEY_POLICIES.find([path])) == [path]
    assert [policy.metadata.name for policy, _ in KEY_POLICIES.read(path).values] == ["readmission"]


@pytest.mark.parametrize("name", ["a.md", "a.py", "a.yaml.in"])
def test_a_page_that_shows_one_is_not_one(tmp_path: Path, name: str) -> None:
    assert list(KEY_POLICIES.find([write(tmp_path, name)])) == []


@pytest.mark.parametrize(
    "text", [OTHER, "kind: KeyPolicy\n", "apiVersion: gatecli.dev/v1\nx: MonkeyPolicy KeyPolicies\n"]
)
def test_a_text_with_one_of_the_words_is_not_one(tmp_path: Path, text: str) -> None:
    assert list(KEY_POLICIES.find([write(tmp_path, "a.yaml", text)])) == []


@pytest.mark.parametrize("name", ["key-policy.yaml", "north.key-policy.yml", "Key-Policy.JSON"])
def test_a_file_is_one_by_its_name_whatever_it_holds(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name, "{}")
    assert list(KEY_POLICIES.find([path])) == [path]
    assert [finding.rule for finding in KEY_POLICIES.read(path).findings] == [KEYS_INVALID]


def test_a_link_by_that_name_is_one(tmp_path: Path) -> None:
    link = tmp_path / "key-policy.yaml"
    link.symlink_to(tmp_path / "absent")
    assert list(KEY_POLICIES.find([], [link])) == [link]
    assert [finding.rule for finding in KEY_POLICIES.read(link).findings] == [KEYS_UNREADABLE]


def test_several_documents_of_a_file_are_read_and_others_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path, "a.yaml", f"{TEXT}---\n{OTHER}---\n{TEXT}")
    assert len(KEY_POLICIES.read(path).values) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("gatecli.dev/v1", "gatecli.dev/v2"),
        ("epoch: 2", "epoch: two"),
        ("epoch: 2", "epoch: 0"),
        ("epoch: 2", "epoch: 2\n  epoch: 3"),
        ("epoch: 2", "epoch: 1.5"),
        ("epoch: 2", "epochs: 2"),
        ("kind: KeyPolicy", "kind: KeyPolicy\nkind: KeyPolicy"),
        ("centre: north\n", "centre: [north]\n"),
    ],
)
def test_a_document_of_another_form_is_told_at_its_place(tmp_path: Path, old: str, new: str) -> None:
    assert old in TEXT
    read = KEY_POLICIES.read(write(tmp_path, "key-policy.yaml", TEXT.replace(old, new, 1)))
    assert read.values == ()
    assert {finding.rule for finding in read.findings} == {KEYS_INVALID}
    for finding in read.findings:
        assert finding.place.line
        assert finding.remediation


def test_a_template_that_says_it_is_one_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "a.yaml", "{{ if x }}\napiVersion: gatecli.dev/v1\nkind: KeyPolicy\n{{ end }}\n")
    assert [finding.rule for finding in KEY_POLICIES.read(path, sought=True).findings] == [KEYS_INVALID]


HEAD = '"apiVersion":"gatecli.dev/v1","kind":"KeyPolicy","metadata":{"name":"a"},"spec":{'


@pytest.mark.parametrize(
    "text",
    [
        "{" + HEAD,
        "{" + HEAD.replace(",", ",\n  "),
        "{" + HEAD.replace(",", ",\r\n  "),
        "{apiVersion: gatecli.dev/v1, kind: KeyPolicy, spec: {",
        "apiVersion: gatecli.dev/v1\r\nkind: KeyPolicy\r\nspec: {",
    ],
    ids=["one line", "indented", "crlf", "braces", "yaml with crlf"],
)
def test_a_file_that_was_cut_off_is_told(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, "centres.json", text)
    assert list(KEY_POLICIES.find([path])) == [path]
    assert [finding.rule for finding in KEY_POLICIES.read(path, sought=True).findings] == [KEYS_UNREADABLE]


@pytest.mark.parametrize("line", ["# kind: KeyPolicy", "  kind: KeyPolicy", "x: 1  # {kind: KeyPolicy}"])
def test_a_template_in_which_one_is_only_shown_is_not_one(tmp_path: Path, line: str) -> None:
    path = write(tmp_path, "a.yaml", f"{{{{ if gatecli.dev/v1 }}}}: [\n{line}\n")
    assert KEY_POLICIES.read(path, sought=True).findings == ()


def test_a_broken_file_that_only_speaks_of_one_is_not(tmp_path: Path) -> None:
    path = write(tmp_path, "a.yaml", "{{ gatecli.dev/v1 has a KeyPolicy }}: [")
    assert KEY_POLICIES.read(path, sought=True).findings == ()


def test_a_pipe_never_blocks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "key-policy.yaml")
    assert [finding.rule for finding in KEY_POLICIES.read(tmp_path / "key-policy.yaml").findings] == [
        KEYS_UNREADABLE
    ]
