"""Decision records as they are read from a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.model.decision import AllocationColumn
from gatecli.sources.decision_record import decision_in, read_decision
from gatecli.sources.files import MissingFileError
from tests.support.written_documents import budget_facts, record_of, some_facts

WRITTEN = record_of(some_facts(budget=budget_facts()))


def test_a_written_record_is_read_back() -> None:
    record = decision_in("a.md", WRITTEN)
    assert (record.status, record.missing, record.fault) == ("proposed", (), None)
    assert [dict(row.cells) for row in record.rows] == [
        {
            AllocationColumn.DATASET: "customers",
            AllocationColumn.UNIT: "person",
            AllocationColumn.EPSILON: "1",
            AllocationColumn.DELTA: "1e-6",
            AllocationColumn.SHARE: "50 %",
            AllocationColumn.EXPIRY: "30 days after it is reserved",
        }
    ]
    assert record.line is not None
    assert WRITTEN.splitlines()[record.line - 1].startswith("| Dataset")
    assert record.stamp is not None
    assert record.questions == 10


def test_a_table_of_other_columns_is_passed_over_and_missing_ones_are_told() -> None:
    other = "| dataset | rows |\n|---|---|\n| x | 5 |\n\n"
    own = "| δ | Epsilon | data set | Dataset |\n|---|---|---|---|\n| 0 | 1 | no | d |\n"
    record = decision_in("a.md", other + own)
    assert record.line == 5
    assert record.missing == (AllocationColumn.UNIT, AllocationColumn.SHARE, AllocationColumn.EXPIRY)
    assert record.rows[0].cells[AllocationColumn.DATASET] == "d"


def test_a_column_that_stands_twice_counts_as_missing() -> None:
    record = decision_in("a.md", "| Dataset | ε | ε |\n|---|---|---|\n| d | 1 | 2 |\n")
    assert AllocationColumn.EPSILON in record.missing


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("---\nstatus: Accepted \n---\n", "Accepted"),
        ('---\nstatus: "accepted"\n---\n', "accepted"),
        ("---\nstatus: [accepted]\n---\n", None),
        ("---\nstatus: accepted\nstatus: proposed\n---\n", None),
        ("---\nstatus: accepted\n", None),
        ("---\n{\n---\n", None),
        ("status: accepted\n", None),
        ("\n---\nstatus: accepted\n---\n", None),
    ],
)
def test_the_status_is_that_of_the_front_matter(head: str, status: str | None) -> None:
    assert decision_in("a.md", head).status == status


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        read_decision(tmp_path / "a.md")


@given(
    at=st.integers(0, len(WRITTEN) - 1),
    put=st.sampled_from(["", "|", "---\n", "<!--", "-->", "\n", "`", "\x00", "<!-- gatecli:document {} -->"]),
)
def test_no_change_of_a_record_breaks_the_reader(at: int, put: str) -> None:
    record = decision_in("a.md", WRITTEN[:at] + put + WRITTEN[at + 1 :])
    assert record.path == "a.md"
