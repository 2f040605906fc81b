"""Queries: what is asked for, or a sentence."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qsl

import pytest

from gatecli.dashboard.filters import BadQuery, DatasetFilter, EntryFilter, dataset_filter, entry_filter
from gatecli.model.ledger import EntryKind


def test_empty_fields_filter_nothing() -> None:
    wanted = entry_filter({"kind": "", "subject": " ", "from": "", "to": "", "before": ""})
    assert wanted == EntryFilter()
    assert wanted.is_empty


def test_a_query_is_read_and_written_the_same() -> None:
    wanted = EntryFilter(EntryKind.VOID, "a b&c=é", date(2026, 1, 2), date(2026, 3, 4))
    assert entry_filter(dict(parse_qsl(wanted.query(17)))) == EntryFilter(
        EntryKind.VOID, "a b&c=é", date(2026, 1, 2), date(2026, 3, 4), 17
    )
    datasets = DatasetFilter("a b&c", by_held=True)
    assert dataset_filter(dict(parse_qsl(datasets.query(3)))) == DatasetFilter("a b&c", by_held=True, page=3)


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "other"}, {"from": "yesterday"}, {"to": "2026-13-01"}, {"before": "-1"}, {"before": "1e3"},
        {"before": "٣"}, {"before": "9" * 19}, {"subject": "x" * 201},
    ],
    ids=str,
)  # fmt: skip
def test_what_means_nothing_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(BadQuery):
        entry_filter(query)


@pytest.mark.parametrize("query", [{"order": "size"}, {"page": "x"}, {"name": "x" * 201}], ids=str)
def test_datasets_are_asked_for_in_words_that_mean_something(query: dict[str, str]) -> None:
    with pytest.raises(BadQuery):
        dataset_filter(query)


def test_pages_count_from_one() -> None:
    assert dataset_filter({"page": "0"}).page == 1
