"""Questions to a frame of Spark: partitions, retries and lost tasks change neither answers nor spending."""

from __future__ import annotations

import json
import math
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from gatecli.accounting.portfolio import limits_of
from gatecli.anonymity.tables.frames import open_frame
from gatecli.data import open_table
from gatecli.data.aggregation import Contributions, ExactSums, add_up, kinds_in
from gatecli.data.engines.open_dp import OpenDp
from gatecli.data.statistics import Moment, Part, Rank, SumTerm
from gatecli.data.views import TableView, group_by_keys, with_bounds, with_keys
from gatecli.errors import UncheckableError
from gatecli.ledger.opening import create_store, open_store
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.ledger import DatasetTerms, EntryKind
from tests.support import spark
from tests.support.ledgers import AT, IDENTITY
from tests.support.spark_example import job

PARTITIONS = 64
WARDS = ("a", "b", "c", "nobody's")
OPTIONS: Mapping[str, Any] = {"unit": "pid", "bounds": {"age": (0, 100)}, "keys": {"ward": WARDS}}
PERSONS = Contributions("pid", 1)
CANARIES = ("Zweistein", "4711.25")
ALPHA = 1e-3
RUNS, DRAWS, BINS = 10, 1000, 20


@pytest.fixture(scope="module", name="session")
def spark_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two cores, and four attempts of each task: Spark on one machine has one unless told."""
    folder = tmp_path_factory.mktemp("spark")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        with spark.session(folder, "local[2, 4]") as running:
            yield running


@pytest.fixture(name="drawn")
def draws_of_the_engine(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[int]]]:
    """What the engine was asked to add noise to, each time."""
    calls: list[tuple[str, list[int]]] = []

    def spy(name: str) -> None:
        draw = getattr(OpenDp, name)

        def spied(self: OpenDp, values: Sequence[int], *given: Any) -> Any:
            calls.append((name, list(values)))
            return draw(self, values, *given)

        monkeypatch.setattr(OpenDp, name, spied)

    for name in ("add_laplace", "add_gaussian", "choose_least"):
        spy(name)
    return calls


ROWS = tuple((number // 3, number * 7919 % 110 - 5.0, "abcx"[number % 4]) for number in range(300))
"""Three rows of each of a hundred persons: values outside of the bounds, and a ward that nobody declared."""
SCHEMA = "pid long, age double, ward string"


def people(session: Any, partitions: int) -> Any:
    """The frame of `ROWS`."""
    number = session.range(0, len(ROWS), 1, partitions)
    return number.selectExpr(
        "id div 3 as pid",
        "cast(id * 7919 % 110 - 5 as double) as age",
        "substr('abcx', cast(id % 4 + 1 as int), 1) as ward",
    )


def exact_sums(frame: Any, contributions: Contributions = PERSONS) -> ExactSums:
    opened = open_frame(frame)
    view = with_keys(
        with_bounds(TableView(kinds_in(opened.table.schema())), OPTIONS["bounds"]), OPTIONS["keys"]
    )
    sums = [SumTerm(Moment.ROWS), *(SumTerm(moment, "age") for moment in Moment if moment is not Moment.ROWS)]
    parts: list[Part] = [*sums, Rank("age", Fraction(1, 2))]
    return add_up(opened.table, group_by_keys(view, ["ward"]), parts, contributions)


@pytest.mark.parametrize("contributions", [Contributions(), PERSONS])
def test_sums_are_the_same_in_any_number_of_partitions(session: Any, contributions: Contributions) -> None:
    alone, many = (exact_sums(people(session, number), contributions) for number in (1, PARTITIONS))
    assert alone == many
    counted = sum(sums[SumTerm(Moment.ROWS)] for sums in alone.sums.values())
    assert counted == (100 if contributions is PERSONS else 225)


def test_noise_is_drawn_once_for_all_partitions(
    session: Any, drawn: list[tuple[str, list[int]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is the central one. Had each of the 64 partitions noise of its own and a 64th of ε, each
    would be 64 times as wide, and their sum √64 times as wide as that: 512 times the central error.
    """
    with open_table(people(session, PARTITIONS), budget={"epsilon": 1}, **OPTIONS) as table:
        receipt = table.groupby("ward").agg(n="count", epsilon="0.1").receipt
    ((name, values),) = drawn
    assert (name, len(values)) == ("add_laplace", len(WARDS))
    (mechanism,) = receipt.mechanisms
    scale = mechanism.scale  # type: ignore[union-attr]  # Laplace
    assert scale == 10
    monkeypatch.undo()
    noise = [each - 7 for each in OpenDp().add_laplace([7] * 40_000, scale)]
    central = sum(map(abs, noise)) / len(noise)
    assert central < 1.05 * laplace_error(0.1)  # its own sampling error is 0.5 %
    assert 500 < laplace_deviation(0.1 / PARTITIONS) * math.sqrt(PARTITIONS) / laplace_deviation(0.1) < 515


