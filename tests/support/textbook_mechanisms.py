"""The sixteen mechanisms that every audit of differential privacy is measured on, from their papers.

Each takes the data, a claim ε and a Generator, and returns `runs` independent outputs. Nine do not keep the
claim.

- Noisy histograms, report noisy max: Ding et al., "Detecting violations of differential privacy" (CCS
  2018), after Dwork and Roth, "The algorithmic foundations of differential privacy" (2014), section 3.3.
- Sparse vector 1 to 6: algorithms 1 to 6 of Lyu, Su, Li, "Understanding the sparse vector technique for
  differential privacy" (PVLDB 10, 2017). In parallel: 3 and 4 on the same answers, as in Bichsel et al.,
  "DP-Sniper" (S&P 2021).
- Prefix sum: Wang et al., "Proving differential privacy with shadow execution" (PLDI 2019).
- Truncated geometric: Balcer and Vadhan, "Differential privacy on finite computers" (ITCS 2018), theorem
  4.7, with the natural logarithm where the paper means the binary one: ε is ln(1 + 2^−3) = 0.118 for a
  claim of 0.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gatecli.audit.neighbours import Pair, Relation, make_pairs

CLAIM, SPARSE_CLAIM = "0.1", "1"
"""What is claimed; a sparse vector's wrong answers are too rare to see at 0.1."""
_LIMIT = 2
_THRESHOLD = 1.0
_REFUSED, _ABORTED = -1000.0, -2000.0
_MOST = 5

Array = npt.NDArray[np.float64]
Mechanism = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Textbook:
    """A mechanism, how its inputs may differ, and whether it keeps what it claims."""

    name: str
    mechanism: Mechanism
    pairs: tuple[Pair, ...]
    keeps: bool
    claim: str = CLAIM


def _noisy(data: list[float], noise: Callable[..., Array], scale: float, runs: int) -> Array:
    size = (runs, len(data))
    return np.array(data) + noise(scale=scale, size=size)


