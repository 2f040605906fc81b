"""`gatecli explain RULE`: why a rule exists, examples, how to fix a breach, the source."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from gatecli.checks.personal_data import search_of
from gatecli.cli.shipped import section, shipped_text
from gatecli.errors import UsageError
from gatecli.frontdoor.console import out
from gatecli.gates.catalogue import RULE_IDS, find_rule
from gatecli.gates.policies import read_policy

app = typer.Typer()

_PAGE_LINK = re.compile(r"\[([^][]+)\]\((?!https?:)[^()\s]+\)")
"""A link to another page of the documentation, which a terminal cannot follow."""


@app.command("explain")
def explain(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="The rule's id, as findings show it.")],
) -> None:
    """Explain a rule: why it matters, what fails, what passes, the source."""
    known = find_rule(rule)
    if known is None:
        out(_of_the_policy(rule))
        return
    level = "could not check (exit 4)" if known.uncheckable else known.severity
    text = section(shipped_text("rules.md"), rule) or f"{known.summary}\n"
    plain = _PAGE_LINK.sub(r"\1", text)
    out(f"{rule} · {level}\n\n{plain}\n{known.url}\n")


def _of_the_policy(rule: str) -> str:
    """The explanation of an entity that the nearest policy adds. Raises UsageError where it adds none."""
    policy = read_policy(None, Path()).policy
    spec = policy.spec
    own = next((each for each in spec.pii.own_kinds if each.rule == rule), None)
    if own is None:
        near = get_close_matches(rule, [*RULE_IDS], n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UsageError(f"there is no rule {rule!r}", advice=f"{hint}gatecli rules lists all of them")
    meant = search_of(spec.pii).severities.get(own.entity, "ignored")
    return (
        f"{rule} · {spec.severities.get(rule, meant)}\n\n{own.label} is in plain text: the entity "
        f"{own.entity} of the policy {policy.metadata.name}, {own.origin}.\n\n"
        "**Fix**: move the value to a secret store and reference it, or remove it.\n"
    )
