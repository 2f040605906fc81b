"""One entry: what it says, its evidence, its hash, and whether that follows from the entry before."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from types import MappingProxyType
from typing import Any

from gatecli.dashboard.cards import dataset_link
from gatecli.dashboard.dataset_page import entry_link
from gatecli.ledger.interface import LedgerIdentity, Store
from gatecli.model.ledger import Entry, first_hash, next_hash
from gatecli.model.number import show_up
from gatecli.model.portfolio import COLUMNS, DELTA_UNITS, MEASURE_UNITS, RDP_ORDERS, Amounts

LABELS: Mapping[str, str] = MappingProxyType(
    {
        "basic_epsilon": "ε",
        "basic_delta": "δ",
        "gdp_mu_squared": "μ² of Gaussian privacy",
        "gdp_delta": "δ beyond the Gaussian curve",
        **{f"rdp_{order}": f"Rényi ε at the order {order}" for order in RDP_ORDERS.values()},
        "rdp_delta": "δ beyond the Rényi divergences",
    }
)
"""What each amount of an entry is, in words."""

_LINK = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?", re.ASCII)
_DIGEST = re.compile(r"(sha256:)?[0-9a-f]{40,128}", re.ASCII)
MOST_DETAILS = 500
DEEPEST = 20
"""How deep details are shown; the content holds all of them."""
LONGEST_CONTENT = 200_000
LONGEST_DETAIL = 2_000
"""Characters of one detail that are shown; the content holds all of them."""


@dataclass(frozen=True, slots=True)
class Detail:
    """Something that was declared: its path in the content, its text, and its address if it is one."""

    path: str
    text: str
    link: str = ""
    is_digest: bool = False


@dataclass(frozen=True, slots=True)
class EntryPage:
    """What an entry's page shows. `follows`: its hash is that of the one before it and its content."""

    identity: LedgerIdentity
    entry: Entry
    at: str
    digest: str
    plan: str
    dataset_link: str
    previous_hash: str
    follows: bool
    amounts: tuple[tuple[str, str], ...]
    details: tuple[Detail, ...]
    content: str
    earlier: str
    later: str


def read_entry_page(store: Store, dataset: str, number: int) -> EntryPage | None:
    """The page of an entry; None where there is none of this number."""
    account = store.account(dataset)
    if account is None or number >= account.entries:
        return None
    found = list(store.entries(dataset, after=number - 2, limit=2 if number else 1))
    entry = next((each for each in found if each.number == number), None)
    if entry is None:
        return None
    before = next((each.hash for each in found if each.number == number - 1), "")
    before = before if number else first_hash(store.identity.id, dataset)
    said = read_content(entry.content)
    return EntryPage(
        store.identity,
        entry,
        str(said.get("at", "")),
        str(said.get("digest", "")),
        str(said.get("plan") or ""),
        dataset_link(dataset),
        before,
        bool(before) and next_hash(before, entry.content) == entry.hash,
        tuple(amount_lines(entry.amounts)),
        tuple(islice(details_of(said.get("details", {})), MOST_DETAILS)),
        (json.dumps(said, indent=2, ensure_ascii=False) if said else entry.content)[:LONGEST_CONTENT],
        entry_link(dataset, number - 1) if number else "",
        entry_link(dataset, number + 1) if number + 1 < account.entries else "",
    )


def read_content(content: str) -> dict[str, Any]:
    """The content as data; nothing where it is not that of an entry: somebody changed it."""
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def details_of(value: Any, path: str = "", depth: int = 0) -> Iterator[Detail]:
    """Every value of nested details, with its path; an address of the web is a link, nothing else is."""
    if isinstance(value, dict | list) and depth == DEEPEST:
        yield Detail(path, "…")
    elif isinstance(value, dict):
        for key in value:
            yield from details_of(value[key], f"{path} › {key}" if path else str(key), depth + 1)
    elif isinstance(value, list):
        for place, each in enumerate(value, 1):
            yield from details_of(each, f"{path} {place}".strip(), depth + 1)
    elif value is not None:
        text = value if isinstance(value, str) else json.dumps(value)
        yield Detail(
            path, text[:LONGEST_DETAIL], text if _LINK.fullmatch(text) else "", bool(_DIGEST.fullmatch(text))
        )


def amount_lines(amounts: Amounts) -> Iterator[tuple[str, str]]:
    """The amounts that are not nothing, in the field's units."""
    for column, amount in zip(COLUMNS, amounts, strict=True):
        units = DELTA_UNITS if column.endswith("_delta") else MEASURE_UNITS
        if amount:
            shown = show_up(Fraction(abs(amount), units))  # what is taken back reads as what was charged
            yield LABELS[column], shown if amount > 0 else f"−{shown}"
