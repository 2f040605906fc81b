"""Two releases of one table: the published example, and every small table against an enumeration."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.anonymity.releases.intersection import IntersectionQuestion, intersect
from gatecli.anonymity.tables.opening import open_table
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.disclosure import IntersectionMeasures
from tests.support.examples import share

Person = tuple[int, str]


def written(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def measured(
    folder: Path,
    one: Sequence[Sequence[object]],
    two: Sequence[Sequence[object]],
    header: Sequence[str] = ("age", "disease"),
    quasi_identifiers: tuple[str, ...] = ("age",),
) -> IntersectionMeasures:
    question = IntersectionQuestion(quasi_identifiers, ("disease",), {})
    files = [written(folder / f"{at}.csv", header, rows) for at, rows in enumerate((one, two))]
    with open_table(files[0]) as earlier, open_table(files[1]) as later:
        return intersect(earlier, later, question)


FIRST = [("<30", d) for d in ("heart", "viral", "hiv", "cancer")] + [(">=30", "flu")] * 4
SECOND = [("<35", d) for d in ("hiv", "ulcer", "cold", "asthma")] + [(">=35", "flu")] * 4


def test_two_tables_of_k_4_leave_one_value(tmp_path: Path) -> None:
    found = measured(tmp_path, FIRST, SECOND)
    assert (found.alone, found.k, found.l("disease")) == ((4, 4), 1, 1)
    assert not found.is_same_people


def test_a_coarser_release_of_the_same_classes_tells_nothing_new(tmp_path: Path) -> None:
    coarse = [("*", disease) for _, disease in FIRST]
    found = measured(tmp_path, FIRST, coarse)
    assert (found.k, found.l("disease"), found.is_same_people) == (4, 1, True)


def test_a_column_that_nobody_named_links_the_rows(tmp_path: Path) -> None:
    one = [("<30", "flu", number) for number in range(4)]
    two = [("<20" if number < 2 else "*", "flu", number) for number in range(4)]
    found = measured(tmp_path, one, two, ("age", "disease", "visit"))
    assert (found.links, found.k) == (("disease", "visit"), 2)
    unlinked = measured(tmp_path, [row[:2] for row in one], [row[:2] for row in two])
    assert unlinked.k == 2
    assert measured(tmp_path, one, one, ("age", "disease", "visit")).k == 4


def test_a_quasi_identifier_of_one_release_alone_constrains_nothing(tmp_path: Path) -> None:
    header, rows = ("age", "disease", "zip"), [(*row, "13053") for row in FIRST]
    question = IntersectionQuestion(("age", "zip"), ("disease",), {})
    one = written(tmp_path / "one.csv", header, rows)
    two = written(tmp_path / "two.csv", ("age", "disease"), FIRST)
    with open_table(one) as earlier, open_table(two) as later:
        assert intersect(earlier, later, question).k == 4


def test_releases_that_nobody_can_be_in_are_not_a_pass(tmp_path: Path) -> None:
    with pytest.raises(UncheckableError, match="no person can be in both"):
        measured(tmp_path, [("20", "flu")] * 5, [("30", "flu")] * 5)


def test_releases_without_a_common_column_are_refused(tmp_path: Path) -> None:
    one = written(tmp_path / "one.csv", ("age", "disease"), FIRST)
    two = written(tmp_path / "two.csv", ("zip", "disease"), FIRST)
    with (
        open_table(one) as earlier,
        open_table(two) as later,
        pytest.raises(UsageError, match="no quasi-identifier in common"),
    ):
        intersect(earlier, later, IntersectionQuestion(("age", "zip"), ("disease",), {}))


def band(age: int, width: int, start: int) -> str:
    low = (age - start) // width * width + start
    return f"[{low}, {low + width})"


def enumerated(one: Sequence[tuple[str, str]], two: Sequence[tuple[str, str]]) -> tuple[int, int]:
    """The k and the l over all ways in which the rows of one release can be the people of the other."""
    values: dict[tuple[str, str], set[str]] = defaultdict(set)
    for order in permutations(two):
        fits = all(s == z and _overlap(a, b) for (a, s), (b, z) in zip(one, order, strict=True))
        if fits:
            for (a, s), (b, _) in zip(one, order, strict=True):
                values[a, b].add(s)
    rows = [Counter(one), Counter(two)]
    sizes = [
        min(sum(rows[0][a, s] for s in left), sum(rows[1][b, s] for s in left))
        for (a, b), left in values.items()
    ]
    return min(sizes), min(len(left) for left in values.values())


def _overlap(one: str, other: str) -> bool:
    (a, b), (c, d) = ([int(part) for part in text[1:-1].split(",")] for text in (one, other))
    return a < d and c < b


@settings(max_examples=share(150), deadline=None)
@given(
    people=st.lists(st.tuples(st.integers(0, 9), st.sampled_from("xyz")), min_size=1, max_size=6),
    widths=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    starts=st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
def test_every_small_pair_of_releases_is_judged_as_an_enumeration_does(
    tmp_path_factory: pytest.TempPathFactory,
    people: list[Person],
    widths: tuple[int, int],
    starts: tuple[int, int],
) -> None:
    one, two = (
        [(band(age, width, start), value) for age, value in people]
        for width, start in zip(widths, starts, strict=True)
    )
    found = measured(tmp_path_factory.mktemp("pair"), one, two)
    assert found.is_same_people
    assert (found.k, found.l("disease")) == enumerated(one, two)
