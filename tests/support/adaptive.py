"""Adversaries that choose each mechanism after seeing the outputs before it, and what they learn exactly.

A node is a mechanism with one child for each set of its outputs. With l the loss of an output under the first
of two neighbours P, the hockey-stick divergence of a node at ε is Σ P(output) · (that of its child at ε − l):
a tree's is found from its leaves. Outputs of a coin are summed; those of noise are integrated where they
choose between children, by Gauss and Legendre's rule on pieces without corners; a last noise has a closed
form.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtr

Array = npt.NDArray[np.float64]
Curve = Callable[[Array], Array]

NODES, WEIGHTS = np.polynomial.legendre.leggauss(12)
WIDEST = 2.0
"""Sizes of the noise that one piece of an integral spans at most."""
BROAD = 9.0
"""Standard deviations of a normal loss beyond which 1e-19 of it lies."""


@dataclass(frozen=True, slots=True)
class Stop:
    """No more is asked."""


@dataclass(frozen=True, slots=True)
class Coin:
    """Randomised response: the truth with probability e^ε/(1 + e^ε), and a child for either answer."""

    epsilon: float
    told: Tree
    lied: Tree


@dataclass(frozen=True, slots=True)
class Leak:
    """Everything with probability δ, else nothing."""

    delta: float
    after: Tree


@dataclass(frozen=True, slots=True)
class Noise:
    """Gaussian noise of `size` μ, or Laplace noise of `size` ε; a child for losses between two cuts each."""

    kind: str
    size: float
    cuts: tuple[float, ...]
    children: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """Finitely many answers: the chance of each under P and under Q, and a child for each."""

    first: tuple[float, ...]
    other: tuple[float, ...]
    children: tuple[Tree, ...]


Tree = Stop | Coin | Leak | Noise | Answers


def delta_of(tree: Tree, epsilon: float) -> float:
    """The δ of the whole interaction at ε, in the dearer direction."""
    return max(float(curve(tree, np.array([epsilon]), sign)[0]) for sign in (1.0, -1.0))


def curve(tree: Tree, epsilons: Array, sign: float = 1.0) -> Array:
    """H(P‖Q) at e^ε, or H(Q‖P) where `sign` is −1: there every loss is turned."""
    match tree:
        case Stop():
            return np.maximum(-np.expm1(np.minimum(epsilons, 0.0)), 0.0)
        case Leak(delta, after):
            return np.asarray(delta + (1 - delta) * curve(after, epsilons, sign))
        case Coin(loss, told, lied):
            likely = 1 / (1 + math.exp(-loss))
            first, other = (told, lied) if sign > 0 else (lied, told)
            return np.asarray(
                likely * curve(first, epsilons - loss, sign)
                + (1 - likely) * curve(other, epsilons + loss, sign)
            )
        case Answers(first_chances, other_chances, children):
            chances, against = (first_chances, other_chances) if sign > 0 else (other_chances, first_chances)
            return _sum_answers(chances, against, children, epsilons, sign)
        case Noise(kind, size, _, (Stop(),)):
            return gaussian(size, epsilons) if kind == "gaussian" else laplace(size, epsilons)
        case Noise():
            return _chosen(tree, epsilons, sign)


def _sum_answers(
    chances: tuple[float, ...], against: tuple[float, ...], children: tuple[Tree, ...], at: Array, sign: float
) -> Array:
    """Over the answers; those that have the same child are asked about together."""
    total = np.zeros(at.shape)
    for child in dict.fromkeys(children):
        masses = np.array([p for p, mine in zip(chances, children, strict=True) if mine == child])
        others = np.array([q for q, mine in zip(against, children, strict=True) if mine == child])
        masses, others = masses[masses > 0], others[masses > 0]
        certain = others == 0
        total += masses[certain].sum()
        masses, others = masses[~certain], others[~certain]
        asked = np.subtract.outer(at, np.log(masses) - np.log(others))
        total += curve(child, asked.ravel(), sign).reshape(asked.shape) @ masses
    return total


def gaussian(mu: float, epsilons: Array) -> Array:
    """H of N(μ, 1) against N(0, 1)."""
    return np.asarray(ndtr(mu / 2 - epsilons / mu) - np.exp(epsilons + log_ndtr(-mu / 2 - epsilons / mu)))


def exact_gaussian(mu: float, epsilon: float) -> float:
    """H of N(μ, 1) against N(0, 1) at one ε."""
    return float(gaussian(mu, np.array([epsilon]))[0]) if mu > 0 else 0.0


def laplace(size: float, epsilons: Array) -> Array:
    """H of Laplace noise of scale 1/size on a sum that differs by 1."""
    within = -np.expm1((np.clip(epsilons, -size, size) - size) / 2)
    return np.where(epsilons < -size, -np.expm1(np.minimum(epsilons, 0.0)), within)


def _chosen(node: Noise, epsilons: Array, sign: float) -> Array:
    total = np.zeros(epsilons.shape)
    for low, high, child in ranges(node, sign):
        total += _integral(node, epsilons, (low, high), child, sign)
    if node.kind == "laplace":
        for loss, mass in ((node.size, 0.5), (-node.size, math.exp(-node.size) / 2)):
            total += mass * curve(_child_at(node, loss * sign), epsilons - loss, sign)
    return total


def _integral(node: Noise, epsilons: Array, ends: tuple[float, float], child: Tree, sign: float) -> Array:
    """Of one range of losses, in pieces that end where the child's curve has a corner."""
    parts = np.linspace(*ends, 2 + math.ceil((ends[1] - ends[0]) / node.size / WIDEST))
    bends = np.subtract.outer(epsilons, np.array(corners(child)))
    edges = np.sort(np.clip(np.concatenate((np.tile(parts, (epsilons.size, 1)), bends), axis=1), *ends))
    half, middle = (edges[:, 1:] - edges[:, :-1]) / 2, (edges[:, 1:] + edges[:, :-1]) / 2
    losses = middle[:, :, None] + half[:, :, None] * NODES
    values = curve(child, (epsilons[:, None, None] - losses).ravel(), sign).reshape(losses.shape)
    weights = half[:, :, None] * WEIGHTS * density(node.kind, node.size, losses)
    return np.asarray((values * weights).sum(axis=(1, 2)))


