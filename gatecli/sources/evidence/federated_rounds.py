"""Federated rounds as mechanisms of one client, and what is wrong with them.

The noise of a round is compared with what one client moves the released mean by. A mean of m updates of
norm C at most, of equal weight, moves by C ÷ m where a client's update is replaced by none, and by 2 C ÷ m
where it is replaced by another (docs/federated.md derives each figure).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from gatecli.model.budget import Neighbouring
from gatecli.model.federated_evidence import (
    ClientNoise,
    ClientSampling,
    FederatedEvidence,
    FederatedFlaw,
    FederatedRecord,
    FederatedRound,
    FlawedRounds,
    LocalNoise,
    LocalRelease,
    RoundClipping,
    ServerNoise,
    root_below,
)
from gatecli.model.mechanism import DpSgd, Gaussian, Mechanism, Sampling, Unaccountable
from gatecli.model.number import show, show_down, show_percent, show_up

_ROUNDING = Fraction(1, 10**9)
"""Of a sum of weights of 1 ÷ m in floats."""


@dataclass(frozen=True, slots=True)
class _Ratio:
    """The noise of a round over what one client moves it by, and what that was planned to be."""

    planned: Fraction
    effective: Fraction


def read_rounds(evidence: FederatedEvidence) -> tuple[tuple[Mechanism, ...], FederatedRecord]:
    """The mechanisms of every round that released something, and what a check has to know beside them."""
    mechanisms = _merge(_mechanism(each, evidence) for each in evidence.rounds if _counts(each))
    return mechanisms, FederatedRecord(evidence.client, _flaws(evidence), tuple(_local(evidence)))


def _counts(each: FederatedRound) -> bool:
    """Whether a round shows anything: noise of the clients' own is seen as soon as they send."""
    return each.released or isinstance(each.noise, LocalNoise)


def _local(evidence: FederatedEvidence) -> Iterator[LocalRelease]:
    found = (
        LocalRelease(each.noise, each.clipping.norm)
        for each in evidence.rounds
        if isinstance(each.noise, LocalNoise) and each.clipping is not None
    )
    yield from dict.fromkeys(found)


def _mechanism(each: FederatedRound, evidence: FederatedEvidence) -> Mechanism:
    problem = next((flaw.why for flaw in _UNBOUNDED if flaw.holds(each, evidence)), None)
    if problem is not None:
        return Unaccountable(description=f"a federated round that {problem}", count=each.count)
    if isinstance(each.noise, LocalNoise) and each.clipping is not None:
        return Gaussian(
            sensitivity=each.clipping.norm,
            standard_deviation=each.noise.standard_deviation,
            neighbouring=Neighbouring.ZERO_OUT,
            count=each.count,
        )
    return _sampled_noise(each, evidence, _with_count(_ratio(each, evidence).effective, each.clipping))


def _sampled_noise(each: FederatedRound, evidence: FederatedEvidence, multiplier: Fraction) -> Mechanism:
    # An adaptive norm is another one in each round; no cost depends on it, so alike rounds stay alike.
    norm = None if each.clipping is None or each.clipping.adaptive else each.clipping.norm
    if evidence.sampling_rate is not None:
        return DpSgd(
            noise_multiplier=multiplier,
            sampling_rate=evidence.sampling_rate,
            steps=each.count,
            clipping_norm=norm,
        )
    drawn = evidence.sampling is ClientSampling.FIXED_SIZE and not has_lost_clients(each, evidence)
    return DpSgd(
        noise_multiplier=multiplier,
        sampling=Sampling.FIXED_SIZE,
        sampling_rate=Fraction(each.sampled, each.population) if drawn else Fraction(1),
        dataset_size=each.population,
        steps=each.count,
        clipping_norm=norm,
    )


def has_lost_clients(each: FederatedRound, evidence: FederatedEvidence) -> bool:
    """Whether a drawn client did not answer, and the noise over the mean follows from how many did.

    Of R clients that would have answered, m did: that is a sample of m out of R, and nobody knows R. A fixed
    denominator under the server's noise needs no m: each client is in the sum with the planned probability.
    An adaptive norm tells m all the same: it follows from the share of clipped updates.
    """
    needs_no_number = evidence.denominator is not None and isinstance(each.noise, ServerNoise)
    if needs_no_number and not _is_adaptive(each):
        return False
    return each.answered != each.sampled


