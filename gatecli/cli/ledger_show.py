"""`gatecli ledger show`: what is held of each budget, what is guaranteed, and until when it lasts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from itertools import chain
from textwrap import wrap
from typing import Annotated, Any

import typer

from gatecli.cli.yaml_output import flow, json_text
from gatecli.errors import NothingToCheckError
from gatecli.frontdoor.console import out
from gatecli.frontdoor.options import GATE, LedgerUrl, Listing, ListingFormat, option
from gatecli.gates.concealment import without_values
from gatecli.gates.ledger_access import missing_dataset, open_ledger
from gatecli.gates.ledger_statements import Statement, statement_of
from gatecli.ledger.wording import budget_text, forecast_sentence, guarantee_sentence
from gatecli.model.budget import Bounds
from gatecli.model.ledger import STANDING, Account, ReservationState
from gatecli.model.number import plain, show_percent, show_up
from gatecli.model.number import show as show_number
from gatecli.model.portfolio import Admission
from gatecli.reports.summary import plural

WIDTH = 80
BAR = 10
LONGEST_NAME = 24
"""Of a name that the bars are aligned by."""
FULL, EMPTY = "▇", "▁"
INDENT = "  "


def show(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="DATASET", help="Datasets (default: all of them).")
    ] = None,
    composed: Annotated[
        bool,
        option(
            "--composed",
            panel=GATE,
            help="Also compose what happened, as if it had been fixed in advance. This takes a while.",
        ),
    ] = False,
    url: LedgerUrl = None,
    output: ListingFormat = Listing.TEXT,
) -> None:
    """Show what is held of each budget, and what is guaranteed."""
    now = datetime.now(UTC)
    with open_ledger(url, read_only=True) as store:
        accounts = [store.account(name) for name in names] if names else list(store.accounts())
        missing = [name for name, found in zip(names or (), accounts, strict=False) if found is None]
        if missing:
            raise missing_dataset(store, missing[0])
        statements = [statement_of(store, each, now, composes=composed) for each in accounts if each]
    if not statements:
        raise NothingToCheckError("the ledger has no dataset", advice="gatecli ledger dataset add NAME …")
    data = without_values([dataset_data(each) for each in statements])
    match output:
        case Listing.JSON:
            out(json_text({"schema": "gatecli/ledger/v1", "datasets": data}))
        case Listing.YAML:
            out("datasets:\n" + "".join(f"  - {flow(each)}\n" for each in data))
        case Listing.TEXT:
            width = max(len(each.account.terms.name) for each in statements)
            out(without_values("".join(text_of(each, min(width, LONGEST_NAME)) for each in statements)))


def dataset_line(account: Account) -> str:
    """One dataset in a line."""
    terms = account.terms
    parts = [f"{terms.name}  {budget_text(account.terms.budget)} for a {terms.unit}, {terms.neighbouring}"]
    parts += [f"charged with {parent.name}" for parent in terms.parents]
    parts += [f"block of {terms.block_of}"] if terms.block_of else []
    parts += ["closed"] if account.closed else []
    return without_values(" · ".join(parts)) + "\n"


def releases_in(statement: Statement) -> int:
    return sum(statement.states.get(state, 0) for state in STANDING)


def text_of(statement: Statement, width: int = 0) -> str:
    """A dataset in a few lines of 80 columns: what is held, of what, the guarantee, and what lapsed.

    `width` is that of the longest name beside this one.
    """
    terms = statement.account.terms
    full = min(BAR, -(-statement.share.numerator * BAR // statement.share.denominator))
    bar = FULL * full + EMPTY * (BAR - full)
    filters = "all filters" if terms.admission is Admission.ALL else f"the filter {statement.best.value}"
    by = f" by {filters}" if statement.share else ""
    held = f"held {show_percent(statement.share)} of {budget_text(terms.budget)}{by}"
    lines = [
        " · ".join(counts_of(statement)),
        guarantee_sentence(terms),
        *composed_lines(statement),
        *(f"lapsed, still held: {subject}" for subject in statement.lapsed),
    ]
    wrapped = (wrap(line, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT) for line in lines)
    head = f"{terms.name:{width}}  {bar}  {held}"
    return "".join(f"{line}\n" for line in (head, *chain.from_iterable(wrapped)))


def counts_of(statement: Statement) -> Iterator[str]:
    """What is charged, and whether more can be."""
    held = statement.states.get(ReservationState.HELD, 0)
    yield plural(releases_in(statement), "release") + (f" ({held} held)" if held else "")
    if statement.openings:
        yield plural(statement.openings, "opening balance")
    for state, count in sorted(statement.leases.items()):
        yield f"{plural(count, 'lease')} {state.value}"
    yield "closed" if statement.account.closed else forecast_sentence(statement.exhausted)


def composed_lines(statement: Statement) -> list[str]:
    composed = statement.composed
    if composed is None:
        return []
    start = "had these releases been fixed in advance: "
    if not isinstance(composed, Bounds):
        return [f"{start}nothing bounds them ({composed.reasons[0]})"]
    cost = "no finite ε" if composed.upper is None else f"ε ≤ {show_up(composed.upper)}"
    return [f"{start}{cost} at δ = {show_number(composed.delta)}; this is not what is left"]


def whole_percent(share: Fraction) -> int:
    """Rounded up, as what is held is."""
    return -(-share.numerator * 100 // share.denominator)


def dataset_data(statement: Statement) -> dict[str, Any]:
    """A dataset as JSON: exact numbers as text."""
    terms = statement.account.terms
    composed = statement.composed
    upper = composed.upper if isinstance(composed, Bounds) else None
    return {
        "name": terms.name,
        "unit": terms.unit,
        "neighbouring": terms.neighbouring.value,
        "epsilon": plain(terms.budget.epsilon),
        "delta": plain(terms.budget.delta),
        "records": terms.records,
        "parents": [{"name": parent.name, "stability": parent.stability} for parent in terms.parents],
        "blockOf": terms.block_of,
        "closed": statement.account.closed,
        "heldPercent": whole_percent(statement.share),
        "bestMember": statement.best.value,
        "members": {member.value: whole_percent(share) for member, share in statement.shares.items()},
        "releases": releases_in(statement),
        "states": {state.value: count for state, count in sorted(statement.states.items())},
        "openings": statement.openings,
        "leases": {state.value: count for state, count in sorted(statement.leases.items())},
        "lapsed": list(statement.lapsed),
        "exhausted": statement.exhausted.isoformat() if statement.exhausted else None,
        "composedEpsilonInAdvance": plain(upper) if upper is not None else None,
        "entries": statement.account.entries,
        "head": statement.account.head,
    }
