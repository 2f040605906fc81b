"""The noise of an endpoint: drawn once for a question, possible, and not larger than what it hides in."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from gatecli.accounting.answer_noise import GridNoise, grid_noise
from gatecli.checks.serving.interface import SPEC, EndpointContext, EndpointSubject, finding_at
from gatecli.errors import UsageError
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.number import show, show_up
from gatecli.model.private_endpoint import OF_ENTRY, EndpointMode, PrivateEndpointSpec

FRESH_NOISE = Rule(
    "serve-fresh-noise", Severity.ERROR, "The same question gets new noise each time it is asked"
)
SMALL_CACHE = Rule(
    "serve-small-cache", Severity.WARNING, "The cache of answers is smaller than one lease of answers"
)
IMPOSSIBLE_NOISE = Rule(
    "serve-impossible-noise", Severity.ERROR, "No noise of the kind that is asked for meets its budget"
)
USELESS_NOISE = Rule(
    "serve-useless-noise", Severity.WARNING, "The noise is larger than everything that an answer can be"
)

NOISE, CACHE = f"{SPEC}/noise", f"{SPEC}/cache"


def find_fresh_noise(subject: EndpointSubject, _context: EndpointContext) -> Iterator[Finding]:
    """The average of fresh draws has no noise. Counts of a window are drawn once, without this cache."""
    spec = subject.spec
    if not subject.spec.is_noised or spec.mode is EndpointMode.AGGREGATES:
        return
    cache = spec.cache
    if cache.entries == 0 or cache.bytes < OF_ENTRY:
        key = "entries" if cache.entries == 0 else "bytes"
        yield finding_at(
            FRESH_NOISE,
            subject,
            f"{CACHE}/{key}",
            f"cache.{key} holds no answer, so a question that is repeated is paid for and answered with new "
            "noise each time, which averages out",
            f"leave cache.{key} out: the same question then gets the same answer, and costs nothing",
        )
        return
    lease = 0 if spec.budget is None else spec.budget.lease
    room = min(cache.entries, cache.bytes // OF_ENTRY)
    if room < lease:
        yield finding_at(
            SMALL_CACHE,
            subject,
            CACHE,
            f"the cache holds {room} answers at most, and a lease is of {lease}: a question that is evicted "
            "is paid for again, with new noise",
            f"let the cache hold far more than budget.lease ({lease}) answers",
            about=str(lease),
        )


def find_noise_faults(subject: EndpointSubject, _context: EndpointContext) -> Iterator[Finding]:
    """Noise that cannot be drawn, and noise in which nothing can be told."""
    if not subject.spec.is_noised:
        return
    try:
        noise = grid_noise(subject.spec)
    except UsageError as error:
        yield finding_at(
            IMPOSSIBLE_NOISE, subject, NOISE, f"no noise can be added: {error.message}", error.advice
        )
        return
    yield from _find_useless(subject, noise)


def _find_useless(subject: EndpointSubject, noise: GridNoise) -> Iterator[Finding]:
    reach, of_what = _reach_of(subject.spec)
    deviation = Fraction(noise.deviation)
    if reach is None or deviation <= reach:
        return
    least = deviation / reach * noise.budget.epsilon
    yield finding_at(
        USELESS_NOISE,
        subject,
        NOISE,
        f"the noise has a standard deviation of {noise.deviation:.3g}, and {of_what} {show(reach)}: "
        "an answer says next to nothing, and is paid for",
        f"give noise.epsilon about {show_up(least, 2)} or more, {_instead(subject.spec)}, or train with "
        "differential privacy (mode attested), where an answer costs nothing",
    )


def _instead(spec: PrivateEndpointSpec) -> str:
    if spec.votes is not None:
        return "let more models vote"
    is_one = spec.answer_scores.count == 1
    return "let models of disjoint people vote (mode votes)" if is_one else "ask for fewer scores"


def _reach_of(spec: PrivateEndpointSpec) -> tuple[Fraction | None, str]:
    """How far an answer's numbers can be apart; None where that depends on how much is asked."""
    if spec.votes is not None:
        return Fraction(len(spec.votes.models)), "the votes are"
    if spec.mode is EndpointMode.NOISY_SCORES:
        scores = spec.answer_scores
        return scores.high - scores.low, "a score moves by at most"
    return None, ""


RULES: tuple[Rule, ...] = (FRESH_NOISE, SMALL_CACHE, IMPOSSIBLE_NOISE, USELESS_NOISE)
