"""`gatecli anonymity discover`: which columns tell whose row it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Annotated

from pydantic import TypeAdapter

from gatecli.anonymity.discovery.column_names import Role
from gatecli.anonymity.discovery.identifying_columns import ERROR, MAX_COLUMNS
from gatecli.anonymity.discovery.identifying_columns import discover as discovered
from gatecli.anonymity.discovery.roles import Combination, Discovery
from gatecli.anonymity.tables.opening import open_table
from gatecli.anonymity.tables.problems import computing
from gatecli.checks.personal_data import search_of
from gatecli.checks.tables.column_entities import classifier
from gatecli.checks.tables.statements import ask_for_formats
from gatecli.cli import table_options as given
from gatecli.cli.numbers import exact
from gatecli.cli.table_arguments import TableGiven, start_of
from gatecli.cli.yaml_output import flow, json_text, table, yaml_lines
from gatecli.frontdoor.console import out
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import GATE, Listing, ListingFormat, PolicyFile, option
from gatecli.gates.concealment import without_values
from gatecli.gates.policies import read_policy
from gatecli.model.number import BelowOne, plain, show_down

SHOWN = 20
"""Combinations that text shows of each kind."""

_SHARE: TypeAdapter[Fraction] = TypeAdapter(BelowOne)


@spread
def discover(
    data: given.Data,
    opened: TableGiven,
    max_columns: Annotated[
        int,
        option(
            "--max-columns", panel=GATE, min=1, max=8, help="The largest number of columns in a combination."
        ),
    ] = MAX_COLUMNS,
    error: Annotated[
        str,
        option(
            "--error",
            panel=GATE,
            metavar="NUMBER",
            help="The largest share of row pairs that an almost unique combination leaves together.",
        ),
    ] = plain(ERROR),
    numeric: given.Numeric = None,
    policy: PolicyFile = None,
    output: ListingFormat = Listing.TEXT,
) -> None:
    """Find the columns that identify people: alone, by name or value, or in combination."""
    rules = read_policy(policy, start_of(data)).policy
    classify = classifier(search_of(rules.spec.pii))
    with open_table(data, opened.options(numeric)) as table_, computing(table_):
        found = discovered(
            table_.table,
            max_columns=max_columns,
            error=exact(error, "--error", _SHARE),
            classify=classify,
        )
    out(_RENDER[output](without_values(found)))


def proposed_roles(found: Discovery) -> dict[str, object]:
    """The roles as a declaration writes them."""
    return {
        "quasiIdentifiers": list(found.with_role(Role.QUASI_IDENTIFIER)),
        "sensitive": list(found.with_role(Role.SENSITIVE)),
        **({} if found.unit is None else {"unit": found.unit.name}),
    }


def _text(found: Discovery) -> str:
    columns = [
        {
            "column": each.name,
            "role": each.role.value,
            "distinct": f"{each.alone.distinct:,}",
            "separation": f"{show_down(each.alone.separation * 100)} %",
            "why": each.why,
        }
        for each in found.columns
    ]
    return "".join(
        [
            f"{found.rows:,} rows\n\n",
            table(columns),
            *_combinations("unique", found.unique),
            *_combinations(f"almost unique (error {plain(found.error)})", found.almost_unique),
            ""
            if found.complete
            else "\nThe search covered a part of all combinations; every figure is exact.\n",
            *_unit(found),
            *(f"\n{question}\n" for question in ask_for_formats(found.doubts)),
            f"\nanonymity: {flow(proposed_roles(found))}\n",
        ]
    )


def _unit(found: Discovery) -> Iterator[str]:
    """What counts persons where rows do not."""
    if found.unit is not None:
        each = show_down(Fraction(found.rows, found.unit.alone.distinct))
        yield f"\na person has {each} rows on average: count persons with --unit {found.unit.name}\n"


def _combinations(kind: str, combinations: tuple[Combination, ...]) -> Iterator[str]:
    if not combinations:
        yield f"\nno combination is {kind}\n"
        return
    worst = sorted(combinations, key=lambda one: (len(one.columns), -one.unique_rows, one.columns))
    more = len(worst) - SHOWN
    yield f"\n{kind}:\n"
    yield table([_row(one) for one in worst[:SHOWN]])
    yield f"… and {more} more (--format json shows all)\n" if more > 0 else ""


def _row(one: Combination) -> dict[str, str]:
    return {
        "columns": ", ".join(one.columns),
        "unique rows": f"{one.unique_rows:,}",
        "distinction": f"{show_down(one.distinction * 100)} %",
        "separation": f"{show_down(one.separation * 100)} %",
    }


def content(found: Discovery) -> dict[str, object]:
    """What was found, as plain data: names of columns and counts."""
    return {
        "rows": found.rows,
        "columns": [
            {
                "name": each.name,
                "role": each.role.value,
                "why": each.why,
                "entity": each.entity,
                **({} if each.doubt is None else {"doubt": each.doubt.value}),
                **_measures(each.alone),
            }
            for each in found.columns
        ],
        "unique": [{"columns": list(one.columns), **_measures(one)} for one in found.unique],
        "almostUnique": [{"columns": list(one.columns), **_measures(one)} for one in found.almost_unique],
        "maxColumns": found.max_columns,
        "error": float(found.error),
        "sampledRows": found.sampled_rows,
        "complete": found.complete,
        "proposal": proposed_roles(found),
    }


def _measures(one: Combination) -> Mapping[str, object]:
    return {
        "distinct": one.distinct,
        "uniqueRows": one.unique_rows,
        "distinction": float(one.distinction),
        "separation": float(one.separation),
    }


def _yaml(found: Discovery) -> str:
    roles = "".join(
        yaml_lines(key, names) if isinstance(names, list) else f"{key}: {flow(names)}\n"
        for key, names in proposed_roles(found).items()
    )
    return roles + "".join(f"# {question}\n" for question in ask_for_formats(found.doubts))


_RENDER: dict[Listing, Callable[[Discovery], str]] = {
    Listing.TEXT: _text,
    Listing.JSON: lambda found: json_text(content(found)),
    Listing.YAML: _yaml,
}