def _merge(mechanisms: Iterable[Mechanism]) -> tuple[Mechanism, ...]:
    """Equal rounds once, with their number."""
    found: dict[Mechanism, int] = {}
    for each in mechanisms:
        field = _counted_by(each)
        key = each.model_copy(update={field: 1})
        found[key] = found.get(key, 0) + getattr(each, field)
    return tuple(each.model_copy(update={_counted_by(each): count}) for each, count in found.items())


def _counted_by(mechanism: Mechanism) -> str:
    return "steps" if isinstance(mechanism, DpSgd) else "count"


def _denominator(each: FederatedRound, evidence: FederatedEvidence) -> int:
    """What the sum of updates was divided by."""
    return evidence.denominator or each.answered or each.sampled


def _ratio(each: FederatedRound, evidence: FederatedEvidence) -> _Ratio:
    """A mean over m with noise z·C′ ÷ n has the noise multiplier z · C′ ÷ C · m ÷ n."""
    noise, clipping = each.noise, each.clipping
    assert isinstance(noise, ServerNoise | ClientNoise)  # noqa: S101 - the callers have asked
    assert clipping is not None  # noqa: S101 - likewise
    norms = noise.clipping_norm / clipping.norm
    if clipping.adaptive:
        norms = min(norms, Fraction(1))  # a larger norm may have followed from the data
    share = Fraction(_denominator(each, evidence), noise.clients)
    if isinstance(noise, ClientNoise):  # of n draws of z·C ÷ √n there are m: √(m ÷ n) · z·C in the sum
        share = root_below(Fraction(each.answered or each.sampled, noise.clients))
    return _Ratio(noise.multiplier, noise.multiplier * norms * share)


def _with_count(multiplier: Fraction, clipping: RoundClipping | None) -> Fraction:
    """A noisy sum and a noisy count are one Gaussian vector: 1 ÷ z² = 1 ÷ z_sum² + 1 ÷ σ_count²."""
    if clipping is None or not clipping.adaptive:
        return multiplier
    count = clipping.count_standard_deviation or Fraction(0)
    return root_below(1 / (1 / multiplier**2 + 1 / count**2))


def _has_no_norm(each: FederatedRound, _: FederatedEvidence) -> bool:
    return each.clipping is None


def _has_no_noise(each: FederatedRound, _: FederatedEvidence) -> bool:
    noise = each.noise
    return noise is None or (isinstance(noise, ServerNoise | ClientNoise) and noise.multiplier == 0)


def _has_unequal_weights(each: FederatedRound, evidence: FederatedEvidence) -> bool:
    """Whether weights are of the clients' saying: they differ, or are equal to some number by chance.

    1 is a constant, and so is 1 ÷ m where the server divides; 5000 is how much each happens to hold.
    """
    if isinstance(each.noise, LocalNoise) or not each.answered or each.weights is None:
        return False
    divided = evidence.denominator is None and abs(each.weights.total - 1) <= _ROUNDING
    return not _are_equal(each) or not (each.weights.largest == 1 or divided)


def _are_equal(each: FederatedRound) -> bool:
    return each.weights is not None and each.weights.largest * (each.answered or 0) == each.weights.total


def _has_unknown_weights(each: FederatedRound, _: FederatedEvidence) -> bool:
    return each.weights is None and not isinstance(each.noise, LocalNoise)


def _is_unpaid(each: FederatedRound, _: FederatedEvidence) -> bool:
    return each.clipping is not None and each.clipping.adaptive and not each.clipping.count_standard_deviation


def _is_below_its_norm(each: FederatedRound, _: FederatedEvidence) -> bool:
    noise, clipping = each.noise, each.clipping
    if clipping is None or not clipping.adaptive or not isinstance(noise, ServerNoise | ClientNoise):
        return False
    return noise.clipping_norm < clipping.norm


def _is_adaptive(each: FederatedRound) -> bool:
    return each.clipping is not None and each.clipping.adaptive


def _is_local_and_adaptive(each: FederatedRound, _: FederatedEvidence) -> bool:
    return _is_adaptive(each) and isinstance(each.noise, LocalNoise)


def _is_poisson_and_adaptive(each: FederatedRound, evidence: FederatedEvidence) -> bool:
    return _is_adaptive(each) and evidence.sampling is ClientSampling.POISSON


def _has_random_noise(each: FederatedRound, evidence: FederatedEvidence) -> bool:
    return evidence.sampling is ClientSampling.POISSON and isinstance(each.noise, ClientNoise)


def _has_random_denominator(_: FederatedRound, evidence: FederatedEvidence) -> bool:
    return evidence.sampling is ClientSampling.POISSON and evidence.denominator is None


