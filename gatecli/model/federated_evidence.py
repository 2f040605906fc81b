"""What rounds of federated training cost: the file that `gatecli.federated` writes and the gate reads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, model_validator

from gatecli.model.base import LENIENT, Many, Text, Value
from gatecli.model.mechanism import Count
from gatecli.model.number import BelowOne, NonNegative, Positive, Proportion, show
from gatecli.model.table_evidence import EvidenceTool

MAX_ROUNDS = 100_000

_ROOT_BITS = 64
"""Roots are cut to so many binary places or more, downwards: less noise is more cost."""

_CERTAIN = 1 - Fraction(1, 10**12)
"""What is left of a logarithm when its rounding is given up."""

_IMPLAUSIBLE = 12 * math.log(10)


def root_below(number: Fraction) -> Fraction:
    """The square root, exact where it is rational, else cut downwards; above 0 where the number is."""
    top, bottom = math.isqrt(number.numerator), math.isqrt(number.denominator)
    if (top * top, bottom * bottom) == (number.numerator, number.denominator):
        return Fraction(top, bottom)
    places = _ROOT_BITS + max(0, number.denominator.bit_length() - number.numerator.bit_length()) // 2
    return Fraction(math.isqrt(number.numerator * 4**places // number.denominator), 2**places)


def _is_implausible(number: int, mean: Fraction) -> bool:
    """Whether coins of this mean come up so often with a probability of at most 1e-12 (Chernoff)."""
    if number <= mean:
        return False
    logarithm = math.log(number) + math.log(mean.denominator) - math.log(mean.numerator)
    return number * logarithm - number + float(mean) >= _IMPLAUSIBLE


class ClientSampling(StrEnum):
    """How the clients of a round are drawn; amplification differs, so none stands for another."""

    FIXED_SIZE = "fixed-size"
    """A fixed number of them, without replacement: what Flower's strategies do."""
    POISSON = "poisson"
    """Each by its own coin."""
    UNKNOWN = "unknown"
    """By a rule that amplifies nothing: a client may be in every round."""


class RoundClipping(Value):
    """The bound on the norm of an update.

    `count_standard_deviation` is that of the noise on the number of clipped updates, by which an adaptive
    norm is moved.
    """

    norm: Positive
    adaptive: bool = False
    count_standard_deviation: NonNegative | None = None


class ServerNoise(Value):
    """The server adds noise of standard deviation multiplier × clippingNorm ÷ clients to the mean."""

    place: Literal["server"] = "server"
    multiplier: NonNegative
    clipping_norm: Positive
    clients: Count


class ClientNoise(Value):
    """Each client adds noise of standard deviation multiplier × clippingNorm ÷ √clients to its update.

    The server, or a protocol of secure aggregation, shows the sum alone.
    """

    place: Literal["clients"] = "clients"
    multiplier: NonNegative
    clipping_norm: Positive
    clients: Count


class LocalNoise(Value):
    """Each client adds noise for which it trusts nobody, of standard deviation
    sensitivity × √(2 ln(1.25 ÷ δ)) ÷ ε.
    """

    place: Literal["local"] = "local"
    epsilon: Positive
    delta: BelowOne
    sensitivity: Positive

    @model_validator(mode="after")
    def _delta_is_above_zero(self) -> LocalNoise:
        if self.delta == 0:
            raise ValueError("Gaussian noise has no δ of 0")
        return self

    @property
    def standard_deviation(self) -> Fraction:
        """The classic deviation (Dwork and Roth 2014, theorem A.1), cut downwards."""
        logarithm = math.log(5 * self.delta.denominator) - math.log(4 * self.delta.numerator)
        return self.sensitivity * root_below(2 * Fraction(logarithm) * _CERTAIN) / self.epsilon


RoundNoise = Annotated[ServerNoise | ClientNoise | LocalNoise, Field(discriminator="place")]


class RoundWeights(Value):
    """The largest weight of an update, and the sum of all."""

    largest: Positive
    total: Positive

    @model_validator(mode="after")
    def _the_total_holds_the_largest(self) -> RoundWeights:
        if self.total < self.largest:
            raise ValueError("the largest weight is above the total")
        return self