def laplace(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """One count with Laplace noise."""
    return data[0] + rng.laplace(0, 1 / epsilon, runs)


def noisy_histogram_1(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """Counts with Laplace noise of scale 1/ε."""
    return _noisy(data, rng.laplace, 1 / epsilon, runs)


def noisy_histogram_2(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """Broken: the scale is ε, not 1/ε."""
    return _noisy(data, rng.laplace, epsilon, runs)


def noisy_max_1(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """The position of the largest answer under Laplace noise."""
    return np.asarray(_noisy(data, rng.laplace, 2 / epsilon, runs).argmax(axis=1), dtype=float)


def noisy_max_2(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """The position of the largest answer under exponential noise."""
    return np.asarray(_noisy(data, rng.exponential, 2 / epsilon, runs).argmax(axis=1), dtype=float)


def noisy_max_3(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """Broken: the largest noisy answer itself, under Laplace noise."""
    return np.asarray(_noisy(data, rng.laplace, 2 / epsilon, runs).max(axis=1), dtype=float)


def noisy_max_4(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """Broken: the largest noisy answer itself, under exponential noise."""
    return np.asarray(_noisy(data, rng.exponential, 2 / epsilon, runs).max(axis=1), dtype=float)


def _stop(above: npt.NDArray[np.bool_], shown: Array) -> Array:
    """What is shown until the limit of positive answers; after it, that the mechanism has stopped."""
    before: Array = np.cumsum(above, axis=1) - above
    return np.where(before >= _LIMIT, _ABORTED, shown)


def sparse_vector_1(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """Algorithm 1."""
    share = epsilon / 2
    threshold = _THRESHOLD + rng.laplace(0, 1 / share, (runs, 1))
    above = _noisy(data, rng.laplace, 2 * _LIMIT / share, runs) >= threshold
    return _stop(above, above.astype(float))


def sparse_vector_2(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """Algorithm 2: a fresh threshold after every positive answer."""
    share = epsilon / 2
    noisy = _noisy(data, rng.laplace, 2 * _LIMIT / share, runs)
    threshold = rng.laplace(0, _LIMIT / share, runs)
    above = np.zeros(noisy.shape, dtype=bool)
    for index in range(len(data)):
        above[:, index] = noisy[:, index] >= _THRESHOLD + threshold
        threshold = np.where(above[:, index], rng.laplace(0, _LIMIT / share, runs), threshold)
    return _stop(above, above.astype(float))


def sparse_vector_3(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """Algorithm 3, broken: it shows the noisy answer that was compared."""
    share = epsilon / 2
    threshold = _THRESHOLD + rng.laplace(0, 1 / share, (runs, 1))
    noisy = _noisy(data, rng.laplace, _LIMIT / share, runs)
    return _stop(noisy >= threshold, np.where(noisy >= threshold, noisy, _REFUSED))


def sparse_vector_4(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """Algorithm 4, broken: the noise of the answers does not grow with the limit."""
    share = epsilon / 4
    threshold = _THRESHOLD + rng.laplace(0, 1 / share, (runs, 1))
    above = _noisy(data, rng.laplace, 1 / (epsilon - share), runs) >= threshold
    return _stop(above, above.astype(float))


def sparse_vector_5(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """Algorithm 5, broken: the answers have no noise, and there is no limit."""
    threshold = _THRESHOLD + rng.laplace(0, 2 / epsilon, (runs, 1))
    return (np.array(data) >= threshold).astype(float)


def sparse_vector_6(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """Algorithm 6, broken: there is no limit."""
    share = epsilon / 2
    threshold = _THRESHOLD + rng.laplace(0, 1 / share, (runs, 1))
    return (_noisy(data, rng.laplace, 1 / share, runs) >= threshold).astype(float)


def sparse_vectors_in_parallel(
    data: list[float], epsilon: float, rng: np.random.Generator, runs: int
) -> Array:
    """Broken: algorithms 3 and 4 side by side, each with half the claim."""
    halves = [each(data, epsilon / 2, rng, runs) for each in (sparse_vector_3, sparse_vector_4)]
    return np.concatenate(halves, axis=1)


def prefix_sum(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """Running sums of noisy counts."""
    return np.asarray(_noisy(data, rng.laplace, 1 / epsilon, runs).cumsum(axis=1))


def truncated_geometric(data: list[float], epsilon: float, rng: np.random.Generator, runs: int) -> Array:
    """Broken: ⌈ln(2/ε)⌉ bits where ⌈log₂(2/ε)⌉ are needed."""
    bits = math.ceil(math.log(2 / epsilon))
    chance = 1 - 1 / (1 + 2.0**-bits)
    noise = rng.geometric(chance, runs) - rng.geometric(chance, runs)
    return np.asarray(np.clip(data[0] + noise, 0, _MOST), dtype=float)


_ONE = (Pair([0], [1]), Pair([1], [2]), Pair([2], [3]))

TEXTBOOK = (
    Textbook("laplace", laplace, _ONE, keeps=True),
    Textbook("noisy histogram 1", noisy_histogram_1, make_pairs(Relation.COUNTS), keeps=True),
    Textbook("noisy histogram 2", noisy_histogram_2, make_pairs(Relation.COUNTS), keeps=False),
    Textbook("noisy max 1", noisy_max_1, make_pairs(Relation.ANSWERS), keeps=True),
    Textbook("noisy max 2", noisy_max_2, make_pairs(Relation.ANSWERS), keeps=True),
    Textbook("noisy max 3", noisy_max_3, make_pairs(Relation.ANSWERS), keeps=False),
    Textbook("noisy max 4", noisy_max_4, make_pairs(Relation.ANSWERS), keeps=False),
    Textbook(
        "sparse vector 1", sparse_vector_1, make_pairs(Relation.ANSWERS), keeps=True, claim=SPARSE_CLAIM
    ),
    Textbook(
        "sparse vector 2", sparse_vector_2, make_pairs(Relation.ANSWERS), keeps=True, claim=SPARSE_CLAIM
    ),
    Textbook(
        "sparse vector 3", sparse_vector_3, make_pairs(Relation.ANSWERS), keeps=False, claim=SPARSE_CLAIM
    ),
    Textbook(
        "sparse vector 4", sparse_vector_4, make_pairs(Relation.ANSWERS), keeps=False, claim=SPARSE_CLAIM
    ),
    Textbook(
        "sparse vector 5", sparse_vector_5, make_pairs(Relation.ANSWERS), keeps=False, claim=SPARSE_CLAIM
    ),
    Textbook(
        "sparse vector 6", sparse_vector_6, make_pairs(Relation.ANSWERS), keeps=False, claim=SPARSE_CLAIM
    ),
    Textbook(
        "sparse vectors in parallel",
        sparse_vectors_in_parallel,
        make_pairs(Relation.ANSWERS),
        keeps=False,
        claim=SPARSE_CLAIM,
    ),
    Textbook("prefix sum", prefix_sum, make_pairs(Relation.COUNTS), keeps=True),
    Textbook("truncated geometric", truncated_geometric, _ONE, keeps=False),
)
