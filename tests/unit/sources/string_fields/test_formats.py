from __future__ import annotations

import pytest

from gatecli.sources.string_fields.formats import format_of, is_known, read_leaves, views
from tests.support.attacks import REPEATED_LINES
from tests.support.leaves import leaves_of, raw_text, values_of
from tests.support.steps import steps


@pytest.mark.parametrize(
    ("path", "beginning", "name"),
    [
        ("a/deploy.YML", "", "yaml"),
        ("review.json", "", "json"),
        ("rows.ndjson", "", "json-lines"),
        ("Pipfile", "", "toml"),
        ("x/.env.production", "", "env"),
        ("prod.env", "", "env"),
        (".editorconfig", "", "ini"),
        ("a.properties", "", "properties"),
        ("a.tsv", "", "csv"),
        ("prod.tfvars", "", "hcl"),
        ("main.tf.json", "", "json"),
        ("Dockerfile.prod", "", "dockerfile"),
        ("api.dockerfile", "", "dockerfile"),
        ("main.py", "a: 1\n", "text"),
        (".gitignore", "a: 1\n", "text"),
        ("-", '  {"a": 1}', "json"),
        ("-", "[1]", "json"),
        ("-", "# note\n---\na: 1", "yaml"),
        ("-", "apiVersion: v1\n", "yaml"),
        ("-", "- a\n", "yaml"),
        ("-", "Dear all, note: this", "text"),
        ("-", "{{- if x }}", "text"),
        ("LICENSE", "", "text"),
    ],
)
def test_a_format_is_known_by_name_else_by_its_beginning(path: str, beginning: str, name: str) -> None:
    assert format_of(path, beginning) == name


def test_only_a_name_promises_a_format() -> None:
    assert is_known("a.yaml")
    assert not is_known("-")


@pytest.mark.parametrize(
    ("path", "text", "problem"),
    [
        ("a.yaml", "ok: 1\na: [1\n", "it is not YAML"),
        ("a.yaml", "a: \x01\n", "it is not YAML"),
        ("a.yaml", 'a: "\\UFFFFFFFF"\n', "it is not YAML"),
        ("a.yaml", "[" * 5000, "nested deeper"),
        ("a.yaml", "\n".join("  " * i + "a:" for i in range(500)), "nested deeper"),
        ("a.json", '{"a": 1,}', "it is not JSON"),
        ("a.json", '{"a" 1}', "it is not JSON"),
        ("a.json", "[1 2]", "it is not JSON"),
        ("a.json", '{"a": 01}', "it is not JSON"),
        ("a.json", "{]", "it is not JSON"),
        ("a.json", "", "it ends too soon"),
        ("a.json", '{"a": [1', "it ends too soon"),
        ("a.json", '"\\x"', "it is not JSON"),
        ("a.json", "// comment\n{}", "it is not JSON"),
        ("a.json", "[" * 100_000, "nested deeper"),
        ("a.toml", "a = ", "it is not TOML"),
        ("a.toml", "a = 1\na = 2", "it is not TOML"),
        ("a.toml", "a = " + "[" * 5000, "it is not TOML"),
        ("a.toml", ".a" * 5000, "more than 1000 dots"),
        ("a.tf", "a = <<EOT\nx\n", "a heredoc in it does not end"),
        ("a.tf", "/* x", "a comment in it does not end"),
        ("a.tf", "a = " + "[" * 500, "nested deeper"),
    ],
)
def test_what_has_not_its_form_is_read_as_text_and_said(path: str, text: str, problem: str) -> None:
    reading = read_leaves(raw_text(path, text))
    assert reading.format == "text"
    assert reading.note.startswith("scanned as text: ")
    assert problem in reading.note
    assert "".join(leaf.text for leaf in reading.leaves) == text


def test_a_helm_template_is_read_as_text() -> None:
    reading = read_leaves(raw_text("t.yaml", "a: b\n{{- range .x }}\n  c: d\n{{ end }}\n"))
    assert reading.note == "scanned as text: it is not YAML (line 3)"


def test_a_bomb_of_aliases_is_not_written_out() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert len(leaves_of("a.yaml", "\n".join(lines))) < 1000


def test_a_long_text_is_not_read_again_at_each_of_its_aliases() -> None:
    text = f"a: &a {'x' * 5000}\nb: [*a, *a]\n"
    assert sum(len(leaf.text) > 4096 for leaf in leaves_of("a.yaml", text)) == 1


def test_an_alias_of_nothing_known_is_no_leaf() -> None:
    reading = read_leaves(raw_text("a.yaml", "a: *b\nc: d\n"))
    assert [leaf.text for leaf in reading.leaves if leaf.kind == "value"] == ["d"]


