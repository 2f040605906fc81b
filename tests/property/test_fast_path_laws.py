"""What a search leaves out holds nothing: files that are not parsed, fields of JSON that are not opened."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.checks.personal_data import Search, find_hidden, search_of
from gatecli.gates.embedded_files import with_embedded_files
from gatecli.gates.file_scan import scan_reads
from gatecli.model.divided import divided_lists
from gatecli.model.finding import Finding
from gatecli.model.policy import PiiRules
from gatecli.model.text import Leaf, RawText, object_leaves
from gatecli.pii.batches import MANY, reportable
from gatecli.pii.budget import unlimited_budget
from gatecli.pii.decoding import expand
from gatecli.pii.detector import Detector
from gatecli.pii.entities import default_entities
from gatecli.pii.scanning import scan
from gatecli.sources.string_fields.formats import read_leaves
from tests.support.examples import share
from tests.support.pii_corpus import CHECKED, DISGUISES, LOOK_ALIKES, resident_id

DETECTOR = Detector(default_entities())
SEARCH = with_embedded_files(search_of(PiiRules()))
SOURCE = random.Random(11)  # noqa: S311 - a seed, no secret
PLANTED = [
    *(make(SOURCE) for make, _ in CHECKED.values()),
    *(hide(resident_id(SOURCE)) for hide in DISGUISES.values()),
    # Of a ruler any piece may be taken for the number that its name tells.
    *(make(SOURCE) for kind, make in LOOK_ALIKES.items() if kind != "ruler"),
]
WORDS = ("ssn", "phone", "id_card", "mobile", "image", "passport", "contact", "身份证", "version")
PLAIN = (
    "web",
    "93.184.216.34/32",
    "2026-11-12T07:30:07Z",
    "0a1b2c3d" * 8,
    "1234567",
    "8080",
    "a/b/c/d/e/f/g",
    "x@y",
)


def item(source: random.Random) -> str:
    """A value, a word, or nothing of interest."""
    pool = source.choices((PLAIN, PLANTED, WORDS), weights=(6, 2, 1))[0]
    return source.choice(pool)


def yaml_line(source: random.Random, number: int) -> str:
    indent = "  " * source.randrange(3)
    value = source.choice((" ", ", ", "-")).join(item(source) for _ in range(source.randrange(1, 4)))
    halves = f"{item(source)}\n{indent}    {item(source)}"
    forms = (
        f"{indent}{source.choice(WORDS)}{number}: {value}",
        f"{indent}- {value}",
        f'{indent}k{number}: "{value}"',
        f"{indent}k{number}: >-\n{indent}    {halves}",
        f"{indent}k{number}: {halves}",
        f"{indent}k{number}: '{halves}'",
        f"# {value}",
        "---",
    )
    return source.choice(forms)


def over_lines(source: random.Random, value: str, indent: str) -> str:
    """A value, spelled or encoded or not, that stands on one line or on several, as YAML may have it."""
    spellings = (
        value,
        value.translate(str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")),
        value.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
        value.encode().hex(" "),
        value.encode().hex(),
        ", ".join(value),
        " ".join(value),
        "\u202e" + value[::-1],
        f"{value[:6]}<b class=x>{value[6:]}",
        f"{value[:6]} }}}}{value[6:]}",
        f"{value[:6]}= {value[6:]}",
        f"{value[:6]} - {value[6:]}",
        base64.b64encode(f"{'x ' * 24} {value} {'好 ' * 9}".encode()).decode(),
    )
    spelled = source.choice(spellings)
    line_end = source.choice(("\n", "\n", "\r\n", "\n\n", "\x85")) + indent
    where = source.choice((" ", " ", *spelled, *spelled))
    if source.random() < 0.3 and len(spelled) > 70:
        spelled = f"{spelled[:76]}{line_end}{spelled[76:]}"
    elif where == " ":
        spelled = spelled.replace(" ", line_end, source.randrange(1, 3))
    elif source.random() < 0.5:
        spelled = spelled.replace(where, f"{where}{line_end}", 1)
    return spelled


def yaml_scalar(source: random.Random, number: int) -> str:
    """A key and a scalar of any style, at times over lines, with a comment or an anchor."""
    indent = " " * source.choice((2, 4, 9))
    text = f"{source.choice(('', '', 'a ', WORDS[0] + ' '))}{over_lines(source, item(source), indent)}"
    key = f"{source.choice(('- ', ''))}{source.choice(WORDS)}{number}: {source.choice(('', '', '&a '))}"
    behind = source.choice(("", "", " ", " # 34 36", "\nimage: x", "\n40: 12"))
    quote = source.choice("'\"")
    forms = (
        f"|\n{indent}{text}",
        f">-\n{indent}{text}",
        text,
        f"{quote}{text}{quote}",
        f"[{text}, {item(source)}]",
    )
    return f"{key}{source.choice(forms)}{behind}"


def file_of(source: random.Random) -> tuple[str, str]:
    """The name of a file, and a text of its format, or nearly."""
    name = source.choice(("a.yaml", "b.json", "c.csv", "d.log"))
    count = source.randrange(1, 30)
    if name == "a.yaml":
        make = source.choice((yaml_line, yaml_scalar))
        return name, "\n".join(make(source, number) for number in range(source.choice((1, 2, count))))
    if name == "b.json":
        rows = [
            {source.choice(WORDS): item(source), "items": [item(source) for _ in range(3)]}
            for _ in range(count)
        ]
        return name, json.dumps(rows, ensure_ascii=source.random() < 0.5)
    if name == "c.csv":
        cells = [",".join(f'"{item(source)}"' if source.random() < 0.3 else item(source) for _ in range(3))]
        return name, "\n".join(
            ["id,phone,note", *cells * 2, *(",".join((item(source), "1", "")) for _ in range(count))]
        )
    return name, "\n".join(" ".join(item(source) for _ in range(4)) for _ in range(count))


FILES = st.integers(0, 2**32).map(lambda seed: file_of(random.Random(seed)))  # noqa: S311 - a seed, no secret


def found_in(raw: RawText, leaves: Sequence[Leaf], search: Search) -> list[Finding]:
    alone = (*leaves, *divided_lists(leaves))
    return [finding for leaf in alone for finding, _ in find_hidden(raw, (leaf,), search)]


def places(findings: Sequence[Finding]) -> list[tuple[str, int | None, int | None, str | None, str]]:
    seen = [
        (item.rule.id, item.place.line, item.place.column, item.place.pointer, item.message)
        for item in findings
    ]
    return sorted(seen, key=str)


@settings(max_examples=share(60))
@given(FILES)
def test_a_file_gives_what_each_of_its_leaves_gives_alone(file: tuple[str, str]) -> None:
    name, text = file
    raw = RawText(name, text, {"a": "yaml", "b": "json", "c": "csv", "d": "text"}[name[0]])
    reading = read_leaves(raw)
    alone = found_in(raw, reading.leaves, SEARCH)
    assert places(scan_reads([raw], SEARCH, raw.path).findings) == places(alone)


RESIDENT = resident_id(random.Random(3))  # noqa: S311 - a seed, no secret
HALVES = RESIDENT[:9], RESIDENT[9:]
DIGITS = ", ".join(RESIDENT)
PAIRS = RESIDENT.encode().hex(" ")
LONG_PAIRS = f"{'x' * 90} {RESIDENT}".encode().hex(" ")
WRAPPED = base64.b64encode(f"{'x ' * 24}{RESIDENT} {'y' * 47}".encode()).decode()
APART = {
    "an override, and its text on the next line": f'a: "\u202e\n  {RESIDENT[::-1]}"\n',
    "markup over lines": f"a: {HALVES[0]}<b\n  class=x>{HALVES[1]}\n",
    "a template's end on the next line": f"a: {HALVES[0]}\n  }}}}{HALVES[1]}\n",
    "single digits": f"a: {DIGITS[:20]}\n  {DIGITS[21:38]}\n  {DIGITS[39:]}\n",
    "a soft line end in an indented block": f"a: |\n  {HALVES[0]}=\n  {HALVES[1]}\n",
    "a backslash in an indented block": f"a: |\n  {HALVES[0]}\\\n  {HALVES[1]}\n",
    "hex over lines": f"a: {PAIRS[:23]}\n  {PAIRS[24:]}\n",
    "hex and a comment": f"a: {PAIRS} # 39\n",
    "hex longer than any value": f"a: {LONG_PAIRS[:20]}\n  {LONG_PAIRS[21:]}\n",
    "a soft line end above a blank line": f"a: '{HALVES[0]}=\n\n  {HALVES[1]}'\n",
    "base64 with a blank line in it": f"a: '{WRAPPED[:76]}\n\n  {WRAPPED[76:]}'\n",
    "whole lines of base64 above a key": f"a: |\n  {WRAPPED[:76]}\n  {WRAPPED[76:]}\nimage: x\n",
    "a separator before and behind a line end": "a: 4012 8888\n  - 8888 1881\n",
    "a line end of Unicode": "a: 4012 8888\x85    8888 1881\n",
    "superscript signs": "a: ⁴⁰¹²⁻⁸⁸⁸⁸⁻⁸⁸⁸⁸⁻¹⁸⁸¹\n",
}
FILLER = "a" * 40
SQL = f"INSERT INTO t (id, a, b, phone) VALUES (1, '{FILLER}', '{FILLER}', '02079460123');"  # noqa: S608 - no query


@pytest.mark.parametrize("text", APART.values(), ids=APART.keys())
def test_what_a_scalar_holds_is_found_however_its_lines_stand(text: str) -> None:
    raw = RawText("a.yaml", text, "yaml")
    alone = found_in(raw, read_leaves(raw).leaves, SEARCH)
    assert alone
    assert places(scan_reads([raw], SEARCH, raw.path).findings) == places(alone)


def test_a_number_beside_an_address_of_another_cell_is_found() -> None:
    raw = RawText("a.csv", "url,phone\nhttp://a.example/,-020-7946-0123\n", "csv")
    assert scan_reads([raw], SEARCH, raw.path).findings


@pytest.mark.parametrize(
    ("pattern", "name", "text"),
    [
        ("Falcon [A-Z]{4}", "a.yaml", "a: Falcon\n  ABCD\n"),
        ("^EMP[0-9]{6}$", "a.csv", "a,b\nEMP123456,x\n"),
    ],
)
def test_an_expression_of_a_policy_is_run_on_each_leaf(pattern: str, name: str, text: str) -> None:
    rules = PiiRules.model_validate({"custom": [{"id": "OWN", "label": "own kind", "pattern": pattern}]})
    raw = RawText(name, text, name.removeprefix("a."))
    assert scan_reads([raw], search_of(rules), raw.path).findings


def test_a_column_of_sql_names_its_value_among_many_texts() -> None:
    texts = ["1234567 a"] * (2 * MANY) + [SQL]
    assert scan(DETECTOR, SQL).detections
    assert reportable(DETECTOR, texts, [()] * len(texts), unlimited_budget())[-1] == len(texts) - 1


@settings(max_examples=share(60))
@given(st.integers(0, 2**32), st.sampled_from([(), ("phone",), ("spec", "ssn")]))
def test_fields_of_json_in_a_text_are_searched_as_if_all_were_opened(
    seed: int, context: tuple[str, ...]
) -> None:
    source = random.Random(seed)  # noqa: S311 - a seed, no secret
    data = [
        source.choice((item(source), {source.choice(WORDS): item(source)}, json.dumps({"ssn": item(source)})))
        for _ in range(source.randrange(1, 60))
    ]
    text = json.dumps(data, ensure_ascii=source.random() < 0.5)
    opened = {
        (found.entity.id, found.normalised)
        for view in expand(text, unlimited_budget())
        for found in DETECTOR.detect(view.text, context + view.context)
    }
    searched = {(found.entity.id, found.normalised) for found in scan(DETECTOR, text, context).detections}
    assert searched <= opened
    assert {value for _, value in opened} == {value for _, value in searched} or _overlap(opened, searched)


def _overlap(opened: set[tuple[str, str]], searched: set[tuple[str, str]]) -> bool:
    """What is found of one place in two ways is told once."""
    return all(
        any(value in other or other in value for _, other in searched) for _, value in opened - searched
    )


@settings(max_examples=share(40))
@given(st.integers(0, 2**32))
def test_what_is_left_out_of_a_batch_has_nothing_to_report(seed: int) -> None:
    source = random.Random(seed)  # noqa: S311 - a seed, no secret
    texts = [item(source) for _ in range(MANY + source.randrange(80))]
    contexts = [source.choice(((), ("phone",), ("data", "ssn"))) for _ in texts]
    kept = reportable(DETECTOR, texts, contexts, unlimited_budget())
    assert kept == sorted(kept)
    for index in set(range(len(texts))) - set(kept):
        assert not scan(DETECTOR, texts[index], contexts[index]).detections


def test_most_of_a_list_of_addresses_is_left_out() -> None:
    texts = [f"93.184.{number % 256}.{number // 256}" for number in range(400)] + [resident_id(SOURCE)]
    assert len(reportable(DETECTOR, texts, [()] * len(texts), unlimited_budget())) <= 8


@pytest.mark.parametrize("count", [3, 300])
def test_a_spent_budget_is_told_of_many_leaves_as_of_few(count: int) -> None:
    limits = replace(SEARCH.limits, steps=100, named="a moment")
    leaves = object_leaves({"phone": [str(20_000_000 + number) for number in range(count)], "x": "2" * 500})
    found = list(find_hidden(RawText("-", "", "json"), leaves, replace(SEARCH, limits=limits)))
    assert found
    assert found[-1][0].rule.id == "pii-scan-incomplete"
