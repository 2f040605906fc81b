"""The facade: every file ends as evidence, or as one uncheckable finding."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gatecli.model.finding import Severity
from gatecli.model.release import EvidenceFormat
from gatecli.sources.evidence.reader import FORMATS
from gatecli.sources.evidence.rules import RULES
from tests.support.evidence import DECLARED, REAL, accepted, refuse, refused, write

FORMS = [kind.value for kind in EvidenceFormat]
GOOD = {"history": [[1.1, 0.01, 100]], "mechanism": "rdp"}

REAL_FILES = [
    ("opacus", "opacus-rdp.json"),
    ("opacus", "opacus-prv.json"),
    ("opacus", "opacus-gdp.json"),
    ("opacus", "opacus-checkpoint.pt"),
    ("opacus", "opacus-checkpoint-legacy.pt"),
    ("opacus", "opacus-state.pt"),
    ("opacus", "opacus-other-key.pt"),
    ("opacus", "opacus-accountant.pt"),
    ("opacus", "opacus-engine.pt"),
    ("opacus", "opacus-history.pt"),
    ("opacus", "opacus-history.json"),
    ("opacus", "opacus-numpy.pt"),
    ("opacus", "opacus-run.json"),
    ("opacus", "opacus.safetensors"),
    ("dp-accounting", "dp-accounting.json"),
    ("tf-privacy", "tf-privacy.json"),
    ("tf-privacy", "tf-privacy-statement.txt"),
    ("opendp", "opendp-sum.json"),
    ("opendp", "opendp-composition.json"),
    ("opendp", "opendp-fixed-delta.json"),
    ("opendp", "opendp-response.json"),
    ("opendp", "opendp-bare-laplace.json"),
    ("opendp", "opendp-context.json"),
    ("opendp", "opendp-context-zcdp.json"),
    ("opendp", "opendp-context-approx.json"),
    ("opendp", "opendp-context-median.json"),
    ("opendp", "opendp-compositor.json"),
    ("opendp", "opendp-noisy-max.json"),
    ("tumult", "tumult.json"),
    ("diffprivlib", "diffprivlib.json"),
    ("diffprivlib", "diffprivlib-unbounded.json"),
    ("pipeline-dp", "pipeline-dp-laplace.txt"),
    ("pipeline-dp", "pipeline-dp-gaussian-mean.txt"),
    ("pipeline-dp", "pipeline-dp-pld.txt"),
    ("pipeline-dp", "pipeline-dp-public.txt"),
    ("pipeline-dp", "pipeline-dp-thresholding.txt"),
    ("pipeline-dp", "pipeline-dp-two.txt"),
    ("smartnoise", "smartnoise.json"),
    ("smartnoise", "smartnoise-homogeneous.json"),
]


def test_every_format_has_a_reader() -> None:
    assert set(FORMATS) == set(EvidenceFormat)


def test_every_rule_of_evidence_is_an_uncheckable_error() -> None:
    assert all(rule.uncheckable and rule.severity is Severity.ERROR for rule in RULES)


@pytest.mark.parametrize(("kind", "name"), REAL_FILES)
def test_what_a_real_tool_wrote_is_read(kind: str, name: str) -> None:
    evidence = accepted(kind, name)
    assert evidence.reference.path == name
    assert evidence.place.path.endswith(name)


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for _, name in REAL_FILES for kind in FORMS if (kind, name) not in REAL_FILES],
)
def test_a_file_of_another_format_is_refused(kind: str, name: str) -> None:
    refused(kind, name)


def test_an_absent_file_is_uncheckable_at_the_declaration(tmp_path: Path) -> None:
    finding = refused("opacus", "gone.json", tmp_path)
    assert finding.place == DECLARED
    assert "gone.json does not exist" in finding.message


def test_a_path_that_climbs_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    inner = tmp_path / "release"
    inner.mkdir()
    finding = refused("opacus", "../evidence.json", inner)
    assert "outside of the declaration's folder" in finding.message
    assert finding.place == DECLARED


def test_an_absolute_path_outside_is_refused(tmp_path: Path) -> None:
    finding = refused("opacus", str(REAL / "opacus-rdp.json"), tmp_path)
    assert "outside of the declaration's folder" in finding.message


def test_a_link_that_leads_outside_is_refused(tmp_path: Path) -> None:
    (tmp_path / "evidence.json").symlink_to(REAL / "opacus-rdp.json")
    assert "outside of the declaration's folder" in refused("opacus", "evidence.json", tmp_path).message


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "link.json").symlink_to("evidence.json")
    accepted("opacus", "link.json", tmp_path)


def test_a_path_that_returns_into_the_folder_is_read(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    accepted("opacus", f"../{tmp_path.name}/evidence.json", tmp_path)


def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to("b.json")
    (tmp_path / "b.json").symlink_to("a.json")
    assert "loop of symbolic links" in refused("opacus", "a.json", tmp_path).message


def test_a_name_with_a_null_is_refused(tmp_path: Path) -> None:
    refused("opacus", "a\0b.json", tmp_path)


@pytest.mark.parametrize("kind", FORMS)
def test_a_directory_is_refused(kind: str, tmp_path: Path) -> None:
    (tmp_path / "evidence.json").mkdir()
    assert "is a directory" in refused(kind, "evidence.json", tmp_path).message


@pytest.mark.parametrize("kind", FORMS)
def test_a_named_pipe_is_refused_without_waiting(kind: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "evidence.json")
    assert "pipe" in refused(kind, "evidence.json", tmp_path).message


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b" \n\t", id="blank"),
        pytest.param(b"\x00\x01\x02\xff" * 64, id="binary"),
        pytest.param(b"\x7fELF" + bytes(60), id="a program"),
        pytest.param(b"null", id="null"),
        pytest.param(b"true", id="true"),
        pytest.param(b"42", id="a number"),
        pytest.param(b'"text"', id="text"),
        pytest.param(b"{}", id="an empty object"),
        pytest.param(b"[]", id="an empty list"),
        pytest.param(b"[[[[]]]]", id="nested lists"),
        pytest.param(b"[" * 100_000, id="open brackets"),
        pytest.param(b'{"event":' * 50_000, id="open objects"),
        pytest.param(b'{"history": NaN}', id="nan"),
        pytest.param(b'{"history": [', id="truncated"),
        pytest.param(b"9" * 1_000_000, id="a huge integer"),
        pytest.param('{"history": "ε"}'.encode("utf-16-le"), id="utf-16 without a mark"),
        pytest.param('{"history": "ε"}'.encode("latin-1", "replace") + b"\xe9", id="latin-1"),
        pytest.param(b"spent: [1, 2]", id="yaml"),
        pytest.param(b"\xef\xbb\xbf{", id="a byte order mark and a brace"),
    ],
)
def test_what_is_no_evidence_is_refused_in_one_sentence(kind: str, content: bytes, tmp_path: Path) -> None:
    refuse(kind, tmp_path, content)


def test_a_file_beyond_the_size_limit_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "evidence.json").open("wb") as file:
        file.truncate(2**34)
    assert "larger than" in refused("tumult", "evidence.json", tmp_path).message


def test_a_finding_stands_at_the_value_it_is_about(tmp_path: Path) -> None:
    text = '{"history": [\n  [1.1, 0.01, 5],\n  [1.1, 0.01, "x"]\n], "mechanism": "rdp"}'
    finding = refuse("opacus", tmp_path, text)
    assert (finding.place.line, finding.place.column) == (3, 15)
    assert finding.place.pointer == "/history/1/2"


def test_a_syntax_error_has_its_line(tmp_path: Path) -> None:
    assert refuse("opacus", tmp_path, '{\n "history": [,]}').place.line == 2


def test_a_duplicate_key_is_refused(tmp_path: Path) -> None:
    text = '{"history": [[1.1, 0.01, 5]], "history": [[9, 0.01, 5]], "mechanism": "rdp"}'
    assert "twice" in refuse("opacus", tmp_path, text).message


def test_utf_16_with_a_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "evidence.json").write_text('{"history": [[1.1, 0.01, 5]], "mechanism": "rdp"}', "utf-16")
    accepted("opacus", "evidence.json", tmp_path)


def test_a_fingerprint_survives_a_change_of_the_sentence(tmp_path: Path) -> None:
    first = refuse("opacus", tmp_path, "{")
    second = refuse("opacus", tmp_path, "[]")
    assert first.fingerprint == second.fingerprint
    assert first.message != second.message