def test_documents_are_numbered_where_there_are_several() -> None:
    stream = leaves_of("a.yaml", "---\n# only a comment\n---\na: 1\n---\nb: 2\n")
    assert {leaf.text: leaf.document for leaf in stream if leaf.kind == "number"} == {"1": 1, "2": 2}
    assert {leaf.document for leaf in leaves_of("a.yaml", "a: b")} == {None}


def test_every_key_of_yaml_has_a_name() -> None:
    text = "? [x, y]\n: 1\n2: two\ntrue: yes\n<<: {m: n}\n? |\n  long\n: 3\n"
    assert values_of("a.yaml", text) == {
        "/0": "x",
        "/1": "y",
        "/": "1",
        "/2": "two",
        "/true": "yes",
        "/<</m": "n",
        "/long\n": "3",
    }


def test_a_quoted_number_is_text() -> None:
    (value,) = (leaf for leaf in leaves_of("a.yaml", 'a: "0x10"') if leaf.kind == "value")
    assert value.text == "0x10"


def test_half_a_character_in_an_escape_does_not_reach_the_detector() -> None:
    assert values_of("a.json", '["\\ud800", "\\ud83d\\ude00"]') == {"/0": "\ufffd", "/1": "😀"}


def test_two_values_at_one_key_are_both_read() -> None:
    text = '{"a": "x", "a": "y"}'
    assert [leaf.text for leaf in leaves_of("a.json", text) if leaf.kind == "value"] == ["x", "y"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.csv", 'a,b\n"open,1\n2,3\n'),
        ("a.csv", 'a,b\n"x"y,1\n'),
        ("a.csv", "\n\n,,\n"),
        ("a.csv", 'a,b,"c'),
        ("a.csv", '"' * 1001),
    ],
)
def test_a_broken_table_loses_nothing(path: str, text: str) -> None:
    seen = "".join(leaf.text for leaf in leaves_of(path, text))
    assert all(char in seen for char in text if char.isalnum())


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("a;b\n1;2,3\n", ["1", "2,3"]),
        ("a|b\n1|2\n", ["1", "2"]),
        ("a\tb\n1\t2\n", ["1", "2"]),
        ("a\n1,2\n", ["1", "2"]),
    ],
)
def test_the_delimiter_is_seen_in_the_first_line(text: str, cells: list[str]) -> None:
    assert list(values_of("a.csv", text).values()) == cells


def test_a_cell_beyond_the_header_is_known_by_its_number() -> None:
    assert values_of("a.csv", "a,b\n1,2,3\n") == {"/0/a": "1", "/0/b": "2", "/0/2": "3"}


@pytest.mark.parametrize(
    ("path", "text", "plain"),
    [
        ("a.yaml", "a: 'b'\n# c\n", True),
        ("a.yaml", 'a: "\\x31"\n', False),
        ("a.yaml", "re: \\d+\n", True),
        ("a.yaml", "a: 1.1e+17\n", False),
        ("a.yaml", "a: 1.27\nb: 1e-5\n", True),
        ("a.yaml", "sha: 3e41e5f\nid: 0x1\n", False),
        ("a.json", '{"a": "b"}', True),
        ("a.json", '{"a": "\\u0031"}', False),
        ("a.json", '{"a": 1E9}', False),
        ("a.toml", "a = 1_000", False),
        (".env", "A=1", True),
        (".env", 'A="\\n"', False),
        ("Dockerfile", "RUN a \\\n b", False),
        ("Dockerfile", 'ENV A=11"01"01', False),
        ("Dockerfile", "FROM a", True),
        ("a.ini", "a = \\x", True),
        ("a.csv", 'a,"b""c"', True),
        ("a.py", "\\x31", True),
    ],
)
def test_raw_text_says_whether_it_shows_its_leaves(path: str, text: str, *, plain: bool) -> None:
    assert (views(raw_text(path, text)) is not None) is plain


def test_folded_lines_are_shown_as_one() -> None:
    shown = views(raw_text("a.yaml", "ssn: 078\n  05 1120\n"))
    assert shown is not None
    assert any("078 05 1120" in view for view in shown)


@pytest.mark.parametrize(("path", "line"), REPEATED_LINES)
def test_ten_times_the_lines_take_ten_times_the_steps(path: str, line: str) -> None:
    """What was read must not be read again for every line."""

    def read(lines: str) -> object:
        return read_leaves(raw_text(path, lines))

    small, large = steps(read, line * 150), steps(read, line * 1_500)
    assert large <= 10 * 1.1 * small + 500
