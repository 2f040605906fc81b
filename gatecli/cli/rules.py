"""`gatecli rules`: every rule, by family."""

from __future__ import annotations

import json

import typer

from gatecli.frontdoor.console import out
from gatecli.frontdoor.options import Listing, ListingFormat
from gatecli.gates.catalogue import all_rules
from gatecli.model.finding import Rule

app = typer.Typer()


@app.command("rules")
def rules(output: ListingFormat = Listing.TEXT) -> None:
    """List every rule with its severity."""
    out(_RENDER[output](all_rules()))


def _text(rules: tuple[Rule, ...]) -> str:
    width = max(len(rule.id) for rule in rules)
    lines = [f"{rule.id:<{width}}  {_level(rule):<15}  {rule.summary}" for rule in rules]
    return (
        "\n".join([*lines, "", "gatecli explain RULE says why, shows examples and names the source."]) + "\n"
    )


def _level(rule: Rule) -> str:
    return "could not check" if rule.uncheckable else rule.severity


def _data(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "severity": rule.severity,
        "uncheckable": rule.uncheckable,
        "summary": rule.summary,
        "url": rule.url,
    }


def _json(rules: tuple[Rule, ...]) -> str:
    return json.dumps([_data(rule) for rule in rules], indent=2, ensure_ascii=False) + "\n"


def _yaml(rules: tuple[Rule, ...]) -> str:
    """JSON is YAML; one rule a line reads best."""
    return "".join(f"- {json.dumps(_data(rule), ensure_ascii=False)}\n" for rule in rules)


_RENDER = {Listing.TEXT: _text, Listing.JSON: _json, Listing.YAML: _yaml}
