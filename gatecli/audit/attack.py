"""One attack: choose a pair of inputs and events on training samples, then bet on fresh ones.

Training samples and test samples come from different seeds and are never mixed. The choice is made before
the first test sample is drawn, so the test is one of a fixed event (see `gatecli.audit.betting`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol, Self

from gatecli.audit.betting import PairCounts, log_wealth, lower_bound, most_refutable
from gatecli.audit.candidates import Samples
from gatecli.audit.choice import choose, promise
from gatecli.audit.events import Event, describe
from gatecli.audit.features import Layout, columns_of, layout_of
from gatecli.audit.fixed_size import fixed_size_bound
from gatecli.audit.neighbours import Pair
from gatecli.audit.outputs import Outputs, is_constant, join
from gatecli.audit.power import power
from gatecli.audit.sandbox import TimeSpent
from gatecli.errors import UncheckableError
from gatecli.model.audit import AuditClaim, AuditOutcome, AuditResult

TRAINING, TEST = 1, 2
_FIRST_BATCH, LARGEST_BATCH = 500, 20_000
MOST_SAMPLES = 10**9
MOST_SEED = 2**63 - 1
_TRAINING_SHARE = 0.4
"""The share of the time budget that the choice may take, as planned from the first runs."""
_PROBES = (20, 500)
_LONG_PROBE = 0.05
"""Seconds of a probe after which no larger one is needed."""
_NEVER_VARIES = "the mechanism is not random, and returns the same on every input: there is nothing to test"


class Source(Protocol):
    """Where outputs come from. `limit` and `seconds` are processor time: the budget, and what is used of
    it. `most_runs` outputs of one input can be held at once.
    """

    @property
    def seconds(self) -> float: ...

    @property
    def limit(self) -> float: ...

    @property
    def most_runs(self) -> int: ...

    def draw(self, data: int, seed: Sequence[int], count: int) -> Outputs: ...


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to try: the error of a false alarm, test and training samples of each input, and the seed."""

    alpha: Fraction = Fraction(1, 1000)
    samples: int = 1_000_000
    training: int = 200_000
    first_look: int = 8_000
    seed: int = 0
    is_lattice: bool = False
    sharpen: int = 3
    """A claim refuted after n samples is tested on up to so many times n, for a better lower bound."""

    @classmethod
    def of(cls, alpha: Fraction, samples: int, seed: int) -> Self:
        """The effort of so many test samples, with training in proportion, up to what a choice needs."""
        training = min(200_000, samples // 5)
        return cls(alpha, samples, training, max(500, min(8_000, samples // 100)), seed)

    @property
    def method(self) -> str:
        """The test's name in a result."""
        return "lattice" if self.is_lattice else "betting"


@dataclass(frozen=True, slots=True)
class AuditProgress:
    """A test that has begun: what was chosen, and what was counted for each event in so many batches."""

    pair: int
    layout: Layout
    events: tuple[Event, ...]
    counts: tuple[PairCounts, ...]
    batches: int = 0
    texts: tuple[tuple[float, str], ...] = ()
    is_refuted: bool = False

    @property
    def samples(self) -> int:
        """Test samples of each input so far."""
        return self.counts[0].samples if self.counts else 0


@dataclass(frozen=True, slots=True)
class AuditTarget:
    """What is attacked: a name, the claim, the pairs (input 2i and 2i+1 of the source), the digest of it
    all.
    """

    subject: str
    claim: AuditClaim
    pairs: tuple[Pair, ...]
    digest: str = ""

    @property
    def limits(self) -> tuple[float, float]:
        """The claim in floating point, for the arithmetic of wealth."""
        return float(self.claim.epsilon), float(self.claim.delta)


def attack(
    target: AuditTarget,
    source: Source,
    effort: Effort,
    progress: AuditProgress | None = None,
    keep: Callable[[AuditProgress], None] = lambda _progress: None,
) -> AuditResult:
    """Try to refute a claim. `progress` goes on with an earlier run; `keep` gets the progress after every
    look.

    A claim that so many samples could not refute, a mechanism that is not random on any input, and a budget
    that ends before the test begins could not be run.
    """
    try:
        check_testable(target.claim, effort)
        begun = progress or _begin(target, source, effort)
        keep(begun)
        return conclude(target, effort, _bet(target, source, effort, begun, keep))
    except TimeSpent:
        return could_not_run(target, effort, "the time budget ended before the test began")
    except UncheckableError as error:
        return could_not_run(target, effort, reason_of(error))


def reason_of(error: UncheckableError) -> str:
    """An error and its advice as one text."""
    return "; ".join(filter(None, (error.message, error.advice)))


def could_not_run(target: AuditTarget, effort: Effort, reason: str) -> AuditResult:
    """The result of an attack that did not take place."""
    return AuditResult(
        target.subject,
        effort.method,
        AuditOutcome.COULD_NOT_RUN,
        target.claim,
        1 - effort.alpha,
        digest=target.digest,
        reason=reason,
    )


def check_testable(claim: AuditClaim, effort: Effort) -> None:
    """Raises UncheckableError where no outcome of so many samples could refute the claim."""
    most = most_refutable(effort.samples, float(claim.delta), effort.alpha)
    if float(claim.epsilon) >= most:
        can = f"ε below {most:.1f}" if most > 0 else "no ε at all"
        raise UncheckableError(
            f"no {effort.samples} samples could refute ε = {float(claim.epsilon):g} at δ = "
            f"{float(claim.delta):g}: they can refute {can}",
            advice="attack a stronger claim, or give --samples a larger number",
        )


def _begin(target: AuditTarget, source: Source, effort: Effort) -> AuditProgress:
    pair, samples = _choose_pair(target, source, effort)
    layout = layout_of(samples.first, samples.second, is_lattice=effort.is_lattice)
    scored = choose(samples, layout, *target.limits)
    if not scored.events:
        raise UncheckableError("no output is a number with a lowest set bit: there is nothing to test")
    texts = tuple(sorted(samples.together().texts.items()))
    return AuditProgress(pair, layout, scored.events, tuple(PairCounts() for _ in scored.events), texts=texts)


def _choose_pair(target: AuditTarget, source: Source, effort: Effort) -> tuple[int, Samples]:
    """Successive halving: all pairs with few samples, the better half with twice as many, until one is
    left.
    """
    scale = _scale(len(target.pairs), source, effort)
    size = max(50, min(effort.first_look // scale, source.most_runs // len(target.pairs)))
    most = max(100, min(effort.training // scale, source.most_runs))
    alive = list(range(len(target.pairs)))
    drawn = {index: _more(source, effort, index, size, 0, None) for index in alive}
    if is_constant([part for each in drawn.values() for part in (each.first, each.second)]):
        raise UncheckableError(_NEVER_VARIES)
    for stage in range(1, 32):
        if len(alive) > 1:
            worth = {
                index: promise(drawn[index], *target.limits, is_lattice=effort.is_lattice) for index in alive
            }
            alive = sorted(alive, key=lambda index: (-worth[index], index))[: (len(alive) + 1) // 2]
        have = drawn[alive[0]].first.runs
        if len(alive) == 1 and have >= most:
            break
        wanted = min(have, most - have) if len(alive) > 1 and have < most else most - have
        if wanted > 0:
            drawn = {index: _more(source, effort, index, wanted, stage, drawn[index]) for index in alive}
    return alive[0], drawn[alive[0]]


def _scale(pairs: int, source: Source, effort: Effort) -> int:
    """By what power of two training is cut so that it leaves time for the test; 1 for all but slow
    mechanisms.
    """
    for data in range(2 * pairs):  # the first run may import and compile; all show how wide outputs are
        source.draw(data, (effort.seed, 0, 0, 0), 1)
    each = math.inf
    for count in _PROBES:
        before = source.seconds
        source.draw(0, (effort.seed, 0, 0, count), count)
        each = (source.seconds - before) / count
        if each * count > _LONG_PROBE:
            break
    stages = max(1, math.ceil(math.log2(pairs)))
    planned = each * 2 * (pairs * effort.first_look * (1 + stages / 2) + effort.training)
    allowed = _TRAINING_SHARE * source.limit
    return 1 if planned <= allowed else 2 ** math.ceil(math.log2(planned / allowed))


def _more(
    source: Source, effort: Effort, pair: int, count: int, stage: int, before: Samples | None
) -> Samples:
    drawn = [
        source.draw(data, (effort.seed, TRAINING, data, stage, int(effort.is_lattice)), count)
        for data in (2 * pair, 2 * pair + 1)
    ]
    if before is not None:
        drawn = [join([before.first, drawn[0]]), join([before.second, drawn[1]])]
    return Samples(drawn[0], drawn[1])


def _bet(
    target: AuditTarget,
    source: Source,
    effort: Effort,
    progress: AuditProgress,
    keep: Callable[[AuditProgress], None],
) -> AuditProgress:
    """Draw and count until the claim is refuted, the samples are drawn, or the time is over."""
    end = progress.samples + effort.samples
    refuted = progress.samples if progress.is_refuted else 0
    try:
        for count in _batches(effort.samples, source):
            if progress.samples >= (min(end, effort.sharpen * refuted) if refuted else end):
                break
            progress = _look(source, effort, progress, count)
            if not progress.is_refuted and _is_refuted(target, effort, progress):
                progress, refuted = replace(progress, is_refuted=True), progress.samples
            keep(progress)
    except TimeSpent:
        if not progress.samples:
            raise
    return progress


def _batches(samples: int, source: Source) -> Iterator[int]:
    done, size = 0, _FIRST_BATCH
    while done < samples:
        yield min(size, samples - done)
        done, size = done + size, min(2 * size, LARGEST_BATCH, source.most_runs)


def _look(source: Source, effort: Effort, progress: AuditProgress, count: int) -> AuditProgress:
    outputs = [
        source.draw(data, (effort.seed, TEST, data, progress.batches, int(effort.is_lattice)), count)
        for data in (2 * progress.pair, 2 * progress.pair + 1)
    ]
    columns = [columns_of(each, progress.layout) for each in outputs]
    counts = []
    for event, before in zip(progress.events, progress.counts, strict=True):
        hits = [event.hits(*each) for each in zip(outputs, columns, strict=True)]
        counts.append(before + (PairCounts.of(*hits) if event.is_forward else PairCounts.of(*reversed(hits))))
    return replace(progress, counts=tuple(counts), batches=progress.batches + 1)


def _is_refuted(target: AuditTarget, effort: Effort, progress: AuditProgress) -> bool:
    return log_wealth(progress.counts, *target.limits) >= -math.log(effort.alpha)


def conclude(target: AuditTarget, effort: Effort, progress: AuditProgress, note: str = "") -> AuditResult:
    """What a test has found so far; a note is shown with it."""
    best = max(
        range(len(progress.events)), key=lambda index: log_wealth([progress.counts[index]], *target.limits)
    )
    event, counts = progress.events[best], progress.counts[best]
    words = target.pairs[progress.pair].words()
    # Once refuted is refuted: the wealth may have fallen again, and Ville's inequality is about its highest.
    is_refuted = progress.is_refuted or _is_refuted(target, effort, progress)
    base = (counts.both + counts.second + 1) / (counts.samples + 2)
    bound = lower_bound(progress.counts, target.claim.epsilon, target.claim.delta, effort.alpha)
    return AuditResult(
        target.subject,
        effort.method,
        AuditOutcome.REFUTED if is_refuted else AuditOutcome.NOTHING_FOUND,
        target.claim,
        1 - effort.alpha,
        max(bound, target.claim.epsilon) if is_refuted else bound,
        counts.samples,
        words if event.is_forward else (words[1], words[0]),
        describe(event, progress.layout, dict(progress.texts), counts.first_rate),
        None if is_refuted else power(base, counts.samples, target.claim, effort.alpha, len(progress.events)),
        target.digest,
        measures=_fixed_size(progress, counts, target, effort) + ((("state", note),) if note else ()),
    )


def _fixed_size(
    progress: AuditProgress, counts: PairCounts, target: AuditTarget, effort: Effort
) -> tuple[tuple[str, str], ...]:
    """The bound of Clopper and Pearson, where the test did not stop early: its size is then the one that
    was fixed. The event is the best of several by the same samples, which share α.
    """
    if counts.samples != effort.samples:
        return ()
    hits = counts.both + counts.first, counts.both + counts.second
    share = float(effort.alpha) / len(progress.events)
    bound = fixed_size_bound(*hits, counts.samples, target.limits[1], share)
    return (("Clopper-Pearson lower bound on ε at this size", f"{math.floor(bound * 1000) / 1000:g}"),)
