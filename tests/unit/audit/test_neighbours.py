"""The inputs that mechanisms are attacked on."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Lock

import numpy as np
import pytest

from gatecli.audit.neighbours import (
    Pair,
    Relation,
    check_pairs,
    make_pairs,
    read_domain,
    read_pairs,
    relation_of,
)
from gatecli.errors import ConfigurationError, UncheckableError, UsageError


def test_counts_differ_by_one_in_one_place() -> None:
    for pair in make_pairs(Relation.COUNTS):
        assert sum(abs(one - other) for one, other in zip(pair.first, pair.second, strict=True)) == 1


def test_answers_differ_by_one_at_most_everywhere() -> None:
    for pair in make_pairs(Relation.ANSWERS):
        gaps = [abs(one - other) for one, other in zip(pair.first, pair.second, strict=True)]
        assert max(gaps) == 1


def test_one_record_is_added() -> None:
    for pair in make_pairs(Relation.ADD_REMOVE, range(10)):
        assert pair.second[:-1] == pair.first


def test_one_record_is_replaced() -> None:
    for pair in make_pairs(Relation.REPLACE_ONE, range(10)):
        assert len(pair.first) == len(pair.second)
        assert pair.first[:-1] == pair.second[:-1]
        assert pair.first[-1] != pair.second[-1]


@pytest.mark.parametrize("relation", Relation)
def test_no_pair_is_tried_twice(relation: Relation) -> None:
    domain = range(3) if relation in {Relation.ADD_REMOVE, Relation.REPLACE_ONE} else ()
    words = [pair.words() for pair in make_pairs(relation, domain)]
    assert len(words) == len(set(words))


def test_inputs_that_differ_late_are_two_inputs_and_shown_where_they_differ() -> None:
    pair = Pair([0] * 500 + [1], [0] * 500 + [2])
    assert check_pairs([pair]) == (pair,)
    assert [each[-2:] for each in pair.words()] == ["1]", "2]"]
    assert all(len(each) <= 80 for each in pair.words())


def test_records_whose_words_begin_alike_make_pairs_of_their_own() -> None:
    domain = ["x" * 100 + "a", "x" * 100 + "b", "x" * 100 + "c"]
    assert len(make_pairs(Relation.REPLACE_ONE, domain)) == len(
        make_pairs(Relation.REPLACE_ONE, ["a", "b", "c"])
    )


def test_large_arrays_that_differ_inside_are_two_inputs() -> None:
    one, other = np.zeros(5000), np.zeros(5000)
    other[2500] = 1
    assert check_pairs([Pair(one, other)])
    with pytest.raises(ConfigurationError, match="the same input twice"):
        check_pairs([Pair(one, one.copy())])


def test_an_input_without_bytes_is_named() -> None:
    with pytest.raises(UncheckableError, match="type lock cannot be written"):
        check_pairs([Pair(Lock(), [1])])


@pytest.mark.parametrize(("relation", "domain"), [(Relation.ADD_REMOVE, ()), (Relation.REPLACE_ONE, (1,))])
def test_records_need_a_domain(relation: Relation, domain: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="needs a domain"):
        make_pairs(relation, domain)


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("0..3", (0, 1, 2, 3)),
        ("a,b", ("a", "b")),
        ("1, 2.5,true", (1, 2.5, True)),
        ('[[1], "x"]', ([1], "x")),
    ],
)
def test_a_domain_is_read(text: str, domain: tuple[object, ...]) -> None:
    assert read_domain(text) == domain


@pytest.mark.parametrize("text", ["", "3..1", "a..b", "[1", ","])
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--domain"):
        read_domain(text)


def test_pairs_are_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "pairs.json").write_text(json.dumps([[[1], [1, 2]]]))
    assert read_pairs(tmp_path / "pairs.json") == (Pair([1], [1, 2]),)


@pytest.mark.parametrize("text", ["", "{}", "[]", "[[1]]", "[[1, 2, 3]]", "[1, 2]", "[[1, 1]]", "\ud7ff"])
def test_what_is_no_list_of_pairs_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "pairs.json").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError):
        read_pairs(tmp_path / "pairs.json")


def test_a_file_of_pairs_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.json cannot be read"):
        read_pairs(tmp_path / "gone.json")


@pytest.mark.parametrize(
    ("name", "has_domain", "relation"),
    [
        ("", True, Relation.ADD_REMOVE),
        ("", False, Relation.COUNTS),
        ("answers", False, Relation.ANSWERS),
        ("replace-one", True, Relation.REPLACE_ONE),
    ],
)
def test_a_relation_is_named_or_follows_from_the_domain(
    name: str, relation: Relation, *, has_domain: bool
) -> None:
    assert relation_of(name, has_domain=has_domain) is relation


@pytest.mark.parametrize(("name", "has_domain"), [("cousins", False), ("counts", True)])
def test_a_relation_that_does_not_fit_is_refused(name: str, *, has_domain: bool) -> None:
    with pytest.raises(UsageError):
        relation_of(name, has_domain=has_domain)
