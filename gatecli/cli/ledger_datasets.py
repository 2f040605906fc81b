"""`gatecli ledger dataset`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter

from gatecli.cli.ledger_show import dataset_line
from gatecli.cli.numbers import exact
from gatecli.errors import UsageError
from gatecli.frontdoor.console import err, out
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import GATE, KeyFile, LedgerUrl, option
from gatecli.gates.ledger_access import missing_dataset, moment, open_ledger
from gatecli.gates.ledger_datasets import DatasetRequest, add_dataset
from gatecli.ledger.interface import Outcome, UnknownDataset
from gatecli.ledger.wording import names_text, near_names
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.number import BelowOne, Positive
from gatecli.sources.files import ReadError
from gatecli.sources.table_schema import schema_digest

app = typer.Typer(no_args_is_help=True, help="Give datasets budgets, list them, close them.")

_EPSILON: TypeAdapter[Fraction] = TypeAdapter(Positive)
_DELTA: TypeAdapter[Fraction] = TypeAdapter(BelowOne)


@dataclass(frozen=True, slots=True)
class BudgetOptions:
    """What is fixed for good, as it was typed."""

    unit: Annotated[
        str, option("--unit", panel=GATE, metavar="UNIT", help="What is protected, such as person.")
    ]
    epsilon: Annotated[
        str, option("--epsilon", panel=GATE, metavar="NUMBER", help="The ε of the budget, for good.")
    ]
    delta: Annotated[
        str, option("--delta", panel=GATE, metavar="NUMBER", help="The δ of the budget; 0 for pure DP.")
    ]
    neighbouring: Annotated[
        Neighbouring, option("--neighbouring", panel=GATE, help="The relation that ε and δ hold under.")
    ] = Neighbouring.ADD_REMOVE

    def budget(self) -> Budget:
        """The budget. Raises UsageError for what is not one."""
        return Budget(exact(self.epsilon, "--epsilon", _EPSILON), exact(self.delta, "--delta", _DELTA))


@dataclass(frozen=True, slots=True)
class DataOptions:
    """What the data are, as it was typed."""

    records: Annotated[
        int | None, option("--records", panel=GATE, metavar="N", min=1, help="How many units it has.")
    ] = None
    schema: Annotated[
        Path | None,
        option(
            "--schema",
            panel=GATE,
            variable="DATASET_SCHEMA",
            metavar="FILE",
            help="A JSON file that says what its columns are; releases must state the same.",
        ),
    ] = None
    parents: Annotated[
        list[str] | None,
        option(
            "--parent",
            panel=GATE,
            metavar="NAME[=C]",
            help="A dataset that is charged too, one unit of which changes C units here; repeatable.",
        ),
    ] = None
    block_of: Annotated[
        str | None,
        option(
            "--block-of",
            panel=GATE,
            metavar="STREAM",
            help="The stream that this is a block in time of.",
        ),
    ] = None


@app.command("add")
@spread
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As releases name it under spec.datasets.")],
    fixed: BudgetOptions,
    data: DataOptions,
    key_file: KeyFile = None,
    url: LedgerUrl = None,
) -> None:
    """Give a dataset its budget. It is fixed: what is added cannot be changed, only closed."""
    request = DatasetRequest(
        name,
        fixed.unit,
        fixed.neighbouring,
        fixed.budget(),
        data.records,
        None if data.schema is None else _digest(data.schema),
        tuple(map(_parent, data.parents or ())),
        data.block_of,
    )
    with open_ledger(url, key=key_file) as store:
        outcome, terms = add_dataset(request, store, moment(datetime.now(UTC)))
        account = store.account(terms.name)
        apart = near_names(name, (each for each in store.account_names() if each != name))
    if account is not None:
        out(dataset_line(account))
    if outcome is Outcome.EXISTS:
        err(f"{name} was there already, with the same terms\n")
    elif apart and not terms.parents:
        err(
            f"gatecli: {name} has a budget of its own beside {names_text(apart)}; if the same people are in "
            f"both, close it, and add it under another name with --parent {apart[0]}\n"
        )


@app.command("list")
def list_datasets(url: LedgerUrl = None) -> None:
    """List the datasets, a line each."""
    with open_ledger(url, read_only=True) as store:
        for account in store.accounts():
            out(dataset_line(account))


@app.command("close")
def close(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A dataset of the ledger.")],
    key_file: KeyFile = None,
    url: LedgerUrl = None,
) -> None:
    """Take no more charges. What is held stays held, and can be committed or voided."""
    with open_ledger(url, key=key_file) as store:
        try:
            store.close_dataset(name, moment(datetime.now(UTC)))
        except UnknownDataset:
            raise missing_dataset(store, name) from None
    err(f"{name} takes no more charges\n")


def _digest(path: Path) -> str:
    try:
        return schema_digest(path)
    except ReadError as error:
        raise UsageError(f"--schema {path}: it {error.problem}", advice=error.mend) from None


def _parent(text: str) -> tuple[str, int | None]:
    name, equals, stability = text.rpartition("=")
    if not equals:
        return text, None
    if not name or not (stability.isascii() and stability.isdecimal()) or not 1 <= int(stability) <= 10**6:
        raise UsageError(
            f"--parent {text}: C is not a whole number from 1 to 1000000", advice="write for example people=3"
        )
    return name, int(stability)
