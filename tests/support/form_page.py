"""The page of all rows of the table of forms (docs/terraform-forms.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from gatecli.checks.terraform.form_table import FAMILIES, rows_of_family
from gatecli.model.plan_forms import ArgumentCondition, FormCondition, PlanForm

_LONGEST = 60
MARK = "<!-- The rows: written by `make generated`. -->\n"
TITLES = {
    "aws": "Amazon Web Services",
    "google": "Google Cloud",
    "azure": "Azure",
    "lakehouses": "Databricks and Snowflake",
    "kubernetes": "Kubernetes",
    "others": "Other clouds and hubs",
}
DOES = {"dataset": "publishes data", "model": "serves a model", "workload": "applies manifests"}
OPENED = {"dataset": "data", "model": "a model", "workload": "manifests"}
READERS = {
    "everyone": "to everyone",
    "every-account": "to every account",
    "another-organisation": "to another organisation",
}


def form_page(page: str) -> str:
    """The page, with its rows written again."""
    head = page.partition(MARK)[0]
    return head + MARK + "".join(_section(family, rows_of_family(family)) for family in FAMILIES)


def _section(family: str, rows: Sequence[PlanForm]) -> str:
    types = Counter(row.type for row in rows)
    lines = [f"\n## {TITLES[family]}\n", f"{len(rows)} rows of {len(types)} types.\n"]
    lines += ["| type | what it does | if | reads |", "|---|---|---|---|", *map(_line, rows)]
    return "\n".join(lines) + "\n"


def _line(row: PlanForm) -> str:
    name = f"[`{row.type}`]({row.source})" if row.source.startswith("https://") else f"`{row.type}`"
    reads = ", ".join(f"`{'.'.join(filter(None, (read.within, read.path)))}`" for read in row.reads)
    return f"| {name}{'' if row.verified else ' †'} | {_does(row)} | {_conditions(row)} | {reads} |"


def _does(row: PlanForm) -> str:
    if row.readers is None:
        return DOES[row.holds]
    verb = "shares" if row.readers == "another-organisation" else "opens"
    return f"{verb} {OPENED[row.holds]} {READERS[row.readers]}"


def _conditions(row: PlanForm) -> str:
    when = [_condition(row, each) for each in row.when]
    unless = [_condition(row, each) for each in row.unless]
    return " and ".join(when) + (f"{'; ' if when else ''}unless {' or '.join(unless)}" if unless else "")


def _condition(row: PlanForm, condition: FormCondition) -> str:
    if condition.beside is None:
        return _argument(condition, row.within)
    types = " or ".join(f"`{each}`" for each in condition.beside.types)
    said = [_argument(each, "") for each in condition.beside.when]
    return f"{types} of the same {', '.join(condition.beside.joined)}" + (
        f" has {' and '.join(said)}" if said else " is there"
    )


def _argument(condition: ArgumentCondition, within: str) -> str:
    return f"`{'.'.join(filter(None, (within, condition.path)))}` {' '.join(_test(condition))}"


def _test(condition: ArgumentCondition) -> Iterator[str]:
    if condition.any_of is not None:
        yield f"is {_alternatives(condition.any_of)}"
    if condition.none_of is not None:
        yield f"is not {_alternatives(condition.none_of)}"
    if condition.matches is not None:
        yield _pattern(condition.matches)
    if condition.present is not None:
        yield "is set" if condition.present else "is not set"
    if condition.opens is not None:
        yield "lets everyone in"


def _pattern(text: str) -> str:
    """A pattern as a table can show it; a long one is for the file."""
    if len(text) > _LONGEST or "](" in text:
        return "matches the pattern in the table's file"
    return f"matches `{text}`".replace("|", "\\|")


def _alternatives(values: Sequence[str]) -> str:
    return " or ".join(f"`{value}`" for value in values)
