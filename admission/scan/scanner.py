"""One pass over a cluster: every kind listed, every object judged, counted by namespace."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import partial

from admission.cluster.attestations import AttestationReader
from admission.cluster.client import (
    METADATA_ALONE,
    Client,
    ClusterError,
    ExpiredError,
    ForbiddenError,
    MissingError,
)
from admission.logs import LOGGER
from admission.policy_loader import unread
from admission.review.enforcement import REFUSED, Act
from admission.review.judging import DecisionReason
from admission.review.rulebook import Rulebook
from admission.scan.judgement import Found, ObjectResult, ScanContext, look
from admission.scan.kinds import KINDS, SECRET, Kind, further_kinds
from admission.scan.listing import SECONDS, Item, Lister, Pace
from admission.server.health import Clock
from admission.server.workers import Workers
from gatecli.errors import ConfigurationError
from gatecli.model.finding import Finding

BEGINNINGS = 3
"""How often the list of one kind is begun, where it expires before its end."""
SLICE = 0.05
"""Seconds that a thread judges before it looks up: the pass may have been called off."""


class State(StrEnum):
    """What a result is in a policy report, the worst first."""

    ERROR = "error"
    FAIL = "fail"
    WARN = "warn"
    SKIP = "skip"

    @property
    def rank(self) -> int:
        return list(State).index(self)


def state_of(one: Found) -> State:
    """Not judged, would be refused today, would be let in with a word, or forgiven."""
    if one.finding.rule.uncheckable:
        return State.ERROR
    if one.finding.suppressed is not None:
        return State.SKIP
    return State.FAIL if one.act in REFUSED else State.WARN


def worst_first(one: Found) -> tuple[object, ...]:
    """The order of results, the same for the same objects."""
    about = one.about
    return (
        state_of(one).rank,
        *one.finding.sort_key[1:],
        about.uid if about else "",
        one.finding.fingerprint,
    )


@dataclass(slots=True)
class Tally:
    """What stands in one namespace ("": in none). All is counted; of the results the worst `most` are kept.

    `objects` are those that were judged, `clean` those without a result that counts; `copies` are findings
    that are told of an owner.
    """

    objects: int = 0
    clean: int = 0
    exempt: int = 0
    copies: int = 0
    states: Counter[State] = field(default_factory=Counter)
    verdicts: Counter[tuple[str, Act]] = field(default_factory=Counter)
    results: list[Found] = field(default_factory=list)

    def add(self, seen: ObjectResult, most: int | None) -> None:
        """Take one object in."""
        if seen.reason in {DecisionReason.EXEMPT, DecisionReason.NOT_APPLICABLE}:
            self.exempt += 1
            return
        self.objects += 1
        self.clean += all(state_of(one) is State.SKIP for one in seen.found) and not seen.copies
        self.copies += seen.copies
        self._take(seen.found, most)

    def merge(self, other: Tally, most: int | None) -> None:
        """Take in what another kind has in the same namespace."""
        self.objects += other.objects
        self.clean += other.clean
        self.exempt += other.exempt
        self.copies += other.copies
        self.states += other.states
        self.verdicts += other.verdicts
        self.results += other.results
        self._cut(most)

    def _take(self, found: Iterable[Found], most: int | None) -> None:
        for one in found:
            self.states[state_of(one)] += 1
            self.verdicts[one.finding.rule.id, one.act] += 1
            self.results.append(one)
        self._cut(most)

    def _cut(self, most: int | None) -> None:
        if most is not None and len(self.results) > 2 * most:
            self.results = sorted(self.results, key=worst_first)[:most]


@dataclass(slots=True)
class Listed:
    """One kind: what was seen, by namespace; or why it was not (`problem`), or not to be (`skipped`)."""

    kind: Kind
    namespaces: dict[str, Tally] = field(default_factory=dict)
    is_served: bool = True
    problem: Finding | None = None
    skipped: str = ""

    @property
    def objects(self) -> int:
        return sum(tally.objects for tally in self.namespaces.values())


@dataclass(frozen=True, slots=True)
class ScanPass:
    """What a pass saw, kind by kind, and by what policy."""

    rulebook: Rulebook
    kinds: Sequence[Listed]
    problems: tuple[Finding, ...] = ()
    """What kept it from knowing which kinds there are."""
    notes: tuple[str, ...] = ()

    @property
    def unread(self) -> tuple[Finding, ...]:
        """What was not listed though it should have been."""
        return (*self.problems, *(each.problem for each in self.kinds if each.problem is not None))

    @property
    def is_complete(self) -> bool:
        """Whether all was listed; a server that knows none of the kinds told nothing."""
        return not self.unread and any(each.is_served and not each.skipped for each in self.kinds)

    def by_namespace(self, most: int | None = None) -> Mapping[str, Tally]:
        """What stands in each namespace in which anything was judged, of all kinds."""
        merged: defaultdict[str, Tally] = defaultdict(Tally)
        for each in self.kinds:
            for namespace, tally in each.namespaces.items():
                if tally.objects:
                    merged[namespace].merge(tally, most)
        return dict(sorted(merged.items()))


@dataclass(frozen=True, slots=True)
class ScanScope:
    """What a pass looks at: `namespace` alone, or all; Secrets or not (their metadata, as the policy says).

    `configuration` is the validating webhook configuration that may name further kinds: who may not read
    it is told so, and where `is_webhook`, it is a fault. `most` is how many results of a namespace are
    kept, all without it.
    """

    configuration: str
    is_webhook: bool = True
    namespace: str = ""
    has_secrets: bool = True
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Scanner:
    """All that a pass works with. `workers` are its own: the webhook's must stay free for requests."""

    client: Client
    workers: Workers
    clock: Clock
    pace: Pace
    scope: ScanScope
    read_attestations: AttestationReader

    async def scan(self, rulebook: Rulebook, day: date) -> ScanPass:
        """One pass. Raises DeposedError where the pace calls it off; all else is part of the result."""
        context = ScanContext(rulebook, day, self.clock)
        further, problems, notes = await self._further()
        kinds = [*KINDS, *(kind for kind in further if kind.is_namespaced or not self.scope.namespace)]
        return ScanPass(rulebook, [await self._kind(kind, context) for kind in kinds], problems, notes)

    async def _further(self) -> tuple[tuple[Kind, ...], tuple[Finding, ...], tuple[str, ...]]:
        try:
            ask = partial(further_kinds, self.client, self.scope.configuration)
            return await self.pace.patiently(ask), (), ()
        except (ClusterError, ConfigurationError) as error:
            if isinstance(error, ForbiddenError) and not self.scope.is_webhook:
                return (), (), (f"further kinds that a webhook may judge are not known: {error.message}",)
            return (), (unread("the kinds that the webhook checks are not known", "webhook", error),), ()

    async def _kind(self, kind: Kind, context: ScanContext) -> Listed:
        if why := self._why_not(kind, context.rulebook):
            return Listed(kind, skipped=why)
        try:
            for _ in range(BEGINNINGS):
                try:
                    return await self._begin_kind(kind, context)
                except ExpiredError:
                    # What was seen so far is forgotten: nothing may be counted twice.
                    LOGGER.info("a list expired before its end and is started again: %s", kind)
            raise ExpiredError(f"the list expired {BEGINNINGS} times before its end")
        except ClusterError as error:
            return Listed(kind, problem=unread(f"{kind} could not be listed", str(kind), error))
        except TimeoutError:
            late = ClusterError(f"a search took longer than {SECONDS:g} seconds")
            return Listed(kind, problem=unread(f"{kind} could not be judged", str(kind), late))

    def _why_not(self, kind: Kind, rulebook: Rulebook) -> str:
        if kind is not SECRET:
            return ""
        if rulebook.rules.secrets == "ignore":
            return "the policy says secrets: ignore"
        return "" if self.scope.has_secrets else "the settings say scan_secrets: false"

    async def _begin_kind(self, kind: Kind, context: ScanContext) -> Listed:
        """The kind by the first version that is served."""
        for version in kind.versions:
            try:
                return await self._list_kind(kind, version, context)
            except MissingError:
                LOGGER.debug("%s %s is not served", kind, version)
        return Listed(kind, is_served=False)

    async def _list_kind(self, kind: Kind, version: str, context: ScanContext) -> Listed:
        content_matters = kind is not SECRET or context.rulebook.rules.secrets == "data"
        accept = "application/json" if content_matters else METADATA_ALONE
        lister = Lister(self.client, self.workers, self.pace)
        listed = Listed(kind)
        async for items in lister.pages(kind.resource(version).path(self.scope.namespace), accept):
            at = 0
            while at < len(items):
                job = partial(_look_at, items[at:], kind, version, context)
                seen = await self.workers.run(job, SECONDS)
                judged = zip(items[at : at + len(seen)], seen, strict=True)
                at += len(seen)
                for one in [await self._with_attestations(*pair, kind, version, context) for pair in judged]:
                    listed.namespaces.setdefault(one.namespace, Tally()).add(one, self.scope.most)
                self.pace.still()
        return listed

    async def _with_attestations(
        self, item: Item, seen: ObjectResult, kind: Kind, version: str, context: ScanContext
    ) -> ObjectResult:
        """What was seen of an object, judged again with the attestations that it names."""
        if not seen.sources:
            return seen
        given = await self.read_attestations(seen.sources, seen.namespace)
        return await self.workers.run(partial(look, item, kind, version, context, given), SECONDS)


def _look_at(items: Sequence[Item], kind: Kind, version: str, context: ScanContext) -> list[ObjectResult]:
    """The first of the items, as many as a slice of time allows; at least one."""
    ends = context.clock() + SLICE
    seen: list[ObjectResult] = []
    for item in items:
        seen.append(look(item, kind, version, context))
        if context.clock() >= ends:
            break
    return seen


def all_found(scan: ScanPass) -> Iterator[Finding]:
    """Every finding of a pass, and what was not read."""
    yield from scan.unread
    for each in scan.kinds:
        for tally in each.namespaces.values():
            yield from (one.finding for one in tally.results)
