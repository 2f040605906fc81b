"""Mechanisms of other libraries, each as a function of a number: what `gatecli audit engines` attacks.

Each is called in a process of its own. The libraries are optional, and imported when one is called: the parts
that are needed, since a whole one takes seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Noisy = Callable[..., Any]
Samples = npt.NDArray[np.float64]
_BOUNDS = {"lower": 0, "upper": 16}
"""Of mechanisms on an interval; inputs are inside."""


def numpy_laplace(data: float, epsilon: float, rng: np.random.Generator, runs: int) -> Samples:
    """The known bad example: floating-point noise added to a floating-point number."""
    return data + rng.laplace(0, 1 / epsilon, runs)


def numpy_half_noise(data: float, epsilon: float, rng: np.random.Generator, runs: int) -> Samples:
    """The other known bad example: half of the noise that the claim needs."""
    return data + rng.laplace(0, 1 / (2 * epsilon), runs)


def opendp_laplace(data: float, epsilon: float, runs: int) -> Any:
    """OpenDP's Laplace mechanism on doubles."""
    return _opendp_laplace("f64", epsilon)([float(data)] * runs)


def opendp_discrete_laplace(data: float, epsilon: float, runs: int) -> Any:
    """OpenDP's Laplace mechanism on whole numbers."""
    return _opendp_laplace("i64", epsilon)([int(data)] * runs)


def opendp_gaussian(data: float, epsilon: float, delta: float, runs: int) -> Any:
    """OpenDP's Gaussian mechanism on doubles."""
    return _opendp_gaussian("f64", epsilon, delta)([float(data)] * runs)


def opendp_discrete_gaussian(data: float, epsilon: float, delta: float, runs: int) -> Any:
    """OpenDP's Gaussian mechanism on whole numbers."""
    return _opendp_gaussian("i64", epsilon, delta)([int(data)] * runs)


def opendp_randomized_response(data: float, epsilon: float) -> Any:
    """OpenDP's coin on a truth value, which is told with probability e^ε / (1 + e^ε)."""
    return _opendp_coin(epsilon)(bool(data))


def opendp_noisy_max(data: float, epsilon: float, runs: int) -> Any:
    """The position of the least of eleven scores, which all change by at most 1 with the number."""
    made, scores = _opendp_choice(epsilon), _scores(data)
    return [made(scores) for _ in range(runs)]


def opendp_thresholded_laplace(data: float, epsilon: float, delta: float, runs: int) -> Any:
    """OpenDP's count of one key, shown from the threshold on at which a key of one row shows with δ."""
    tail = math.log(delta * (1 + math.exp(-epsilon)))  # P(X ≥ m) = e^(−ε·m)/(1 + e^(−ε)) for m ≥ 1
    return _shown_counts(data, runs, _opendp_threshold(epsilon, 1 + math.ceil(-tail / epsilon)))


def opendp_own_threshold(data: float, epsilon: float, delta: float, runs: int) -> Any:
    """OpenDP's count of one key, shown from where OpenDP itself takes that to be (ε, δ)-private."""
    threshold = 2
    while _opendp_threshold(epsilon, threshold).map((1, 1, 1))[1] > delta:
        threshold += 1
    return _shown_counts(data, runs, _opendp_threshold(epsilon, threshold))


def _shown_counts(data: float, runs: int, made: Any) -> list[int]:
    """As many keys as runs, each with so many rows: their noisy counts, −1 for a key that is left out."""
    shown = made(dict.fromkeys(range(runs), int(data)) if data else {})
    return [shown.get(place, -1) for place in range(runs)]


@cache
def _opendp_threshold(epsilon: float, threshold: int) -> Any:
    opendp = _opendp()
    whole = opendp.domains.atom_domain(T="i64")
    distance = opendp.metrics.l01inf_distance(opendp.metrics.absolute_distance(T="i64"))
    space = opendp.domains.map_domain(whole, whole), distance
    return opendp.measurements.make_laplace_threshold(*space, scale=1 / epsilon, threshold=threshold)


def _scores(data: float) -> list[int]:
    """Eleven scores; each changes by 1 where the number does."""
    return [abs(2 * place - int(data)) for place in range(11)]


def _opendp() -> Any:
    """The modules of OpenDP; its prelude imports what belongs to other extras."""
    import opendp.combinators  # noqa: PLC0415 - an optional package
    import opendp.domains  # noqa: PLC0415
    import opendp.measurements  # noqa: PLC0415
    import opendp.measures  # noqa: PLC0415
    import opendp.metrics  # noqa: PLC0415
    import opendp.mod  # noqa: PLC0415

    opendp.mod.enable_features("contrib")
    return opendp


def _vectors(opendp: Any, number: str) -> Any:
    """Vectors of numbers, each of which gets noise of its own: many runs in one call."""
    atoms = opendp.domains.atom_domain(T=number, **({"nan": False} if number == "f64" else {}))
    return opendp.domains.vector_domain(atoms)


@cache
def _opendp_laplace(number: str, epsilon: float) -> Noisy:
    opendp = _opendp()
    space = _vectors(opendp, number), opendp.metrics.l1_distance(T=number)
    made: Noisy = opendp.measurements.make_laplace(*space, scale=1 / epsilon)
    return made


@cache
def _opendp_gaussian(number: str, epsilon: float, delta: float) -> Noisy:
    """The least noise that OpenDP itself takes to be (ε, δ)-private."""
    opendp = _opendp()
    space = _vectors(opendp, number), opendp.metrics.l2_distance(T="f64")

    def at(scale: float) -> Any:
        measurement = opendp.measurements.make_gaussian(*space, scale=scale)
        approximate = opendp.combinators.make_zCDP_to_approxDP(measurement)
        return opendp.combinators.make_fix_delta(approximate, delta)

    scale = opendp.mod.binary_search_param(at, d_in=1.0, d_out=(epsilon, delta), T=float)
    made: Noisy = opendp.measurements.make_gaussian(*space, scale=scale)
    return made


