from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from gatecli.errors import UncheckableError
from gatecli.model.text import RawText
from gatecli.sources.redact import Hit, apply_spans, redact_raw, redacted_bytes
from gatecli.sources.scan import read_texts
from gatecli.sources.string_fields.formats import read_leaves
from tests.support.leaves import EXAMPLES, example, raw_text

_SOUGHT = re.compile(r"id-\d{4}|110101\d*")


def hits(raw: RawText) -> list[Hit]:
    return [
        Hit(leaf, *match.span(), "*" * len(match[0]))
        for leaf in read_leaves(raw).leaves
        for match in _SOUGHT.finditer(leaf.text)
    ]


def masked(path: str, text: str) -> str:
    raw = raw_text(path, text)
    return redact_raw(raw, hits(raw))


def test_spans_are_replaced_and_all_else_stays() -> None:
    assert apply_spans("abcdef", [(4, 5, "Y"), (1, 3, "X")]) == "aXdYf"


def test_spans_that_overlap_are_one() -> None:
    assert apply_spans("abcdef", [(1, 4, "X"), (2, 3, "Y"), (3, 5, "Z")]) == "aXf"


def test_a_span_outside_the_text_is_refused() -> None:
    with pytest.raises(ValueError, match="is not in a text of 2 characters"):
        apply_spans("ab", [(1, 3, "")])


@pytest.mark.parametrize(
    ("path", "text", "wanted"),
    [
        ("a.yaml", "a: id-0001 # id-0002\n", 'a: "*******" # *******\n'),
        ("a.yaml", "a: 'id-0001'\n", "a: '*******'\n"),
        ("a.yaml", "a: 110101\nb: 1\n", 'a: "******"\nb: 1\n'),
        ("a.yaml", 'a: "x\\t\\x69d-0001"\n', 'a: "x\\t*******"\n'),
        ("a.yaml", "a: |\n  x id-0001\n  y\n", "a: |\n  x *******\n  y\n"),
        ("a.yaml", "a: &x id-0001\nb: *x\n", 'a: &x "*******"\nb: *x\n'),
        ("a.json", '{"id-0001": 110101}', '{"*******": "******"}'),
        ("a.json", '["\\u0069d-0001 id-0002 \\"é"]', '["******* ******* \\"é"]'),
        ("a.toml", "a = 110_101\n", 'a = "******"\n'),
        ("a.csv", 'a\n"""id-0001"""\n', 'a\n"""*******"""\n'),
        ("a.properties", "a = id-\\\n  0001\n", "a = *******\n"),
        ("a.tf", 'a = "id-0001" # b\n', 'a = "*******" # b\n'),
        (".env", "A=id-0001\n", "A=*******\n"),
        ("Dockerfile", "RUN a id-\\\n0001\n", "RUN a *******\n"),
        ("a.txt", "é id-0001\r\n", "é *******\r\n"),
    ],
)
def test_a_value_is_masked_in_the_quotes_of_its_format(path: str, text: str, wanted: str) -> None:
    assert masked(path, text) == wanted


_LOADERS: dict[str, Any] = {
    "yaml": lambda text: list(yaml.safe_load_all(text)),
    "json": json.loads,
    "toml": tomllib.loads,
}


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.iterdir()))
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_masked_example_holds_nothing_of_it_and_reads_as_before(name: str, ending: str) -> None:
    raw = example(name)
    raw = replace(raw, text=raw.text.replace("\r\n", "\n").replace("\n", ending))
    after = replace(raw, text=redact_raw(raw, hits(raw)))
    reading = read_leaves(after)
    assert not any(_SOUGHT.search(leaf.text) for leaf in reading.leaves)
    assert reading.format == read_leaves(raw).format
    if reading.format in _LOADERS:
        _LOADERS[reading.format](after.text)


def test_a_masked_file_keeps_its_bytes(tmp_path: Path) -> None:
    content = "名: id-0001\r\nb: 2\r\r\n".encode("utf-16")
    (tmp_path / "a.txt").write_bytes(content)
    (raw,) = read_texts(tmp_path / "a.txt")
    assert isinstance(raw, RawText)
    assert redacted_bytes(raw, []) == content
    assert redacted_bytes(raw, hits(raw)) == content.replace("id-0001".encode("utf-16-le"), b"*\0" * 7)


@pytest.mark.parametrize("raw", [RawText("a", "x", "text", whole=False), RawText("a", "\ufffd", "text")])
def test_a_file_that_cannot_be_kept_is_not_redacted(raw: RawText) -> None:
    with pytest.raises(UncheckableError):
        redacted_bytes(raw, [])