def corners(tree: Tree) -> tuple[float, ...]:
    """The only ε at which the curve of a tree may have a corner, in either direction."""
    match tree:
        case Stop():
            return (0.0,)
        case Leak(_, after):
            return corners(after)
        case Coin(loss, told, lied):
            found = {c + turn for child in (told, lied) for c in corners(child) for turn in (loss, -loss)}
            return tuple(found)
        case Answers(first, other, children):
            losses = [abs(math.log(p / q)) if p and q else 0.0 for p, q in zip(first, other, strict=True)]
            pairs = set(zip(losses, children, strict=True))
            return tuple(
                {c + turn for size, child in pairs for c in corners(child) for turn in (size, -size)}
            )
        case Noise("gaussian"):
            return ()
        case Noise(_, size, _, children):
            return tuple({c + turn for child in children for c in corners(child) for turn in (size, -size)})


def ranges(node: Noise, sign: float) -> Iterator[tuple[float, float, Tree]]:
    """The ranges of the (turned) loss with one child each."""
    spread = node.size * BROAD
    low, high = (
        (node.size**2 / 2 - spread, node.size**2 / 2 + spread)
        if node.kind == "gaussian"
        else (-node.size, node.size)
    )
    children = node.children if sign > 0 else node.children[::-1]
    edges = [low, *(min(max(sign * cut, low), high) for cut in node.cuts[:: int(sign)]), high]
    for first, last_one, child in zip(edges[:-1], edges[1:], children, strict=True):
        if last_one > first:
            yield first, last_one, child


def density(kind: str, size: float, losses: Array) -> Array:
    """Of the loss under P; of Laplace noise the part between its two atoms."""
    if kind == "gaussian":
        return np.asarray(
            np.exp(-(((losses - size**2 / 2) / size) ** 2) / 2) / (size * math.sqrt(2 * math.pi))
        )
    return np.asarray(np.exp((losses - size) / 2) / 4)


def _child_at(node: Noise, loss: float) -> Tree:
    return node.children[sum(loss > cut for cut in node.cuts)]


def last(kind: str, size: float) -> Noise:
    """Noise after which nothing is asked."""
    return Noise(kind, size, (), (Stop(),))


def composed(first: Noise, second: Tree) -> Noise:
    """A fixed sequence of noise and a tree."""
    return Noise(first.kind, first.size, (), (second,))


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function is 0."""
    return float(brentq(function, low, high, xtol=1e-14, rtol=1e-14))


@dataclass(frozen=True, slots=True)
class PldStop:
    """What a filter lets through that stops where the composed PLD exceeds (ε*, δ*), after Gaussian noise.

    `gaussian` and `laplace` are the largest that it accepts next; `adaptive` is the δ at ε* where the better
    of the two is chosen by the first output.
    """

    delta: float
    gaussian: float
    laplace: float
    adaptive: float


def play_pld_stop(epsilon: float, delta: float, mu: float) -> PldStop:
    """An adversary against a filter on composed PLDs; the filter's own arithmetic is exact."""
    at = np.array([epsilon])
    most = root(lambda size: float(gaussian(size, at)[0]) - delta, mu, 50.0)
    second = math.sqrt(most**2 - mu**2)
    first = Noise("gaussian", mu, (), (Stop(),))

    def beyond(size: float) -> float:
        return float(_fine(lambda left: laplace(size, left), epsilon, mu)) / delta - 1

    widest = root(beyond, 1e-3, 2 * epsilon)
    adaptive = _fine(
        lambda left: np.maximum(gaussian(second, left), laplace(widest, left)), epsilon, first.size
    )
    return PldStop(delta, second, widest, adaptive)


def _fine(child: Curve, epsilon: float, mu: float) -> float:
    """The δ of Gaussian noise before a child with corners, by very many points."""
    edges = np.linspace(mu**2 / 2 - 10 * mu, mu**2 / 2 + 10 * mu, 4001)
    middles, half = (edges[1:] + edges[:-1]) / 2, (edges[1] - edges[0]) / 2
    nodes, weights = np.polynomial.legendre.leggauss(4)
    losses = (middles[:, None] + half * nodes).ravel()
    mass = density("gaussian", mu, losses) * np.tile(weights * half, middles.size)
    return float((child(epsilon - losses) * mass).sum())
