"""The section of a Hugging Face model card that says what a release promises, and its metadata.

The hub takes keys that it does not know (huggingface_hub: `ModelCardData`); `privacy` is left alone, since a
declaration may stand there. The section begins with a mark and ends with its stamp.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gatecli.documents.statements import mechanism_statements
from gatecli.errors import UsageError
from gatecli.model.documents import DocumentFacts
from gatecli.model.number import plain
from gatecli.reports.escaping import visible

TAG = "differential-privacy"
KEY = "gatecli"

_SECTION = re.compile(
    r"<!-- gatecli:section model-card -->\r?\n.*?<!-- gatecli:document \{[^\r\n]*\} -->", re.DOTALL
)
_MARK = "<!-- gatecli:section model-card -->"


def section_facts(facts: DocumentFacts) -> Mapping[str, Any]:
    """What the template of the section uses besides the facts."""
    return {"mechanisms": tuple(mechanism_statements(facts))}


def card_section(card: str, name: str) -> str | None:
    """The section of a card, from its mark to its stamp; None where it has none.

    Raises UsageError where there is more than one, or half of one.
    """
    found = _SECTION.findall(card)
    if len(found) != card.count(_MARK) or len(found) > 1:
        raise UsageError(
            f"{name}: its privacy section cannot be told from the rest",
            advice="restore it from git, or remove all of it with its marks; nothing was written",
        )
    return found[0].replace("\r\n", "\n") if found else None


def with_section(card: str, section: str) -> str:
    """The card with the section in the place of its old one, or at its end."""
    ending = "\r\n" if "\r\n" in card else "\n"
    text = section.rstrip("\n").replace("\n", ending)
    if _SECTION.search(card):
        return _SECTION.sub(lambda _: text, card)
    if not card or card.endswith(ending * 2):
        return f"{card}{text}{ending}"
    gap = ending if card.endswith(ending) else ending * 2
    return f"{card}{gap}{text}{ending}"


def card_metadata(facts: DocumentFacts) -> dict[str, str]:
    """What stands under the key `gatecli`: figures as text, since YAML would read them as floats."""
    claim = facts.claim
    budget = claim.budget if claim else None
    stated = {
        "release": facts.identity,
        "epsilon": plain(budget.epsilon) if budget else None,
        "delta": plain(budget.delta) if budget else None,
        "unit": claim.unit if claim else None,
        "neighbouring": claim.neighbouring.value if claim and claim.neighbouring else None,
        "policy": facts.policy.name,
    }
    return {key: visible(value) for key, value in stated.items() if value is not None}