def laplace_error(epsilon: float) -> float:
    """E|X| of discrete Laplace noise: 2q/(1 − q²) with q = e^(−ε)."""
    q = math.exp(-epsilon)
    return 2 * q / (1 - q * q)


def laplace_deviation(epsilon: float) -> float:
    """√Var X of discrete Laplace noise: Var X = 2q/(1 − q)² with q = e^(−ε)."""
    q = math.exp(-epsilon)
    return math.sqrt(2 * q) / (1 - q)


Unlucky = Callable[[int, int], bool]
"""Whether the task of a partition dies in an attempt."""


def unreliable(session: Any, folder: Path, dies: Unlucky, *, late: bool = False) -> Any:
    """The frame of `people`, a task of which dies with its process: before its first row, or after its last.

    Each attempt leaves a file in the folder.
    """
    folder.mkdir()

    def attempt(rows: Iterator[Any]) -> Iterator[Any]:
        from pyspark import TaskContext  # noqa: PLC0415 - in a worker of Spark

        context = TaskContext.get()
        assert context is not None
        place = context.partitionId(), context.attemptNumber()
        (folder / f"{place[0]}-{place[1]}").touch()
        if not late and dies(*place):
            os._exit(1)
        yield from rows
        if late and dies(*place):
            os._exit(1)

    return session.createDataFrame(session.sparkContext.parallelize(ROWS, 2).mapPartitions(attempt), SCHEMA)


@pytest.fixture(name="ledger")
def ledger_with_people(tmp_path: Path) -> Path:
    path, budget = tmp_path / "ledger.db", Budget(Fraction(8), Fraction(1, 10**5))
    store = create_store(str(path), IDENTITY)
    for name in ("people", "patients-2026"):
        terms = DatasetTerms(name, "person", Neighbouring.ADD_REMOVE, budget, limits_of(budget))
        store.add_dataset(terms, AT)
    store.close()
    return path


def movements(ledger: Path, dataset: str = "people") -> list[EntryKind]:
    """What the ledger holds after the entry that opened the dataset."""
    store = open_store(str(ledger), read_only=True)
    try:
        return [entry.kind for entry in store.entries(dataset)][1:]
    finally:
        store.close()


@pytest.mark.parametrize("when", ["before its first row", "after its last row"])
def test_a_task_that_dies_and_is_retried_changes_neither_spend_nor_draw(
    session: Any, ledger: Path, tmp_path: Path, drawn: list[tuple[str, list[int]]], when: str
) -> None:
    """The second way is also what speculation does: two attempts have computed the same rows, one counts."""
    attempts = tmp_path / "attempts"
    dying = unreliable(
        session, attempts, lambda part, attempt: (part, attempt) == (1, 0), late="after" in when
    )
    with open_table(dying, dataset="people", ledger=ledger, **OPTIONS) as table:
        table.groupby("ward").agg(total=("age", "sum"), epsilon="0.25")
        (question,) = table.budget.questions
    assert {"0-0", "1-0", "1-1"} <= {path.name for path in attempts.iterdir()}
    term = SumTerm(Moment.AMOUNT, "age")
    safe = exact_sums(people(session, 1)).sums
    assert [values for _, values in drawn] == [[safe[ward,][term] for ward in WARDS]]
    assert question.answered
    assert movements(ledger) == [EntryKind.RESERVE, EntryKind.COMMIT]


def test_a_job_that_fails_is_spent_and_shows_no_value(
    session: Any, ledger: Path, drawn: list[tuple[str, list[int]]], capfd: pytest.CaptureFixture[str]
) -> None:
    def stumble(rows: Iterator[Any]) -> Iterator[Any]:
        yield from rows
        raise ValueError(f"cannot read {CANARIES[0]} of {CANARIES[1]}")

    rows = [(number, float(CANARIES[1]), CANARIES[0]) for number in range(4)]
    stumbling = session.sparkContext.parallelize(rows, 1).mapPartitions(stumble)
    failing = session.createDataFrame(stumbling, SCHEMA)
    with open_table(failing, dataset="people", ledger=ledger, **OPTIONS) as table:
        with pytest.raises(UncheckableError, match="the question failed") as caught:
            table.groupby("ward").agg(total=("age", "sum"), epsilon="0.25")
        (question,) = table.budget.questions
    assert not question.answered
    assert drawn == []
    assert movements(ledger) == [EntryKind.RESERVE, EntryKind.COMMIT]
    require_silence(caught.value, "".join(capfd.readouterr()))


