"""Opening a table behind a budget."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatecli import package
from gatecli.data.aggregation import Contributions
from gatecli.data.engines.catalogue import engine_named
from gatecli.data.evidence_target import require_apart
from gatecli.data.isolation.client import IsolatedSession
from gatecli.data.numbers import python_value
from gatecli.data.queries import read_budget
from gatecli.data.reading import open_rows
from gatecli.data.session import OpenedRows, TableSession
from gatecli.data.spending import NamedTier, Purse, SessionPurse, require_within
from gatecli.data.table import PrivateTable
from gatecli.data.views import Key, is_mapping, require_column, require_mapping, with_bounds, with_keys
from gatecli.errors import UsageError
from gatecli.model.budget import Budget

if TYPE_CHECKING:
    from gatecli.model.policy import PrivacyPolicy

MOST_ROWS = 10**5
"""Rows of one unit that may be counted: mechanisms know sensitivities up to a million million steps."""

ROW_UNITS = frozenset({"row", "record"})
"""Units of which a row is one."""


@dataclass(frozen=True, slots=True)
class TableRequest:
    """What a session is opened with; `open_table` says what each means. `numeric` are columns of numbers,
    and `files` what is read beside the table.
    """

    source: Any
    dataset: str | None = None
    budget: Budget | None = None
    ledger: str | None = None
    ledger_key: str | None = None
    policy: PrivacyPolicy | None = None
    sensitivity: str | None = None
    unit: str | None = None
    rows_per_unit: int = 1
    numeric: tuple[str, ...] = ()
    engine: str = "opendp"
    files: tuple[str, ...] = ()


def open_table(  # noqa: PLR0913 - each is one keyword of the one way in
    source: Any,
    *,
    dataset: str | None = None,
    budget: Mapping[str, Any] | None = None,
    ledger: str | os.PathLike[str] | None = None,
    ledger_key: str | os.PathLike[str] | None = None,
    policy: PrivacyPolicy | str | os.PathLike[str] | None = None,
    sensitivity: str | None = None,
    unit: str | None = None,
    rows_per_unit: int = 1,
    bounds: Mapping[str, tuple[Any, Any]] | None = None,
    keys: Mapping[str, Iterable[Key]] | None = None,
    engine: str = "opendp",
    isolated: bool = False,
) -> PrivateTable:
    """A table that can only be asked within a budget.

    `source` is a path (CSV, Parquet, Excel, …), a URL of Spark, or a frame of pandas, Polars, Arrow or Spark.
    `dataset` names it in the `ledger`; without one, `budget={"epsilon": 2.0, "delta": 1e-6}` is what
    this session may spend. `unit` is the column that says whom a row is about, of each of whom at most
    `rows_per_unit` rows are counted; without it each row is a unit of its own. `bounds` and `keys` are
    public: what numbers are clipped to, and the values that a column is grouped by. ε and δ are of one unit
    added or removed. With a `policy` what the session spends must be within the tier of `sensitivity`, and
    the one that the policy binds the dataset to. With `isolated` another process reads the rows and the
    ledger, and this one gets answers alone.

    Raises `gatecli.GatecliError`. Rows are read once, to see that they can be: text in files, and a text file
    whole. In Spark only the columns' names and types are.
    """
    require_mapping({} if bounds is None else bounds, "bounds", "(LOWER, UPPER)")
    request = TableRequest(
        source=source,
        dataset=dataset,
        budget=None if budget is None else _own_budget(budget),
        ledger=None if ledger is None else os.fspath(ledger),
        ledger_key=None if ledger_key is None else os.fspath(ledger_key),
        policy=None if policy is None else _policies().policy_of(policy),
        sensitivity=sensitivity,
        unit=unit,
        rows_per_unit=python_value(rows_per_unit),
        numeric=tuple(map(str, bounds or ())),
        engine=engine,
        files=tuple(
            str(each) if "://" in str(each) else str(Path(each).absolute())
            for each in (ledger, ledger_key, policy)
            if isinstance(each, str | os.PathLike)
        ),
    )
    session = start_isolated(request) if isolated else open_session(request)
    try:
        return PrivateTable(with_keys(with_bounds(session.view, bounds or {}), keys or {}), session)
    except BaseException:
        session.close()
        raise


def start_isolated(request: TableRequest) -> IsolatedSession:
    """A session in another process. Raises GatecliError."""
    return IsolatedSession(request_data(request))


def open_session(request: TableRequest) -> TableSession:
    """A session in this process. Raises GatecliError; of rows nothing is kept."""
    contributions = _contributions(request.unit, request.rows_per_unit)
    tiers = _tiers_of(request)
    purse = _purse(request, contributions)
    try:
        engine = engine_named(request.engine)
        opened = open_rows(request.source, request.numeric)
        session = TableSession(
            OpenedRows(opened, _state_of(request.source), _guard_of(request)),
            contributions,
            purse,
            engine,
            tiers,
        )
    except BaseException:
        purse.close()
        raise
    try:
        if request.unit is not None:
            require_column(session.view, request.unit)
    except BaseException:
        session.close()
        raise
    return session


def request_data(request: TableRequest) -> dict[str, Any]:
    """A request as data for another process. Raises UsageError for a frame, whose rows are in this one."""
    if not isinstance(request.source, str | os.PathLike):
        raise UsageError(
            "the rows of a frame are in this process already, so they cannot be isolated",
            advice="give a path",
        )
    data = {each.name: getattr(request, each.name) for each in fields(request)}
    budget, policy = request.budget, request.policy
    return data | {
        "source": os.fspath(request.source),
        "budget": None if budget is None else [str(budget.epsilon), str(budget.delta)],
        "policy": None if policy is None else _policies().policy_data(policy),
    }


def read_request(data: Mapping[str, Any]) -> TableRequest:
    """The request that was written by `request_data`."""
    budget, policy = data["budget"], data["policy"]
    return TableRequest(
        **{
            **data,
            "numeric": tuple(data["numeric"]),
            "files": tuple(data["files"]),
            "budget": None if budget is None else read_budget(*budget),
            "policy": None if policy is None else _policies().policy_from_data(policy),
        }
    )


def _contributions(unit: str | None, rows: int) -> Contributions:
    if type(rows) is not int or not 1 <= rows <= MOST_ROWS:
        raise UsageError(
            f"rows_per_unit is not a whole number from 1 to {MOST_ROWS}",
            advice="give for example rows_per_unit=3",
        )
    if unit is None and rows != 1:
        raise UsageError("rows_per_unit is given without a unit", advice="name the column: unit=COLUMN")
    return Contributions(unit, rows)


def _policies() -> Any:
    """What reads policies, which a session without one need not import."""
    return package.module("data.tiers")


def _tiers_of(request: TableRequest) -> tuple[NamedTier, ...]:
    """The tiers that bound what a session may spend. Raises UsageError, ConfigurationError."""
    if request.policy is None:
        if request.sensitivity is not None:
            raise UsageError("a sensitivity is given without a policy", advice="give policy=…")
        return ()
    tiers: tuple[NamedTier, ...] = _policies().tiers_of(request.policy, request.sensitivity, request.dataset)
    if request.budget is not None:
        require_within(tiers, request.budget)
    return tiers


def _state_of(source: Any) -> Callable[[], object]:
    """What changes if a file does; a frame is copied or immutable, and databases have their own isolation."""
    if not isinstance(source, str | os.PathLike) or not Path(source).exists():
        return lambda: None
    path = Path(source).absolute()
    return lambda: [_stamp(each) for each in ([path] if path.is_file() else sorted(path.rglob("*")))]


def _guard_of(request: TableRequest) -> Callable[[Path], None]:
    source, files = request.source, request.files
    return lambda target: require_apart(target, source, files)


def _stamp(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _purse(request: TableRequest, contributions: Contributions) -> Purse:
    dataset, budget, ledger, key = request.dataset, request.budget, request.ledger, request.ledger_key
    if (ledger is None) is (budget is None):
        raise UsageError(
            "a table needs a ledger or a budget, and not both",
            advice='give dataset=… and ledger="ledger.db", or budget={"epsilon": 2.0, "delta": 1e-6}',
        )
    if budget is not None:
        return SessionPurse(dataset or "this table", contributions.column or "row", budget)
    if dataset is None:
        raise UsageError("the ledger holds datasets by name, and none is given", advice="give dataset=…")
    purse: Purse = package.member("data.ledger_purse:open_purse")(
        str(ledger), key, dataset, contributions, _now
    )
    try:
        _judge_unit(purse, contributions)
    except BaseException:
        purse.close()
        raise
    return purse


def _own_budget(given: Mapping[str, Any]) -> Budget:
    is_known = is_mapping(given) and set(given) <= {"epsilon", "delta"}
    found = read_budget(given.get("epsilon"), given.get("delta")) if is_known else None
    if found is None:
        raise UsageError("the budget is not epsilon and delta", advice='give {"epsilon": 2.0, "delta": 1e-6}')
    return found


def _judge_unit(purse: Purse, contributions: Contributions) -> None:
    unit = purse.terms.unit
    if contributions.column is None and unit not in ROW_UNITS:
        raise UsageError(
            f"the ledger protects each {unit} of {purse.terms.name}, and no column says whose a row is",
            advice=f"name the column: unit=COLUMN (a row number, where each row is a {unit} of its own)",
        )


def _now() -> datetime:
    """Here alone this package reads the clock: entries of a ledger say when they were made."""
    return datetime.now(UTC)