@dataclass(frozen=True, slots=True)
class _Unbounded:
    """Why a round has no bound."""

    holds: Callable[[FederatedRound, FederatedEvidence], bool]
    why: str


_UNBOUNDED = (
    _Unbounded(_has_no_norm, "releases updates whose norm nothing bounds"),
    _Unbounded(_has_no_noise, "releases updates without noise"),
    _Unbounded(_has_unknown_weights, "does not say how updates were weighted"),
    _Unbounded(
        _has_unequal_weights, "weights updates by what clients said, and another client says another weight"
    ),
    _Unbounded(_is_local_and_adaptive, "moves its clipping norm by what clients with local noise told"),
    _Unbounded(_is_unpaid, "moves its clipping norm by a number of clients that has no noise"),
    _Unbounded(
        _is_below_its_norm, "scales its noise to a norm below the one it clipped to, as the data decided"
    ),
    _Unbounded(
        _has_random_denominator,
        "divides by the number of clients that a Poisson sample happens to have",
    ),
    _Unbounded(
        _is_poisson_and_adaptive,
        "moves its clipping norm by a share of the clients that a Poisson sample happens to have",
    ),
    _Unbounded(
        _has_random_noise,
        "adds noise by client, so its variance tells how many clients a Poisson sample happens to have",
    ),
)


def _flaws(evidence: FederatedEvidence) -> tuple[FlawedRounds, ...]:
    found = []
    for flaw, holds, sentence in _FLAWS:
        rounds = [each for each in evidence.rounds if _counts(each) and holds(each, evidence)]
        if rounds:
            found.append(FlawedRounds(flaw, f"{_rounds(rounds)} {sentence(rounds[0], evidence)}"))
    return tuple(found)


def _rounds(rounds: list[FederatedRound]) -> str:
    total = sum(each.count for each in rounds)
    first = f"round {rounds[0].round}"
    return first if total == 1 else f"{first} (and {total - 1} more like it)"


def _misses_its_scale(each: FederatedRound, evidence: FederatedEvidence) -> bool:
    if (
        not isinstance(each.noise, ServerNoise | ClientNoise)
        or each.clipping is None
        or _has_no_noise(each, evidence)
    ):
        return False
    ratio = _ratio(each, evidence)
    return ratio.effective < ratio.planned or _is_below_its_norm(each, evidence)


def _weights_sentence(each: FederatedRound, _: FederatedEvidence) -> str:
    assert each.weights is not None  # noqa: S101 - the flaw has weights
    if _are_equal(each):
        return (
            f"weights each update by {show(each.weights.largest)}, as its client said: another client says "
            "another number"
        )
    share = each.weights.largest / each.weights.total
    sentence = (
        f"gives one of {each.answered} clients {show_percent(share)} of the weight: it moves the mean by "
        f"that share of the clipping norm, not by 1/{each.answered}"
    )
    if not isinstance(each.noise, ServerNoise) or each.clipping is None:
        return sentence
    noise = each.noise.multiplier * each.noise.clipping_norm / each.clipping.norm / each.noise.clients / share
    return f"{sentence}; a noise multiplier of {show(each.noise.multiplier)} is {show_up(noise)} at most"


def _unpaid_sentence(_: FederatedRound, __: FederatedEvidence) -> str:
    return "moves its clipping norm by how many updates were clipped, and adds no noise to that number"


def _scale_sentence(each: FederatedRound, evidence: FederatedEvidence) -> str:
    noise, clipping = each.noise, each.clipping
    assert isinstance(noise, ServerNoise | ClientNoise)  # noqa: S101 - the flaw has noise
    assert clipping is not None  # noqa: S101 - and a norm
    ratio = _ratio(each, evidence)
    effective = f"the noise multiplier is {show_down(ratio.effective)}, not {show(ratio.planned)}"
    if noise.clipping_norm < clipping.norm:
        scaled = f"scales its noise to a norm of {show_down(noise.clipping_norm)}"
        return f"clips updates to {show(clipping.norm)} and {scaled}: {effective}"
    averaged = _denominator(each, evidence)
    return f"divides by {averaged} clients and scales its noise to {noise.clients}: {effective}"


_FLAWS: tuple[tuple[FederatedFlaw, Callable[..., bool], Callable[..., str]], ...] = (
    (FederatedFlaw.UNEQUAL_WEIGHTS, _has_unequal_weights, _weights_sentence),
    (FederatedFlaw.UNPAID_CLIPPING, _is_unpaid, _unpaid_sentence),
    (FederatedFlaw.NOISE_SCALE, _misses_its_scale, _scale_sentence),
)
