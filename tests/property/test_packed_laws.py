"""Laws of packed files: nothing that a stranger writes into one ends the run, or is a pass without a word."""

from __future__ import annotations

import gzip
import pickle
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatecli.checks.personal_data import search_of
from gatecli.gates.file_scan import scan_file
from gatecli.model.cells import HEAD, SAMPLE, sample_rows
from gatecli.model.policy import PiiRules
from tests.support.examples import share
from tests.support.packed import SSN, TABLES, people, tar_of, zip_of

SEARCH = search_of(PiiRules())
# The library that reads ORC crashes on some lengths of strings that are wrong (docs/threat-model.md).
PACKED = {name: make(people(30)) for name, make in TABLES.items() if name != "people.orc"} | {
    "people.pkl": pickle.dumps(people(30)),
    "model.zip": zip_of({"a.png": b"\x89PNG\r\n\x1a\n\0", "b.pkl": pickle.dumps([SSN])}),
    "two.tar": tar_of({"a.txt": SSN.encode()}) + tar_of({"b.yaml": b"x: 1"}),
    "two.gz": gzip.compress(b"x: 1\n") + gzip.compress(SSN.encode()),
    "behind.zip": zip_of({"a.txt": b"x"}) + zip_of({"b.txt": SSN.encode()}),
}
FUZZ = settings(
    max_examples=share(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("name", PACKED)
@FUZZ
@given(data=st.data())
def test_no_change_of_bytes_ends_the_run_or_shows_a_value(
    tmp_path: Path, name: str, data: st.DataObject
) -> None:
    content = bytearray(PACKED[name])
    for _ in range(data.draw(st.integers(1, 4), "changes")):
        at = data.draw(st.integers(0, len(content) - 1), "at")
        content[at : at + data.draw(st.integers(0, 4), "drop")] = data.draw(st.binary(max_size=4), "put")
    file = tmp_path / name
    file.write_bytes(content)
    scan = scan_file(file, SEARCH)
    assert SSN not in repr(scan)
    assert scan.checked is not None or scan.findings
    assert scan_file(file, SEARCH) == scan


@given(total=st.integers(0, 10**9), more=st.integers(0, 10))
def test_a_sample_is_ascending_inside_and_begins_with_the_first_rows(total: int, more: int) -> None:
    rows = sample_rows(total, all_rows=False)
    assert len(rows) == min(total, SAMPLE)
    assert list(rows[:HEAD]) == list(range(min(total, HEAD)))
    assert all(a < b for a, b in pairwise(rows))
    assert not rows or rows[-1] < total
    assert sample_rows(total + more, all_rows=True) == range(total + more)
