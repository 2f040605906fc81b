"""A record of a release for the OpenDP deployments registry.

What the release says is written anew each time; what only people know is asked once, and what they answered
stays. Figures are number tokens with all their digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from gatecli.documents.escaping import escape_markdown
from gatecli.documents.exact_json import number_token
from gatecli.documents.registry_schema import record_problems
from gatecli.documents.statements import (
    FactStatement,
    cost_statements,
    mechanism_statements,
    preparation_statements,
    scope_statements,
)
from gatecli.errors import UsageError
from gatecli.model.budget import Neighbouring, Variant
from gatecli.model.documents import QUESTION, DocumentFacts
from gatecli.model.number import plain, show_up
from gatecli.model.release import TrustModel

_VARIANTS: Mapping[Variant, str] = MappingProxyType(
    {
        Variant.PURE: "Pure DP",
        Variant.APPROXIMATE: "Approximate DP",
        Variant.ZCDP: "Zero-concentrated DP",
        Variant.RDP: "Renyi DP",
        Variant.GDP: "Custom",
    }
)
_MODELS: Mapping[TrustModel, str] = MappingProxyType(
    {TrustModel.CENTRAL: "Central", TrustModel.LOCAL: "Local", TrustModel.SHUFFLE: "Shuffle"}
)
"""The registry has no word for distributed noise: secure aggregation is not all of federated learning."""
_NEIGHBOURS: Mapping[Neighbouring, str] = MappingProxyType(
    {
        Neighbouring.ADD_REMOVE: "One unit is added or removed.",
        Neighbouring.REPLACE_ONE: "One unit is replaced by another.",
        Neighbouring.ZERO_OUT: "One unit is replaced by an empty record.",
    }
)
DIGITS = 15
"""Of an ε that no decimal holds, rounded up."""


def _ask(text: str) -> str:
    return f"{QUESTION} {text}"


def registry_record(facts: DocumentFacts, before: Any, published: str | None, today: date) -> dict[str, Any]:
    """The record, as the registry would take it; `before` is the record that stands there.

    It is published on the day that is said, else on that of the record, else `today`. Raises UsageError
    where it is for another release, and where the registry would refuse it.
    """
    stated = {} if before is None else before
    problems = () if before is None else record_problems(before)
    if problems:
        raise _refusal(problems)
    deployment = _merge_objects(stated.get("deployment", {}), _known_sections(facts))
    basic = {**_first_answers(facts), **deployment.get("basic", {})}
    basic["publication_date"] = published or basic.get("publication_date") or today.isoformat()
    administrative = {"registry_authors": [_ask("who wrote this record?")]}
    deployment = {"basic": basic} | {key: value for key, value in deployment.items() if key != "basic"}
    deployment["administrative"] = administrative | deployment.get("administrative", {})
    record = {"status": "Draft", "tier": _tier(deployment), **stated, "deployment": deployment}
    problems = record_problems({"url_slug": "", **record})
    if problems:
        raise _refusal(problems)
    return {"url_slug": _slug(basic)} | {key: value for key, value in record.items() if key != "url_slug"}


def _refusal(problems: Sequence[str]) -> UsageError:
    return UsageError(
        f"the registry would refuse the record: {problems[0]}",
        advice="change that in the file, or in the release",
    )


def _first_answers(facts: DocumentFacts) -> dict[str, Any]:
    """What stands in a first record: a name, and questions."""
    return {
        "name": escape_markdown(f"{facts.name} {facts.version}"),
        "data_curators": [_ask("who publishes the model?")],
        "intended_use": _ask("what is the model for?"),
        "data_product_type": "Machine learning model",
        "data_product_region": _ask("which region does the data describe, or whose law applies?"),
        "description": _ask("what is the model, in a sentence or two?"),
    }


def _known_sections(facts: DocumentFacts) -> dict[str, Any]:
    """What the release says."""
    claim = facts.claim
    if claim is None:
        raise UsageError(
            "the release promises no privacy, and the registry is of those that do",
            advice="declare spec.privacy",
        )
    loss: dict[str, Any] = {}
    if claim.unit:
        loss["privacy_unit"] = escape_markdown(claim.unit)
    if claim.neighbouring:
        loss["privacy_unit_details"] = _NEIGHBOURS[claim.neighbouring]
    loss |= _parameters(facts)
    model = _MODELS.get(claim.trust_model) if claim.trust_model else None
    sections: dict[str, Any] = {
        "dp_variant": _variant(facts),
        "privacy_loss": loss,
        "deployment_model": {"model_name": model} if model else {},
        "accounting": _sentences("composition", _composition(facts)),
        "implementation": {
            **_sentences("preprocessing_and_hyperparameter_tuning", preparation_statements(facts)),
            **_sentences("mechanisms", mechanism_statements(facts)),
        },
    }
    return {key: value for key, value in sections.items() if value}


def _variant(facts: DocumentFacts) -> dict[str, str]:
    claim = facts.claim
    budget = claim.budget if claim else None
    variant = claim.variant if claim else None
    if variant is None and budget is not None:
        variant = Variant.PURE if budget.delta == 0 else Variant.APPROXIMATE
    return {} if variant is None else {"variant_name": _VARIANTS[variant]}


def _parameters(facts: DocumentFacts) -> dict[str, Any]:
    claim = facts.claim
    budget = claim.budget if claim else None
    given: dict[str, Fraction] = {}
    if budget is not None:
        given |= {"epsilon": budget.epsilon, "delta": budget.delta}
    if claim and claim.rho is not None:
        given["rho"] = claim.rho
    if not given:
        return {}
    shown = {name: _decimal(value) for name, value in given.items()}
    rounded = [
        f"{name} is {plain(given[name])}, and is rounded up here."
        for name in given
        if "/" in plain(given[name])
    ]
    details = {"privacy_parameters_details": " ".join(rounded)} if rounded else {}
    return {"privacy_parameters": shown, **details}


def _decimal(value: Fraction) -> Decimal:
    exact = plain(value)
    return Decimal(show_up(value, DIGITS) if "/" in exact else exact)


def _composition(facts: DocumentFacts) -> Iterator[FactStatement]:
    yield from scope_statements(facts)
    yield from cost_statements(facts)


def _sentences(key: str, statements: Iterable[FactStatement]) -> dict[str, str]:
    text = " ".join(_in_markdown(each) for each in statements)
    return {key: text} if text else {}


def _in_markdown(statement: FactStatement) -> str:
    """The registry shows its texts as Markdown with LaTeX."""
    return statement.form.format(*map(escape_markdown, statement.facts))


def _merge_objects(before: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """`known` over what stands there, object by object; nothing else of that is touched."""
    if not isinstance(before, dict):
        return dict(known)
    deep = {
        key: _merge_objects(before[key], value)
        for key, value in known.items()
        if key in before and isinstance(value, dict)
    }
    return {**before, **known, **deep}


def _tier(deployment: Mapping[str, Any]) -> int:
    """2 where the variant, the unit, its parameters and the deployment model are known, else 1."""
    known = all(
        deployment.get(section, {}).get(key)
        for section, key in (
            ("dp_variant", "variant_name"),
            ("privacy_loss", "privacy_unit"),
            ("privacy_loss", "privacy_parameters"),
            ("deployment_model", "model_name"),
        )
    )
    return 2 if known else 1


def _slug(basic: Mapping[str, Any]) -> str:
    """As the registry's scripts/update_slug.py makes it: the name, the curators, the year."""
    parts = (basic["name"], "-".join(basic["data_curators"]), basic["publication_date"].partition("-")[0])
    return "_".join(re.sub(r"\W+", "_", part.lower()) for part in parts).replace("_", "-")


def record_text(record: Mapping[str, Any]) -> str:
    """The record as YAML that every version of YAML reads alike; no text is folded."""
    return "".join(_lines(record, ""))


def _lines(data: Mapping[str, Any], pad: str) -> Iterator[str]:
    for key, value in data.items():
        match value:
            case Mapping():
                yield f"{pad}{key}:\n"
                yield from _lines(value, pad + "  ")
            case list():
                yield f"{pad}{key}:\n"
                yield from (f"{pad}  - {_scalar(each)}\n" for each in value)
            case _:
                yield f"{pad}{key}: {_scalar(value)}\n"


def _scalar(value: object) -> str:
    match value:
        case Decimal():
            return number_token(value)
        case int():
            return str(value)
        case _:
            return f'"{_ESCAPED.sub(_escape, str(value))}"'


_ESCAPED = re.compile(
    r'["\\]|[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]'
)
"""What stands in double quotes as an escape: quotes, backslashes, and what no reader of YAML prints."""


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