@cache
def _opendp_choice(epsilon: float) -> Noisy:
    """The scale 2Δ/ε is ε-private, whichever way scores change."""
    opendp = _opendp()
    space = _vectors(opendp, "i64"), opendp.metrics.linf_distance(T="i64")
    measure = opendp.measures.max_divergence()
    made: Noisy = opendp.measurements.make_noisy_max(*space, measure, scale=2 / epsilon, negate=True)
    return made


@cache
def _opendp_coin(epsilon: float) -> Noisy:
    made: Noisy = _opendp().measurements.make_randomized_response_bool(prob=1 / (1 + math.exp(-epsilon)))
    return made


def diffprivlib_laplace(data: float, epsilon: float) -> Any:
    """The diffprivlib Laplace mechanism."""
    return _diffprivlib("Laplace", epsilon=epsilon, sensitivity=1).randomise(float(data))


def diffprivlib_truncated_laplace(data: float, epsilon: float) -> Any:
    """The diffprivlib Laplace mechanism, truncated to an interval."""
    return _diffprivlib("LaplaceTruncated", epsilon=epsilon, sensitivity=1, **_BOUNDS).randomise(float(data))


def diffprivlib_folded_laplace(data: float, epsilon: float) -> Any:
    """The diffprivlib Laplace mechanism, folded into an interval."""
    return _diffprivlib("LaplaceFolded", epsilon=epsilon, sensitivity=1, **_BOUNDS).randomise(float(data))


def diffprivlib_gaussian(data: float, epsilon: float, delta: float) -> Any:
    """The diffprivlib Gaussian mechanism, by the classic formula."""
    return _diffprivlib("Gaussian", epsilon=epsilon, delta=delta, sensitivity=1).randomise(float(data))


def diffprivlib_analytic_gaussian(data: float, epsilon: float, delta: float) -> Any:
    """The diffprivlib Gaussian mechanism, by Balle and Wang's calibration."""
    made = _diffprivlib("GaussianAnalytic", epsilon=epsilon, delta=delta, sensitivity=1)
    return made.randomise(float(data))


def diffprivlib_snapping(data: float, epsilon: float) -> Any:
    """The diffprivlib snapping mechanism, which rounds the lowest bits away."""
    return _diffprivlib("Snapping", epsilon=epsilon, sensitivity=1, **_BOUNDS).randomise(float(data))


def diffprivlib_geometric(data: float, epsilon: float) -> Any:
    """The diffprivlib geometric mechanism, on 0, and the number added: as gatecli draws it."""
    return int(data) + _diffprivlib("Geometric", epsilon=epsilon, sensitivity=1).randomise(0)


def diffprivlib_binary(data: float, epsilon: float) -> Any:
    """The diffprivlib coin."""
    return _diffprivlib("Binary", epsilon=epsilon, value0="0", value1="1").randomise(str(int(data)))


def diffprivlib_permute_and_flip(data: float, epsilon: float, runs: int) -> Any:
    """The position of the least of eleven scores, by the diffprivlib permute-and-flip mechanism."""
    utility = [-score for score in _scores(data)]
    made = _diffprivlib_class("PermuteAndFlip")(epsilon=epsilon, sensitivity=1, utility=utility)
    return [made.randomise() for _ in range(runs)]


@cache
def _diffprivlib(name: str, **parameters: Any) -> Any:
    return _diffprivlib_class(name)(**parameters)


def _diffprivlib_class(name: str) -> Any:
    from diffprivlib import mechanisms  # noqa: PLC0415 - an optional package

    return getattr(mechanisms, name)


def pydp_laplace(data: float, epsilon: float) -> Any:
    """PyDP's Laplace mechanism (Google's C++ library)."""
    return _pydp("LaplaceMechanism", epsilon=epsilon, sensitivity=1.0).add_noise(float(data))


def pydp_rounded_laplace(data: float, epsilon: float) -> Any:
    """PyDP's Laplace mechanism on 0, rounded to whole numbers with the number added: as gatecli draws it."""
    made = _pydp("LaplaceMechanism", epsilon=1.0, sensitivity=1 / epsilon)
    return int(data) + math.floor(made.add_noise(0.0) + 0.5)


def pydp_gaussian(data: float, epsilon: float, delta: float) -> Any:
    """PyDP's Gaussian mechanism."""
    return _pydp("GaussianMechanism", epsilon=epsilon, delta=delta, sensitivity=1.0).add_noise(float(data))


@cache
def _pydp(name: str, **parameters: Any) -> Any:
    from pydp.algorithms import numerical_mechanisms  # noqa: PLC0415 - an optional package

    return getattr(numerical_mechanisms, name)(**parameters)


def pydp_count(data: float, epsilon: float) -> Any:
    """PyDP's count of so many records."""
    from pydp.algorithms.laplacian import Count  # noqa: PLC0415 - an optional package

    return Count(epsilon=epsilon, dtype="int").quick_result([1] * int(data))


def pydp_sum(data: float, epsilon: float) -> Any:
    """PyDP's sum of so many ones."""
    from pydp.algorithms.laplacian import BoundedSum  # noqa: PLC0415 - an optional package

    sums = BoundedSum(epsilon=epsilon, lower_bound=0, upper_bound=1, dtype="int")
    return sums.quick_result([1] * int(data))
