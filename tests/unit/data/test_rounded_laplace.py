"""Laplace noise on a grid, rounded, costs no more than discrete Laplace noise of its scale."""

from __future__ import annotations

import math

import pytest

Noise = dict[int, float]
"""The chance of each whole number."""

REACH = 40
"""Scales beyond which there is less than a double can hold beside the whole."""


def discrete(scale: float) -> Noise:
    ratio, reach = math.exp(-1 / scale), math.ceil(REACH * scale)
    return {point: (1 - ratio) / (1 + ratio) * ratio ** abs(point) for point in range(-reach, reach + 1)}


def rounded(scale: float, steps: int) -> Noise:
    """Discrete noise of so many steps to a whole number, rounded half a step up."""
    found: Noise = {}
    for point, chance in discrete(scale * steps).items():
        whole = math.floor(point / steps + 0.5)
        found[whole] = found.get(whole, 0.0) + chance
    return found


def delta(noise: Noise, shift: int, epsilon: float) -> float:
    """The hockey-stick divergence of noise from itself, moved."""
    gains = (chance - math.exp(epsilon) * noise.get(point + shift, 0.0) for point, chance in noise.items())
    return sum(gain for gain in gains if gain > 0)


@pytest.mark.parametrize("steps", [2, 4, 16])
@pytest.mark.parametrize(("scale", "sensitivity"), [(0.5, 1), (3, 1), (2, 3), (7, 20)])
def test_rounded_noise_costs_no_more(scale: float, sensitivity: int, steps: int) -> None:
    fine, coarse = rounded(scale, steps), discrete(scale)
    most = sensitivity / scale
    for place in range(-4, 5):
        epsilon = most * place / 4 + 0.01
        for shift in (sensitivity, -sensitivity):
            assert delta(fine, shift, epsilon) <= delta(coarse, sensitivity, epsilon) + 1e-12
    assert delta(fine, sensitivity, most) < 1e-12


def test_a_smaller_scale_would_cost_more() -> None:
    assert delta(rounded(2.9, 4), 1, 1 / 3) > delta(discrete(3), 1, 1 / 3) + 1e-3
