"""What was run on the data: the mechanisms that a release declares or its evidence records.

Parameters are stated under the release's neighbouring relation unless a mechanism names its own.
`count` is sequential (adaptive) composition of the mechanism with itself.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from gatecli.model.base import LENIENT, Many, Text, Value
from gatecli.model.budget import Neighbouring
from gatecli.model.number import BelowOne, NonNegative, Positive, Proportion

MAX_COUNT = 10**12

Count = Annotated[int, Field(ge=1, le=MAX_COUNT)]
Relation = Annotated[Neighbouring, LENIENT]


class Sampling(StrEnum):
    """How the batches of one step are drawn; amplification differs, so none stands for another."""

    POISSON = "poisson"
    FIXED_SIZE = "fixed-size"
    """Without replacement, of fixed size."""
    SHUFFLE = "shuffle"
    """One pass over shuffled data an epoch: every record exactly once an epoch."""


class MechanismBase(Value):
    """What every mechanism shares."""

    name: Text | None = None
    count: Count = 1
    neighbouring: Relation | None = None


class Laplace(MechanismBase):
    """Additive Laplace noise; `sensitivity` in L1, `scale` is b of density ∝ exp(−|x|/b)."""

    kind: Literal["laplace"] = "laplace"
    sensitivity: Positive = Field(default=1, validate_default=True)
    scale: Positive


class Gaussian(MechanismBase):
    """Additive Gaussian noise; `sensitivity` in L2. Exactly one of the two noise fields."""

    kind: Literal["gaussian"] = "gaussian"
    sensitivity: Positive = Field(default=1, validate_default=True)
    standard_deviation: Positive | None = None
    noise_multiplier: Positive | None = Field(
        default=None, description="standardDeviation divided by sensitivity"
    )

    @model_validator(mode="after")
    def _one_noise(self) -> Gaussian:
        if (self.standard_deviation is None) == (self.noise_multiplier is None):
            raise ValueError("give exactly one of standardDeviation and noiseMultiplier")
        return self


class DiscreteLaplace(MechanismBase):
    """Integer Laplace ("geometric") noise, P(x) ∝ exp(−|x|/scale), on an integer query."""

    kind: Literal["discrete-laplace"] = "discrete-laplace"
    sensitivity: Count = 1
    scale: Positive


class DiscreteGaussian(MechanismBase):
    """Integer Gaussian noise, P(x) ∝ exp(−x²/2σ²) (Canonne, Kamath, Steinke 2020)."""

    kind: Literal["discrete-gaussian"] = "discrete-gaussian"
    sensitivity: Count = 1
    standard_deviation: Positive


class Binomial(MechanismBase):
    """Centred binomial noise Bin(trials, probability) on an integer query (cpSGD, 2018)."""

    kind: Literal["binomial"] = "binomial"
    sensitivity: Count = 1
    trials: Annotated[int, Field(ge=1, le=10**7)]
    probability: BelowOne


class RandomisedResponse(MechanismBase):
    """With probability `noise` a uniformly random category is reported, else the true one."""

    kind: Literal["randomised-response"] = "randomised-response"
    categories: Annotated[int, Field(ge=2, le=10**9)] = 2
    noise: Proportion


class Exponential(MechanismBase):
    """The exponential mechanism that is ε-DP (McSherry and Talwar 2007)."""

    kind: Literal["exponential"] = "exponential"
    epsilon: NonNegative


class AboveThreshold(MechanismBase):
    """Sparse vector, stopped at its last positive answer; ε for the whole run (Dwork, Roth 3.6)."""

    kind: Literal["above-threshold"] = "above-threshold"
    epsilon: NonNegative


class ReportNoisyMax(MechanismBase):
    """The index of the largest noisy score; ε-DP with this noise."""

    kind: Literal["report-noisy-max"] = "report-noisy-max"
    epsilon: NonNegative
    noise: Literal["laplace", "exponential", "gumbel"] = "laplace"


class DpSgd(MechanismBase):
    """Noisy clipped gradients on sampled batches (Abadi et al. 2016).

    `noise_multiplier` is the noise's standard deviation over `clipping_norm`, which is the
    contribution bound of one unit. `sampling_rate` is the probability (Poisson) or the fraction
    (fixed size) of the data in a batch; a shuffled run needs `epochs`. `truncated_batch_size` is what
    larger Poisson batches are cut to at random.
    """

    kind: Literal["dp-sgd"] = "dp-sgd"
    noise_multiplier: Positive
    sampling_rate: Proportion
    steps: Count
    clipping_norm: Positive | None = None
    sampling: Annotated[Sampling, LENIENT] = Sampling.POISSON
    dataset_size: Count | None = None
    epochs: Count | None = None
    truncated_batch_size: Count | None = None

    @model_validator(mode="after")
    def _truncation_is_complete(self) -> DpSgd:
        if self.truncated_batch_size is None:
            return self
        if self.sampling is not Sampling.POISSON or self.dataset_size is None:
            raise ValueError("truncatedBatchSize needs sampling: poisson and datasetSize")
        return self

    @model_validator(mode="after")
    def _sampling_is_complete(self) -> DpSgd:
        if self.sampling is Sampling.SHUFFLE and self.epochs is None:
            raise ValueError("sampling: shuffle needs epochs (how often every record was seen)")
        if self.sampling is Sampling.FIXED_SIZE and self.dataset_size is None:
            raise ValueError("sampling: fixed-size needs datasetSize")
        return self


class DpFtrl(MechanismBase):
    """Tree aggregation over one epoch or several restarts (Kairouz et al. 2021, 2103.00039)."""

    kind: Literal["dp-ftrl"] = "dp-ftrl"
    noise_multiplier: Positive
    step_counts: Annotated[Many[Count], Field(min_length=1, max_length=10_000)]
    clipping_norm: Positive | None = None


class ZeroConcentrated(MechanismBase):
    """A claim of ρ-zCDP (Bun and Steinke 2016); with `noise: gaussian` that of a Gaussian mechanism, whose
    ε is exact. Integer noise is of the kind discrete-gaussian instead.
    """

    kind: Literal["zcdp"] = "zcdp"
    rho: NonNegative
    noise: Literal["gaussian"] | None = None


class RenyiPoint(Value):
    order: Positive
    epsilon: NonNegative

    @model_validator(mode="after")
    def _order_above_one(self) -> RenyiPoint:
        if self.order <= 1:
            raise ValueError("a Rényi order is above 1")
        return self


class Renyi(MechanismBase):
    """A claim of (α, ε(α))-RDP at some orders (Mironov 2017)."""

    kind: Literal["rdp"] = "rdp"
    curve: Annotated[Many[RenyiPoint], Field(min_length=1, max_length=10_000)]


class GaussianDp(MechanismBase):
    """A claim of exact μ-GDP (Dong, Roth, Su 2019); never a central-limit approximation."""

    kind: Literal["gdp"] = "gdp"
    mu: NonNegative


class Pure(MechanismBase):
    """A black box that is ε-DP."""

    kind: Literal["pure"] = "pure"
    epsilon: NonNegative


class Approximate(MechanismBase):
    """A black box that is (ε, δ)-DP."""

    kind: Literal["approximate"] = "approximate"
    epsilon: NonNegative
    delta: BelowOne


class Unaccountable(MechanismBase):
    """Something that was run and that no accountant can bound; it never counts as zero."""

    kind: Literal["unaccountable"] = "unaccountable"
    description: Text


class Composed(MechanismBase):
    """Sequential composition of all, `count` times."""

    kind: Literal["composed"] = "composed"
    mechanisms: Annotated[Many[Mechanism], Field(min_length=1, max_length=10_000)]


class Parallel(MechanismBase):
    """Each mechanism sees its own disjoint part of the units; the worst counts, not the sum.

    `column` is the public attribute whose values tell the parts apart. A release that names none has
    parts that are not known to be disjoint: they count in sequence.
    """

    kind: Literal["parallel"] = "parallel"
    column: Text | None = Field(default=None, description="the column whose values tell the parts apart")
    partitions: Annotated[Many[Mechanism], Field(min_length=1, max_length=10_000)]


class Subsampled(MechanismBase):
    """A mechanism that is run on a random subsample."""

    kind: Literal["subsampled"] = "subsampled"
    sampling: Literal["poisson", "fixed-size"] = "poisson"
    sampling_rate: Proportion
    dataset_size: Count | None = None
    mechanism: Mechanism


class RunSelection(Value):
    """How often a run was repeated, drawn at random before the first (Papernot and Steinke 2022).

    `poisson` with this mean, or the negative binomial with the shape η, truncated to at least one run:
    1 is the geometric distribution, 0 the logarithmic one.
    """

    distribution: Literal["poisson", "negative-binomial"] = "negative-binomial"
    mean: Positive
    shape: NonNegative = Field(default=1, validate_default=True)

    @model_validator(mode="after")
    def _mean_is_possible(self) -> RunSelection:
        if self.mean < 1:
            raise ValueError("a selection is from at least one run in the mean")
        return self


class RepeatAndSelect(MechanismBase):
    """A mechanism that is run a random number of times; only the best run's output is published."""

    kind: Literal["repeat-and-select"] = "repeat-and-select"
    selection: RunSelection
    mechanism: Mechanism


Mechanism = Annotated[
    Laplace
    | Gaussian
    | DiscreteLaplace
    | DiscreteGaussian
    | Binomial
    | RandomisedResponse
    | Exponential
    | AboveThreshold
    | ReportNoisyMax
    | DpSgd
    | DpFtrl
    | ZeroConcentrated
    | Renyi
    | GaussianDp
    | Pure
    | Approximate
    | Unaccountable
    | Composed
    | Parallel
    | Subsampled
    | RepeatAndSelect,
    Field(discriminator="kind"),
]
