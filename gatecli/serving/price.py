"""What an answer costs and guarantees, as its headers say it, and the log before the port opens.

Headers are the same for every answer of an endpoint: one that told a new answer from a remembered one would
tell a caller what others asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from gatecli.accounting.answer_noise import GridNoise
from gatecli.gates.served_attestation import AttestationStanding
from gatecli.model.mechanism import DiscreteGaussian
from gatecli.model.number import plain, show
from gatecli.model.private_endpoint import EndpointMode, PrivateEndpointSpec

GUARANTEES: Mapping[EndpointMode, str] = MappingProxyType(
    {
        EndpointMode.ATTESTED: "the model was trained with differential privacy; answers are post-processing",
        EndpointMode.VOTES: "noisy counts of the votes of models of disjoint people",
        EndpointMode.NOISY_SCORES: "scores with noise for all that they can be",
        EndpointMode.AGGREGATES: "noisy counts of many requests; no request is answered alone",
    }
)
SERVER = "gatecli"
"""Without a version: strangers need not know which."""
MODE, EPSILON, DELTA, UNIT = "gatecli-mode", "gatecli-epsilon", "gatecli-delta", "gatecli-unit"


def told_headers(
    spec: PrivateEndpointSpec,
    noise: GridNoise | None,
    unit: str,
    standing: Callable[[], AttestationStanding | None],
) -> Callable[[], Mapping[str, str]]:
    """The headers of an answer that is given now: an attestation may be renewed while the endpoint serves."""
    last = standing()
    headers = price_headers(spec, noise, unit, last)

    def now() -> Mapping[str, str]:
        nonlocal last, headers
        if (seen := standing()) is not last:
            last, headers = seen, price_headers(spec, noise, unit, seen)
        return headers

    return now


def price_headers(
    spec: PrivateEndpointSpec, noise: GridNoise | None, unit: str, standing: AttestationStanding | None
) -> dict[str, str]:
    """The headers of every answer. ε and δ are those of one answer; `unit` is whom they protect.

    An answer without noise is one of an attested model, also where the mode has noise and the ledger is down.
    """
    mode = EndpointMode.ATTESTED if noise is None else spec.mode
    said = {"server": SERVER, MODE: mode.value, "gatecli-guarantee": GUARANTEES[mode]}
    if noise is None:
        said |= {EPSILON: "0", DELTA: "0"}
    else:
        kind = "gaussian" if isinstance(noise.mechanism, DiscreteGaussian) else "laplace"
        said |= {
            EPSILON: plain(noise.budget.epsilon),
            DELTA: plain(noise.budget.delta),
            "gatecli-noise": f"{kind}; deviation={noise.deviation:.4g}",
        }
    claim = None if standing is None else standing.claim
    if standing is not None and claim is not None:
        said |= {
            "gatecli-attestation": f"sha256:{standing.sha256}",
            "gatecli-model-epsilon": claim.epsilon,
            "gatecli-model-delta": claim.delta,
        }
    return {**said, UNIT: unit} if unit else said


def price_sentence(spec: PrivateEndpointSpec, noise: GridNoise | None) -> str:
    """What the operator should know before anything is served."""
    if noise is None:
        return "answers are passed on and cost nothing: the model is private itself"
    cost = f"ε = {show(noise.budget.epsilon)}, δ = {show(noise.budget.delta)}"
    around = f"noise with a standard deviation of {noise.deviation:.3g} ({noise.reason})"
    match spec.mode:
        case EndpointMode.NOISY_SCORES:
            scores = spec.answer_scores
            what = (
                f"each new answer costs {cost}; each score between {show(scores.low)} and {show(scores.high)}"
            )
            return f"{what} gets {around}"
        case EndpointMode.VOTES if spec.votes is not None:
            return f"each new answer costs {cost}; counts of {len(spec.votes.models)} votes get {around}"
        case _:
            return f"the counts of each window that is asked for cost {cost}; each gets {around}"
