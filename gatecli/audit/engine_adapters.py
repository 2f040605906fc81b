"""Mechanisms of other libraries, each as a function of a number: what `gatecli audit engines` attacks.

Each is called in a process of its own. The libraries are optional, and imported when one is called.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Noisy = Any


def numpy_laplace(
    data: float, epsilon: float, rng: np.random.Generator, runs: int
) -> npt.NDArray[np.float64]:
    """The known bad example: floating-point noise added to a floating-point number."""
    return data + rng.laplace(0, 1 / epsilon, runs)


def opendp_laplace(data: float, epsilon: float) -> Any:
    """OpenDP's Laplace mechanism on a double."""
    return _opendp("laplace", is_whole=False, epsilon=epsilon)(float(data))


def opendp_discrete_laplace(data: float, epsilon: float) -> Any:
    """OpenDP's Laplace mechanism on a whole number."""
    return _opendp("laplace", is_whole=True, epsilon=epsilon)(int(data))


@cache
def _opendp(name: str, *, is_whole: bool, epsilon: float) -> Noisy:
    import opendp.prelude as dp  # noqa: PLC0415 - an optional package

    dp.enable_features("contrib")
    domain = dp.atom_domain(T="i64") if is_whole else dp.atom_domain(T="f64", nan=False)
    space = domain, dp.absolute_distance(T="i64" if is_whole else "f64")
    return getattr(dp.m, f"make_{name}")(*space, scale=1 / epsilon)


def diffprivlib_laplace(data: float, epsilon: float) -> Any:
    """The diffprivlib Laplace mechanism."""
    return _diffprivlib("Laplace", epsilon).randomise(float(data))


def diffprivlib_geometric(data: float, epsilon: float) -> Any:
    """The diffprivlib geometric mechanism."""
    return _diffprivlib("Geometric", epsilon).randomise(int(data))


@cache
def _diffprivlib(name: str, epsilon: float) -> Noisy:
    from diffprivlib import mechanisms  # noqa: PLC0415 - an optional package

    return getattr(mechanisms, name)(epsilon=epsilon, sensitivity=1)


def pydp_laplace(data: float, epsilon: float) -> Any:
    """PyDP's Laplace mechanism (Google's C++ library)."""
    return _pydp(epsilon).add_noise(float(data))


@cache
def _pydp(epsilon: float) -> Noisy:
    from pydp.algorithms.numerical_mechanisms import LaplaceMechanism  # noqa: PLC0415 - an optional package

    return LaplaceMechanism(epsilon=epsilon, sensitivity=1.0)
