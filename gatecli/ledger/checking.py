"""What no store takes, whoever asks: amounts that are not whole numbers, texts that a column cannot hold."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

from gatecli.errors import UsageError
from gatecli.ledger.interface import StoredCheckpoint
from gatecli.model.ledger import TRANSITIONS, DatasetTerms, EntryKind, Movement, canonical_json
from gatecli.model.portfolio import MOST, NOTHING, Amounts

LONGEST_NAME = 512
"""Characters of a name: an index of PostgreSQL takes a third of a page."""

TAKING_BACK = frozenset({EntryKind.VOID, EntryKind.RETURN})
CHARGING = frozenset({EntryKind.OPENING, EntryKind.RESERVE, EntryKind.LEASE})

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def is_name(name: str) -> bool:
    """Whether a ledger can hold a name: what cannot be held is not there."""
    return 0 < len(name) <= LONGEST_NAME and not _CONTROL.search(name)


def check_name(name: str, what: str) -> None:
    """Raise UsageError for a name that is empty, too long or no plain text."""
    if not is_name(name):
        raise UsageError(
            f"{what} has a name that a ledger cannot hold",
            advice=f"give it one of 1 to {LONGEST_NAME} characters without control characters",
        )


def check_time(at: str) -> None:
    """Raise UsageError for what is not a time in UTC with whole seconds."""
    if not _TIME.fullmatch(at) or not _is_date(at[:-1]):
        raise UsageError(f"{at!r:.40} is not a time", advice="write it as 2026-11-29T12:00:00Z")


def check_day(day: str) -> None:
    """Raise UsageError for what is not a day."""
    if not _DAY.fullmatch(day) or not _is_date(day):
        raise UsageError(f"{day!r:.40} is not a day", advice="write it as 2026-11-29")


def _is_date(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).date() >= date(1970, 1, 1)
    except ValueError:
        return False


def check_amounts(amounts: Amounts, dataset: str, least: int = 0, most: int = MOST) -> None:
    """Raise UsageError for amounts that are not whole numbers between `least` and `most`."""
    if any(type(amount) is not int or not least <= amount <= most for amount in amounts):
        raise UsageError(
            f"an amount for {dataset} is not a whole number of units between {least} and {most}",
            advice="round it up to whole units; what nothing bounds is charged as its limit and one more",
        )


def check_terms(terms: DatasetTerms, at: str) -> None:
    """Raise UsageError for terms that no store takes."""
    check_time(at)
    check_name(terms.name, "a dataset")
    for parent in terms.parents:
        check_name(parent.name, "a parent")
    check_amounts(terms.limits, terms.name)
    check_text(terms.as_data(), terms.name)


def check_movement(
    movement: Movement, lapses: str | None, releases: Mapping[str, str], signatures: Sequence[str]
) -> None:
    """Raise UsageError for a movement that no store takes."""
    check_name(movement.subject, "a subject")
    check_time(movement.at)
    if lapses is not None:
        check_day(lapses)
    _check_kind(movement, releases)
    _check_charges(movement)
    if type(movement.attempt) is not int or not 0 <= movement.attempt <= MOST:
        raise UsageError(f"the attempt of {movement.subject} is not a whole number from 0")
    if signatures and len(signatures) != len(movement.charges):
        raise UsageError(f"{movement.subject} needs one signature for each charge, or none")
    for release in releases:
        check_name(release, "a release")
    said = (movement.details.get("lapses", lapses), movement.details.get("planned", dict(releases)))
    if said != (lapses, dict(releases)):
        raise UsageError(
            f"what is declared about {movement.subject} says otherwise when it lapses, or what it plans",
            advice="leave `lapses` and `planned` to the ledger",
        )
    for text in (movement.digest, *releases.values(), *signatures):
        check_column(text, movement.subject)
    check_text([dict(movement.details), movement.digest, movement.plan, dict(releases)], movement.subject)


def _check_kind(movement: Movement, releases: Collection[str]) -> None:
    if movement.kind not in TRANSITIONS:
        raise UsageError(f"{movement.kind} is not a movement", advice="add or close a dataset instead")
    if movement.kind in CHARGING and movement.plan is not None:
        raise UsageError(f"{movement.subject} cannot be charged in a plan", advice="reserve the plan itself")
    if releases and (movement.kind is not EntryKind.RESERVE or movement.subject in releases):
        raise UsageError(f"{movement.subject} cannot be a plan of these releases", advice="reserve a plan")


def _check_charges(movement: Movement) -> None:
    if not movement.charges:
        raise UsageError(f"{movement.subject} names no dataset", advice="name what it was made from")
    for name in _distinct((charge.dataset for charge in movement.charges), "dataset"):
        check_name(name, "a dataset")
    for charge in movement.charges:
        if movement.kind in CHARGING:
            check_amounts(charge.amounts, charge.dataset)
        elif movement.kind in TAKING_BACK:
            check_amounts(charge.amounts, charge.dataset, -MOST, 0)
        elif charge.amounts != NOTHING:
            raise UsageError(f"a commit cannot charge {charge.dataset}", advice="the reservation charged it")


def _distinct(names: Iterable[str], what: str) -> list[str]:
    found = list(names)
    if len(set(found)) != len(found):
        raise UsageError(f"a {what} is named twice", advice="name each once")
    return found


def check_text(value: object, subject: str) -> None:
    """Raise UsageError for what no JSON text in UTF-8 says: NaN, infinities, halves of characters."""
    try:
        canonical_json(value).encode()
    except (TypeError, ValueError, RecursionError):
        raise UsageError(
            f"what is declared about {subject} cannot be written as JSON in UTF-8",
            advice="leave out numbers that are not finite, and text that is not Unicode",
        ) from None


def check_column(text: str, subject: str) -> None:
    """Raise UsageError for a text that a column cannot hold, since it has a NUL or half a character."""
    if "\0" in text:
        raise UsageError(f"a text of {subject} has a NUL", advice="leave it out")
    check_text(text, subject)


def check_checkpoint(checkpoint: StoredCheckpoint) -> None:
    """Raise UsageError for a checkpoint that no store takes."""
    check_time(checkpoint.at)
    if type(checkpoint.size) is not int or not 0 <= checkpoint.size <= MOST:
        raise UsageError("the size of a checkpoint is a whole number from 0")
    check_column(checkpoint.note, "a checkpoint")