def test_a_task_that_dies_each_time_is_spent_and_shows_no_value(
    session: Any, ledger: Path, tmp_path: Path, drawn: list[tuple[str, list[int]]]
) -> None:
    dying = unreliable(session, tmp_path / "attempts", lambda part, _attempt: part == 1)
    with open_table(dying, dataset="people", ledger=ledger, **OPTIONS) as table:
        with pytest.raises(UncheckableError, match="the question failed") as caught:
            table.median("age", epsilon="0.25")
        assert [each.answered for each in table.budget.questions] == [False]
    assert len([path for path in (tmp_path / "attempts").iterdir() if path.name[0] == "1"]) == 4
    assert drawn == []
    assert movements(ledger) == [EntryKind.RESERVE, EntryKind.COMMIT]
    require_silence(caught.value, "")


def require_silence(error: BaseException, output: str) -> None:
    """No canary in the error, in its past, in a frame of its traceback, or in what was printed."""
    assert (error.__cause__, error.__context__) == (None, None)
    ours = [
        frame
        for frame, _ in traceback.walk_tb(error.__traceback__)
        if "/gatecli/" in frame.f_code.co_filename
    ]
    held = "".join(repr(frame.f_locals) for frame in ours)
    assert ours
    assert not [canary for canary in CANARIES for text in (str(error), held, output) if canary in text]


def test_the_job_of_the_example_writes_its_report_and_evidence(
    session: Any, ledger: Path, tmp_path: Path
) -> None:
    rows = [(number, 40.0 + number, ward) for number, ward in enumerate(job().WARDS * 4)]
    frame = session.createDataFrame(rows, ["patient_id", "age", "ward"])
    job().write_report(frame, str(ledger), tmp_path / "report")
    header, *lines = (tmp_path / "report/wards.csv").read_text("utf-8").splitlines()
    assert header == "ward,n,mean_age"
    assert tuple(line.partition(",")[0] for line in lines) == job().WARDS
    evidence = json.loads((tmp_path / "report/evidence.json").read_text("utf-8"))
    assert (evidence["dataset"], evidence["unit"]) == ("patients-2026", "person")
    assert [question["epsilon"] for question in evidence["questions"]] == ["0.5"]
    assert movements(ledger, "patients-2026") == [EntryKind.RESERVE, EntryKind.COMMIT]


def test_the_noise_of_answers_has_its_distribution(session: Any) -> None:
    """χ² on twenty bins that are equally likely, in ten runs: α = 0.001 in each, and one of ten may alarm.

    False alarms: at least two of ten, C(10, 2)·α² = 4.5·10⁻⁵. A test of the variance alarms 22 % of the time
    where 5 % are meant, since it takes the noise for normal: the sample variance of n Laplace draws, whose
    excess kurtosis is 3, itself has the variance 5σ⁴/n and not 2σ⁴/n, and P(|Z| > 1.96·√(2/5)) = 0.215.

    One question has a group for each draw of each run, so that Spark adds up once; one group has a row. Sums
    are in steps of a millionth of their noise: the bins need not heed that they are whole numbers.
    """
    keys = {"run": range(RUNS), "draw": range(DRAWS)}
    frame = session.createDataFrame([(0, 0, 50.0)], ["run", "draw", "age"])
    with open_table(frame, budget={"epsilon": 1}, bounds={"age": (0, 100)}, keys=keys) as table:
        answer = table.groupby("run", "draw").agg(total=("age", "sum"), epsilon=1)
    noise = [row["total"] - (50 if row["run"] == row["draw"] == 0 else 0) for row in answer]
    values = [pvalue(noise[start : start + DRAWS], 100.0) for start in range(0, len(noise), DRAWS)]
    assert len(values) == RUNS
    assert sum(value < ALPHA for value in values) <= 1, values


def pvalue(noise: Sequence[float], scale: float) -> float:
    """Of χ² against Laplace noise of a scale, on bins that are equally likely."""
    places = [min(int(BINS * stats.laplace.cdf(each, scale=scale)), BINS - 1) for each in noise]
    return float(stats.chisquare([places.count(place) for place in range(BINS)]).pvalue)


def test_a_stream_is_refused(session: Any) -> None:
    with pytest.raises(UncheckableError, match="a stream"):
        open_frame(session.readStream.format("rate").load())


def test_text_that_a_column_s_collation_takes_for_equal_is_neither_one_unit_nor_one_group(
    session: Any,
) -> None:
    values = "values ('p', 'a', 1D), ('P', 'A', 2D), ('p', 'a', 3D)"
    collated = (
        "select collate(col1, 'UTF8_LCASE') as pid, collate(col2, 'UTF8_LCASE') as ward, col3 as age from "
    )
    sums = exact_sums(session.sql(collated + values)).sums
    assert [sums[ward,][SumTerm(Moment.ROWS)] for ward in WARDS] == [1, 0, 0, 0]
