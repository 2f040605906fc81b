"""Tags of a model's version in a registry, against what the ledger says of the release that they name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from pydantic_core import PydanticCustomError

from gatecli.model.budget import Budget
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.ledger import ReservationState, canonical_json
from gatecli.model.number import plain, read_exact

TAGS_DISAGREE = Rule("ledger-tags-disagree", Severity.ERROR, "A model's tags say what the ledger does not")

RULES: tuple[Rule, ...] = (TAGS_DISAGREE,)

RELEASE, EPSILON, DELTA, LEDGER = "gatecli.release", "gatecli.epsilon", "gatecli.delta", "gatecli.ledger"

_MEND = (
    "serve a version whose release is committed; then gatecli ledger mlflow tag NAME@VERSION MODEL/VERSION"
)


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """What a ledger says of a release: where it stands, its commit's hash in each dataset, and its budget.

    `state` is None of a release that the ledger has not heard of, `budget` where no declaration is recorded.
    """

    ledger: str
    release: str
    state: ReservationState | None = None
    entries: Mapping[str, str] = field(default_factory=dict)
    budget: Budget | None = None


def tags_of(record: ReleaseRecord) -> dict[str, str]:
    """The tags that a version of this release must have."""
    budget = record.budget
    stated = {EPSILON: plain(budget.epsilon), DELTA: plain(budget.delta)} if budget else {}
    entries = canonical_json({"entries": dict(record.entries), "id": record.ledger})
    return {RELEASE: record.release, **stated, LEDGER: entries}


def is_tagged(tags: Mapping[str, str]) -> bool:
    """Whether any of our tags is set."""
    return any(key in tags for key in (RELEASE, EPSILON, DELTA, LEDGER))


def find_tag_problems(version: str, tags: Mapping[str, str], record: ReleaseRecord) -> Iterator[Finding]:
    """Every way in which a version's tags disagree with the ledger's record of the release that they name."""
    if not tags.get(RELEASE):
        yield _disagreement(version, "names no release: it has no tag gatecli.release")
        return
    said = _ledger_of(tags.get(LEDGER, ""))
    if said is None:
        yield _disagreement(version, "names no entries: its tag gatecli.ledger is not one that gatecli wrote")
    elif said[0] != record.ledger:
        yield _disagreement(version, "names another ledger than this one")
    elif record.state is not ReservationState.COMMITTED:
        stands = record.state.value if record.state else "not in the ledger"
        yield _disagreement(version, f"names the release {record.release}, which is {stands}")
    elif said[1] != record.entries:
        yield _disagreement(version, f"names entries that the ledger does not have for {record.release}")
    if record.budget is not None:
        for key, number in ((EPSILON, record.budget.epsilon), (DELTA, record.budget.delta)):
            if _number(tags.get(key, "")) != number:
                yield _disagreement(version, f"has another {key} than the ledger: {plain(number)}")


def _ledger_of(text: str) -> tuple[str, Mapping[str, str]] | None:
    """The ledger's id and the entries of a tag; None where it is not of our form."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    match data:
        case {"id": str(ledger), "entries": dict(entries)} if all(
            isinstance(each, str) for each in entries.values()
        ):
            return ledger, entries
        case _:
            return None


def _number(text: str) -> Fraction | None:
    try:
        return read_exact(text)
    except PydanticCustomError:
        return None


def _disagreement(version: str, message: str) -> Finding:
    return make_finding(
        TAGS_DISAGREE,
        f"{version} {message}",
        subject=version,
        place=Place(f"models:/{version}"),
        mend=_MEND,
        identity=f"{version}\0{message}",
    )
