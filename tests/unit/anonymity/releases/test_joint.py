"""Three releases and more: each pair, and all together, against an enumeration."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import permutations, product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.anonymity.releases.intersection import IntersectionQuestion
from gatecli.anonymity.releases.joint import intersect_all, intersect_jointly
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.tables.opening import open_table
from gatecli.cli.app import main
from gatecli.errors import UncheckableError
from gatecli.model.disclosure import IntersectionMeasures
from tests.support.examples import share

Rows = Sequence[Sequence[object]]
QUESTION = IntersectionQuestion(("age",), ("disease",), {})


def files_of(folder: Path, releases: Sequence[Rows]) -> list[Path]:
    found = []
    for number, rows in enumerate(releases):
        path = folder / f"release-{number}.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([("age", "disease"), *rows])
        found.append(path)
    return found


def open_releases(stack: ExitStack, folder: Path, releases: Sequence[Rows]) -> list[OpenedTable]:
    return [stack.enter_context(open_table(path)) for path in files_of(folder, releases)]


def measured(folder: Path, *releases: Rows) -> tuple[IntersectionMeasures, ...]:
    with ExitStack() as stack:
        return intersect_all(open_releases(stack, folder, releases), QUESTION)


ONE = [("<30", d) for d in ("hiv", "flu", "cold", "ulcer")]
TWO = [("<40", d) for d in ("hiv", "flu", "asthma", "gout")]
THREE = [("<50", d) for d in ("hiv", "cold", "asthma", "acne")]


def test_three_releases_leave_less_than_any_two(tmp_path: Path) -> None:
    """The first two share {hiv, flu}, the others {hiv, cold} and {hiv, asthma}; all of them {hiv}."""
    found = measured(tmp_path, ONE, TWO, THREE)
    assert [each.l("disease") for each in found] == [2, 2, 2, 1]
    assert [each.k for each in found] == [2, 2, 2, 1]
    assert found[-1].alone == (4, 4, 4)


def test_two_releases_are_measured_as_ever(tmp_path: Path) -> None:
    (found,) = measured(tmp_path, ONE, TWO)
    with ExitStack() as stack:
        joint = intersect_jointly(open_releases(stack, tmp_path, [ONE, TWO]), QUESTION)
    assert (found.k, found.sizes, found.distinct) == (joint.k, joint.sizes, joint.distinct)


def test_releases_that_nobody_is_in_are_not_a_pass(tmp_path: Path) -> None:
    only = [("<30", "cold")] * 4, [("<30", "cold"), ("<30", "flu")], [("<30", "flu")] * 4
    with pytest.raises(UncheckableError, match="no person can be in"):
        measured(tmp_path, *only)


def test_the_command_names_the_releases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = list(map(str, files_of(tmp_path, [ONE, TWO, THREE])))
    asked = ["--quasi-identifier", "age", "--sensitive", "disease"]
    assert main(["anonymity", "intersect", *files, *asked, "--l", "2"]) == 1
    assert (
        "l = 1 < 2 for disease in all 3 releases together: 1 combination of classes"
        in capsys.readouterr().out
    )
    assert main(["anonymity", "intersect", *files[:2], *asked, "--l", "2"]) == 0
    assert main(["anonymity", "intersect", files[0], *asked, "--l", "2"]) == 2


def band(age: int, width: int) -> str:
    return f"[{age // width * width}, {age // width * width + width})"


def enumerated(releases: Sequence[Sequence[tuple[str, str]]]) -> tuple[int, int]:
    """The k and l of all ways to choose a row of each release that pairs allow to be one person's."""
    possible: dict[tuple[int, int], set[tuple[tuple[str, str], tuple[str, str]]]] = {}
    for one, other in product(range(len(releases)), repeat=2):
        if one < other:
            ways = set()
            for order in permutations(releases[other]):
                rows = list(zip(releases[one], order, strict=True))
                if all(a[1] == b[1] and overlaps(a[0], b[0]) for a, b in rows):
                    ways.update(rows)
            possible[one, other] = ways
    people: dict[tuple[str, ...], set[tuple[tuple[str, str], ...]]] = {}
    for chosen in product(*map(set, releases)):
        if all((chosen[one], chosen[other]) in ways for (one, other), ways in possible.items()):
            people.setdefault(tuple(row[0] for row in chosen), set()).add(chosen)
    sizes = [
        min(
            sum(release.count(row) for row in {choice[at] for choice in choices})
            for at, release in enumerate(releases)
        )
        for choices in people.values()
    ]
    return min(sizes), min(len({choice[0][1] for choice in choices}) for choices in people.values())


def overlaps(one: str, other: str) -> bool:
    (a, b), (c, d) = ([int(part) for part in text[1:-1].split(",")] for text in (one, other))
    return a < d and c < b


@settings(max_examples=share(40), deadline=None)
@given(
    people=st.lists(st.tuples(st.integers(0, 9), st.sampled_from("xy")), min_size=1, max_size=5),
    widths=st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6)),
)
def test_every_small_triple_is_judged_as_an_enumeration_does(
    tmp_path_factory: pytest.TempPathFactory, people: list[tuple[int, str]], widths: tuple[int, int, int]
) -> None:
    releases = [[(band(age, width), value) for age, value in people] for width in widths]
    found = measured(tmp_path_factory.mktemp("triple"), *releases)[-1]
    assert (found.k, found.l("disease")) == enumerated(releases)
