"""What a record of the OpenDP deployments registry holds, and what it must not.

The keys, the required ones and the permitted words are those of schemas/deployments-schema.yaml of
github.com/opendp/deployments-registry-data in July 2026; what it refuses besides is in its scripts/check.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

Rule = Callable[[object], str | None]
"""Why a value cannot stand there; None where it can."""


def _text(value: object) -> str | None:
    return None if isinstance(value, str) else "it is not text; put it in quotes"


def _texts(value: object) -> str | None:
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return None
    return "it is not a list of one text or more"


def _number(value: object) -> str | None:
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return None if is_number else "it is not a number"


def _number_or_text(value: object) -> str | None:
    return None if isinstance(value, str) or _number(value) is None else "it is neither a number nor text"


def _day(value: object) -> str | None:
    if not isinstance(value, str):
        return "it is not text; put it in quotes"
    try:
        date.fromisoformat(value)
    except ValueError:
        return "it is not a day, as YYYY-MM-DD"
    return None if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) else "it is not a day, as YYYY-MM-DD"


def _anything(_: object) -> str | None:
    return None


def _one_of(*words: object) -> Rule:
    shown = ", ".join(map(str, words))

    def rule(value: object) -> str | None:
        known = any(type(value) is type(word) and value == word for word in words)
        return None if known else f"it is none of {shown}"

    return rule


@dataclass(frozen=True, slots=True)
class RecordPart:
    """An object of the record: what stands under each key, and which keys must be there."""

    keys: Mapping[str, Rule | RecordPart]
    required: frozenset[str] = frozenset()


def _part(required: str = "", **keys: Rule | RecordPart) -> RecordPart:
    return RecordPart(MappingProxyType(keys), frozenset(required.split()))


STATUSES = (
    "Converted",
    "Draft",
    "Pending",
    "Changes Required",
    "Approved",
    "Approved (Update Requested)",
    "Approved (Pending)",
)

RECORD = _part(
    "url_slug status tier deployment",
    url_slug=_text,
    status=_one_of(*STATUSES),
    tier=_one_of(1, 2, 3),
    deployment=_part(
        "basic",
        basic=_part(
            "name data_curators description intended_use data_product_type data_product_region "
            "publication_date",
            name=_text,
            data_curators=_texts,
            intended_use=_text,
            data_product_type=_one_of(
                "Summary statistics",
                "Machine learning model",
                "Dataset",
                "Synthetic data",
                "Interactive API",
                "SQL queries",
            ),
            data_product_region=_text,
            description=_text,
            publication_date=_day,
            data_product_sector=_one_of(
                "Technology", "Healthcare", "Education", "Government", "Energy", "Finance"
            ),
        ),
        dp_variant=_part(
            variant_name=_one_of("Pure DP", "Approximate DP", "Zero-concentrated DP", "Renyi DP", "Custom"),
            data_domain=_text,
            unprotected_quantities=_text,
        ),
        privacy_loss=_part(
            privacy_unit=_text,
            privacy_unit_details=_text,
            privacy_parameters=_part(epsilon=_number, delta=_number_or_text, rho=_number),
            privacy_parameters_details=_anything,
        ),
        deployment_model=_part(
            model_name=_one_of("Local", "Central", "Shuffle", "Federated", "Varies"),
            model_name_details=_text,
            actors=_text,
            release_type=_one_of("One release", "Many releases"),
            release_type_details=_text,
            data_source_type=_one_of("Static", "Dynamic"),
            data_source_type_details=_anything,
            access_type=_one_of("Interactive", "Non-interactive"),
            access_type_details=_text,
        ),
        accounting=_part(post_processing=_text, composition=_text),
        implementation=_part(
            preprocessing_and_hyperparameter_tuning=_text, mechanisms=_text, justification=_text
        ),
        administrative=_part("registry_authors", sources=_text, notes=_text, registry_authors=_texts),
    ),
)


def record_problems(data: object) -> tuple[str, ...]:
    """What the registry would refuse of a record, each with the place; empty where it takes it."""
    return tuple(_problems(data, RECORD, ""))


def _problems(data: object, part: RecordPart, at: str) -> Iterator[str]:
    if not isinstance(data, dict):
        yield f"{at or '/'}: it is not an object"
        return
    for key in sorted(part.required - data.keys()):
        yield f"{at or '/'}: {key} is missing"
    for key, value in data.items():
        rule = part.keys.get(key)
        if rule is None:
            yield f"{at or '/'}: it has a key that the registry does not know"
        elif isinstance(rule, RecordPart):
            yield from _problems(value, rule, f"{at}/{key}")
        else:
            problem = rule(value) or _misread(value)
            if problem is not None:
                yield f"{at}/{key}: {problem}"


_LATEX = re.compile(r"\\\\[^()]")


def _misread(value: object) -> str | None:
    """The registry shows texts as Markdown with LaTeX, and takes two backslashes for a mistake."""
    texts = value if isinstance(value, list) else [value]
    found = any(isinstance(each, str) and _LATEX.search(each) for each in texts)
    return "it has two backslashes, which the registry refuses" if found else None
