"""`gatecli explain RULE`: why a rule exists, examples, how to mend a breach, the source."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from gatecli.cli.catalogue import ALL_RULES, RULE_IDS, UNCHECKABLE_IDS
from gatecli.cli.console import out
from gatecli.cli.shipped import section, shipped
from gatecli.errors import UsageError
from gatecli.sources.policy import read_policy

app = typer.Typer()


@app.command("explain")
def explain(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="The rule's id, as findings show it.")],
) -> None:
    """Explain a rule: why it matters, what fails, what passes, the source."""
    known = {each.id: each for each in ALL_RULES}
    if rule not in known and (own := _of_the_policy(rule)):
        out(own)
        return
    if rule not in known:
        near = get_close_matches(rule, known, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UsageError(f"there is no rule {rule!r}", advice=f"{hint}gatecli rules lists all of them")
    level = "could not check (exit 4)" if known[rule].uncheckable else known[rule].severity
    text = section(shipped("rules.md"), rule) or f"{known[rule].summary}\n"
    out(f"{rule} · {level}\n\n{text}\n{known[rule].url}\n")


def _of_the_policy(rule: str) -> str:
    """The explanation of an entity that the nearest policy adds; "" where it adds none of this rule."""
    policy = read_policy(None, rule_ids=RULE_IDS, uncheckable=UNCHECKABLE_IDS, start=Path()).policy
    custom = next((each for each in policy.spec.pii.custom if each.rule == rule), None)
    if custom is None:
        return ""
    return (
        f"{rule} · error\n\n{custom.label} stands in plain text: the entity {custom.id} of the policy "
        f"{policy.metadata.name}, whose pattern is {custom.pattern}.\n\n"
        "**Mend**: move the value to a secret store and reference it, or remove it.\n"
    )
