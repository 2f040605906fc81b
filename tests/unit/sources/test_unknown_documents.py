from __future__ import annotations

from pathlib import Path

import pytest

from gatecli.sources.unknown_documents import find_unknown

KNOWN = "apiVersion: gatecli.dev/v1\nkind: PrivacyWaiver\nspec: {}\n"
LATER = "apiVersion: gatecli.dev/v2\nkind: ModelRelease\n"

UNKNOWN = {
    "a later version.yaml": (LATER, "apiVersion is 'gatecli.dev/v2', which"),
    "a slip in the version.yml": ("apiVersion: gatecli.dev/V1\nkind: ModelRelease\n", "gatecli.dev/V1"),
    "no version.yaml": (
        "apiVersion: gatecli.dev\nkind: ModelRelease\n",
        "apiVersion is 'gatecli.dev', which",
    ),
    "a slip in the group.yaml": ("apiVersion: gatecli.dve/v1\nkind: PrivacyPolicy\n", "gatecli.dve/v1"),
    "another case.yaml": ("apiVersion: gatecli.dev/v1\nkind: privacydeclaration\n", "privacydeclaration"),
    "a kind of a later release.yaml": ("apiVersion: gatecli.dev/v1\nkind: NextKind\n", "NextKind"),
    "no kind.yaml": ("apiVersion: gatecli.dev/v1\nmetadata: {}\n", "has no kind"),
    "another case of a key.yaml": ("apiversion: gatecli.dev/v1\nkind: ModelRelease\n", "has no apiVersion"),
    "the second.yaml": (f"{KNOWN}---\n{LATER}", "gatecli.dev/v2"),
    "quoted.yaml": ('"apiVersion": "gatecli.dev/v2"\n"kind": "X"\n', "gatecli.dev/v2"),
    "flow.yaml": ("{apiVersion: gatecli.dev/v2, kind: X}\n", "gatecli.dev/v2"),
    "json.json": ('{"apiVersion": "gatecli.dev/v2", "kind": "ModelRelease"}', "gatecli.dev/v2"),
    "several.json": ('[{"a": 1}, {"apiVersion": "gatecli.dev/v2", "kind": "X"}]', "gatecli.dev/v2"),
    "toml.toml": ('apiVersion = "gatecli.dev/v2"\nkind = "ModelRelease"\n', "gatecli.dev/v2"),
    "a list.yaml": (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: gatecli.dev/v2\n  kind: PrivacyPolicy\n",
        "gatecli.dev/v2",
    ),
    "a template.yaml": (f"{LATER}metadata: {{{{ .Values.x }}}}\n{{{{ end }}}}\n", "gatecli.dev/v2"),
    "twice a key.yaml": (f"{LATER}a: 1\na: 2\n", "gatecli.dev/v2"),
}

OTHERS = {
    "known.yaml": KNOWN,
    "another API.yaml": "apiVersion: example.org/v1\nkind: PrivacyPolicy\n",
    "a definition.yaml": (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        "spec: {group: gatecli.dev, names: {kind: PrivacyPolicy}, versions: [{name: v2}]}\n"
    ),
    "a label.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {labels: {gatecli.dev/scan: skip}}\n",
    "nested.yaml": "example:\n  apiVersion: gatecli.dev/v2\n  kind: X\n",
    "a template of its own.yaml": "apiVersion: {{ .Values.api }}\nkind: gatecli.dev\n{{ end }}\n",
    "a report.json": '{"schema": "gatecli/report/v1", "url": "https://gatecli.dev/rules/#a"}',
    "text.md": LATER,
    "a list of words.json": '["gatecli.dev/v2"]',
    "broken.json": '{"apiVersion": "gatecli.dev/v1", ',
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_document_of_ours_that_is_not_known_is_told_at_its_line(name: str, tmp_path: Path) -> None:
    text, words = UNKNOWN[name]
    file = tmp_path / name
    file.write_text(text, "utf-8")
    [finding] = find_unknown([file])
    assert words in finding.message
    assert finding.rule.id == "release-invalid"
    assert finding.rule.uncheckable
    line = finding.place.line
    assert line is not None
    assert line <= text.count("\n") + 1
    assert finding.remediation


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_encoding_hides_nothing(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(LATER, encoding)
    assert len(list(find_unknown([file]))) == 1


def test_a_document_of_several_says_which_it_is(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(f"{KNOWN}---\n{LATER}", "utf-8")
    [finding] = find_unknown([file])
    assert (finding.place.document, finding.place.line) == (1, 5)
    file.write_text(f"{KNOWN}---\n{LATER}{{{{ if }}}}\n", "utf-8")
    [finding] = find_unknown([file])
    assert (finding.place.document, finding.place.line) == (1, 5)


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_known_or_another_s_is_none(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(OTHERS[name], "utf-8")
    assert list(find_unknown([file])) == []


def test_a_file_that_is_read_anyway_is_not_told_twice(tmp_path: Path) -> None:
    file = tmp_path / "privacy.yaml"
    file.write_text(LATER, "utf-8")
    assert list(find_unknown([file], {file})) == []


def test_what_cannot_be_read_says_nothing_here(tmp_path: Path) -> None:
    assert list(find_unknown([tmp_path / "gone.yaml"])) == []
