"""Workbooks: what a spreadsheet program would show is measured, or nothing."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest

from gatecli.anonymity.measure import measure
from gatecli.anonymity.tables.interface import TableOptions
from gatecli.anonymity.tables.opening import open_table
from gatecli.errors import UncheckableError
from gatecli.model.anonymity import AnonymityQuestion, Measures, Scale

VALUE = "Zweistein-4711"
SHEET = "xl/worksheets/sheet1.xml"
COMPUTED = (b' fullCalcOnLoad="1"', b"")
"""What a spreadsheet program takes out of the workbook that it saves."""


def ask(path: Path, sensitive: str = "") -> Measures:
    with open_table(path, TableOptions(threads=1)) as opened:
        return measure(opened, AnonymityQuestion(("age",), (sensitive,) if sensitive else ()))


def refusal(path: Path) -> str:
    with pytest.raises(UncheckableError) as caught:
        ask(path)
    assert VALUE not in caught.value.message + caught.value.advice
    return caught.value.message.replace(str(path), "FILE")


Rows = Sequence[Sequence[object]]


def parts_of(rows: Rows, *, merged: str = "") -> dict[str, bytes]:
    workbook, packed = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        workbook.active.append(row)
    if merged:
        workbook.active.merge_cells(merged)
    workbook.save(packed)
    with zipfile.ZipFile(packed) as parts:
        return {part: parts.read(part) for part in parts.namelist()}


def write(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return path


def spoiled(tmp_path: Path, rows: Rows, *changes: tuple[str, bytes, bytes]) -> Path:
    """A workbook of these rows; a change is a part's name, what is replaced in it and by what."""
    parts = parts_of(rows)
    for part, old, new in changes:
        assert re.search(old, parts[part])
        parts[part] = re.sub(old, new, parts[part])
    return write(tmp_path / "data.xlsx", parts)


def test_excel_is_read(tmp_path: Path) -> None:
    rows: Rows = [["zip", "age"], ["01234", 34], ["1234", 34], [None, 51], [None, None]]
    found = ask(write(tmp_path / "data.xlsx", parts_of(rows)), "zip")
    assert (found.records, found.classes, found.by_sensitive[0].scale) == (3, 2, Scale.CATEGORICAL)


def test_numbers_stay_numbers(tmp_path: Path) -> None:
    path = write(tmp_path / "data.xlsx", parts_of([["age", "cost"], [1, 2], [1, 3.5]]))
    assert ask(path, "cost").by_sensitive[0].scale is Scale.NUMERIC


@pytest.mark.parametrize("size", [b"A1:B3", b"A1", b"A1:A9"])
def test_a_sheet_is_read_to_its_end_whatever_size_it_claims(tmp_path: Path, size: bytes) -> None:
    claimed = (SHEET, rb'<dimension ref="[^"]*"', b'<dimension ref="%s"' % size)
    found = ask(spoiled(tmp_path, [["zip", "age"], [1, 2], [1, 2], [1, 3]], claimed))
    assert (found.records, found.k) == (3, 1)


@pytest.mark.parametrize("value", [b"<v></v>", b"<v />", b"<v>0</v>", b""])
def test_formulas_that_no_program_has_computed_are_no_values(tmp_path: Path, value: bytes) -> None:
    """A script leaves out their values, or writes zeros, and has them computed on load."""
    formulas: Rows = [["zip", "age"], *([1, f"={at}+1"] for at in range(5))]
    path = spoiled(tmp_path, formulas, (SHEET, rb"<v></v>|<v ?/>", value))
    assert refusal(path) == "FILE holds formulas that no program has computed"


@pytest.mark.parametrize("formula", [b"<f>1+1</f>", b'<f t="shared" si="0"/>', b"<f>1+1</f> "])
def test_a_formula_without_a_value_is_not_a_missing_value(tmp_path: Path, formula: bytes) -> None:
    """Apache POI asks for no computation on load."""
    changes = (SHEET, rb"<f>.*?</f><v ?(?:/>|></v>)", formula), ("xl/workbook.xml", *COMPUTED)
    path = spoiled(tmp_path, [["zip", "age"], [1, 2], [1, "=1+1"]], *changes)
    assert refusal(path) == "FILE holds formulas that no program has computed"


def test_a_computed_formula_is_its_value(tmp_path: Path) -> None:
    changes = (SHEET, rb"<v></v>|<v ?/>", b"<v>2</v>"), ("xl/workbook.xml", *COMPUTED)
    found = ask(spoiled(tmp_path, [["zip", "age"], [1, 2], [1, "=1+1"]], *changes))
    assert (found.records, found.k) == (2, 2)


def test_an_empty_text_that_was_computed_is_missing(tmp_path: Path) -> None:
    changes = (SHEET, rb'(<c r="B3")[^>]*>', rb'\1 t="str">'), ("xl/workbook.xml", *COMPUTED)
    found = ask(spoiled(tmp_path, [["zip", "age"], [1, 2], [1, '=""']], *changes))
    assert (found.records, found.missing) == (2, {"age": 1})


@pytest.mark.parametrize("number", [b"1", b"2"])
def test_rows_that_are_numbered_out_of_order_are_not_left_out(tmp_path: Path, number: bytes) -> None:
    path = spoiled(
        tmp_path, [["zip", "age"], [1, 2], [1, 3]], (SHEET, rb'<row r="3"', b'<row r="%s"' % number)
    )
    assert refusal(path) == "FILE numbers its rows out of order, and some would be left out"


def test_merged_cells_are_not_missing_values(tmp_path: Path) -> None:
    parts = parts_of([["zip", "age"], [1, 2], [1, None]], merged="B2:B3")
    sentence = refusal(write(tmp_path / "data.xlsx", parts))
    assert sentence == "FILE has merged cells, of which only the first holds the value"


@pytest.mark.parametrize(
    ("part", "spoil"),
    [
        (SHEET, lambda data: data[:-30]),
        (SHEET, lambda _: None),
        ("xl/workbook.xml", lambda _: b"<a/>"),
        ("xl/workbook.xml", lambda data: data.replace(b"Sheet", b"\0")),
        ("[Content_Types].xml", lambda _: b""),
        ("xl/styles.xml", lambda _: b"<styleSheet"),
    ],
)
def test_a_spoiled_workbook_is_uncheckable(
    tmp_path: Path, part: str, spoil: Callable[[bytes], bytes | None]
) -> None:
    parts = parts_of([["zip", "age"], [1, 2]])
    changed = spoil(parts.pop(part))
    path = write(tmp_path / "data.xlsx", parts if changed is None else {**parts, part: changed})
    assert refusal(path) == "FILE is truncated or not an Excel workbook"


@pytest.mark.parametrize("beyond", [VALUE, 0])
def test_a_row_of_a_workbook_is_not_cut_to_the_header(tmp_path: Path, beyond: object) -> None:
    path = write(tmp_path / "data.xlsx", parts_of([["zip", "age"], [1, 2, beyond]]))
    assert refusal(path) == "FILE: row 2 has more columns than the header"