class FederatedRound(Value):
    """One round of training, or `count` in a row that were alike.

    `answered` is absent where the round was begun and not ended, `released` whether an aggregate left it.
    `metrics` are the names of what clients sent beside their updates.
    """

    round: Count
    count: Count = 1
    population: Count
    sampled: Count
    answered: Annotated[int, Field(ge=0)] | None = None
    released: bool = False
    clipping: RoundClipping | None = None
    noise: RoundNoise | None = None
    weights: RoundWeights | None = None
    metrics: Many[Text] = ()

    @model_validator(mode="after")
    def _numbers_fit(self) -> FederatedRound:
        if self.sampled > self.population:
            raise ValueError("more clients were sampled than there are")
        if self.answered is not None and self.answered > self.sampled:
            raise ValueError("more clients answered than were sampled")
        if self.released and not self.answered:
            raise ValueError("an aggregate was released and no client answered")
        return self


class FederatedEvidence(Value):
    """The rounds of one training, of every start of it.

    `client` is what one client is, where the run says it. `denominator` is the fixed number that sums of
    updates are divided by; absent where they are divided by the number of clients that answered.
    """

    schema_name: Literal["gatecli/federated-evidence/v1"] = Field(
        default="gatecli/federated-evidence/v1", alias="schema", validate_default=True
    )
    tool: EvidenceTool
    framework: EvidenceTool
    strategy: Text
    client: Text | None = None
    job: Text | None = Field(default=None, description="the job that ran it (the variable GATECLI_JOB)")
    sampling: Annotated[ClientSampling, LENIENT]
    sampling_rate: Proportion | None = None
    denominator: Count | None = None
    rounds: Annotated[Many[FederatedRound], Field(min_length=1, max_length=MAX_ROUNDS)]

    @model_validator(mode="after")
    def _poisson_has_its_rate(self) -> FederatedEvidence:
        if (self.sampling is ClientSampling.POISSON) is (self.sampling_rate is None):
            raise ValueError("samplingRate belongs to sampling: poisson, and is required there")
        return self

    @model_validator(mode="after")
    def _rounds_follow_one_another(self) -> FederatedEvidence:
        """A round that is missing, or stands there twice, was edited: what it spent is not known."""
        due = 1
        for number, each in enumerate(self.rounds):
            if each.round != due:
                raise ValueError(f"rounds[{number}] begins with round {each.round}, and round {due} is next")
            due += each.count
        return self

    @model_validator(mode="after")
    def _samples_fit_their_rate(self) -> FederatedEvidence:
        sampled = sum(each.count * each.sampled for each in self.rounds)
        present = sum(each.count * each.population for each in self.rounds)
        if self.sampling_rate is not None and _is_implausible(sampled, self.sampling_rate * present):
            raise ValueError(
                f"{sampled} clients were drawn in all of {present}, which coins of samplingRate "
                f"{show(self.sampling_rate)} do not do"
            )
        return self


class FederatedFlaw(StrEnum):
    """What is wrong with rounds; each is a rule of the release gate."""

    UNEQUAL_WEIGHTS = "unequal-weights"
    UNPAID_CLIPPING = "unpaid-clipping"
    NOISE_SCALE = "noise-scale"
    SAMPLING = "sampling"


@dataclass(frozen=True, slots=True)
class FlawedRounds:
    """A flaw, the sentence about it, and the rounds that have it."""

    flaw: FederatedFlaw
    sentence: str


@dataclass(frozen=True, slots=True)
class LocalRelease:
    """Updates with local noise, and the norm that they were clipped to."""

    noise: LocalNoise
    clipping_norm: Fraction


@dataclass(frozen=True, slots=True)
class FederatedRecord:
    """What a check may know of federated rounds beside their mechanisms."""

    client: str | None
    flaws: tuple[FlawedRounds, ...] = ()
    local: tuple[LocalRelease, ...] = ()
