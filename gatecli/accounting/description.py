"""Mechanisms in words, for messages: short, and with the parameters that the cost depends on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gatecli.model import mechanism as declared
from gatecli.model.mechanism import Mechanism, Sampling
from gatecli.model.number import show

_SAMPLING = {
    Sampling.POISSON: "",
    Sampling.FIXED_SIZE: ", batches of fixed size",
    Sampling.SHUFFLE: ", shuffled",
}

_LISTED = 3
"""Parts of a composition that are spelled out."""


def describe(mechanism: Mechanism) -> str:
    """For example "14040 steps of DP-SGD (σ = 1.1, q = 0.00426667)" or "Laplace (…) × 3"."""
    text = _WORDS[type(mechanism)](mechanism)
    return text if mechanism.count == 1 else f"{text} × {mechanism.count}"


def _laplace(one: declared.Laplace) -> str:
    return f"Laplace (scale {show(one.scale)}, sensitivity {show(one.sensitivity)})"


def _gaussian(one: declared.Gaussian) -> str:
    if one.noise_multiplier is not None:
        return f"Gaussian (noise multiplier {show(one.noise_multiplier)})"
    deviation = show(one.standard_deviation) if one.standard_deviation is not None else "?"
    return f"Gaussian (σ = {deviation}, sensitivity {show(one.sensitivity)})"


def _discrete_laplace(one: declared.DiscreteLaplace) -> str:
    return f"discrete Laplace (scale {show(one.scale)}, sensitivity {one.sensitivity})"


def _discrete_gaussian(one: declared.DiscreteGaussian) -> str:
    return f"discrete Gaussian (σ = {show(one.standard_deviation)}, sensitivity {one.sensitivity})"


def _binomial(one: declared.Binomial) -> str:
    return f"binomial ({one.trials} trials, p = {show(one.probability)}, sensitivity {one.sensitivity})"


def _response(one: declared.RandomisedResponse) -> str:
    return f"randomised response ({one.categories} categories, noise {show(one.noise)})"


def _epsilon(name: str) -> Callable[[Any], str]:
    return lambda one: f"{name} (ε = {show(one.epsilon)})"


def _noisy_max(one: declared.ReportNoisyMax) -> str:
    return f"report noisy max (ε = {show(one.epsilon)}, {one.noise} noise)"


def _dp_sgd(one: declared.DpSgd) -> str:
    steps = "1 step" if one.steps == 1 else f"{one.steps} steps"
    cut = f", batches cut to {one.truncated_batch_size}" if one.truncated_batch_size else ""
    return (
        f"{steps} of DP-SGD (σ = {show(one.noise_multiplier)}, q = {show(one.sampling_rate)}"
        f"{_SAMPLING[one.sampling]}{cut})"
    )


def _dp_ftrl(one: declared.DpFtrl) -> str:
    trees = "1 tree" if len(one.step_counts) == 1 else f"{len(one.step_counts)} trees"
    return f"DP-FTRL (σ = {show(one.noise_multiplier)}, {trees} of at most {max(one.step_counts)} steps)"


def _renyi(one: declared.Renyi) -> str:
    orders = "1 order" if len(one.curve) == 1 else f"{len(one.curve)} orders"
    return f"an RDP claim at {orders}"


def _describe_composed(one: declared.Composed) -> str:
    return f"({_list(one.mechanisms, ' + ')})"


def _parallel(one: declared.Parallel) -> str:
    return f"the worst of ({_list(one.partitions, ' | ')})"


def _list(parts: tuple[Mechanism, ...], separator: str) -> str:
    named = [describe(part) for part in parts[:_LISTED]]
    more = len(parts) - len(named)
    return separator.join([*named, f"{more} more"] if more else named)


def _describe_subsampled(one: declared.Subsampled) -> str:
    return f"{describe(one.mechanism)} on a {one.sampling} sample (q = {show(one.sampling_rate)})"


def _describe_selection(one: declared.RepeatAndSelect) -> str:
    return f"the best of {show(one.selection.mean)} runs in the mean of {describe(one.mechanism)}"


_WORDS: dict[type, Callable[[Any], str]] = {
    declared.Laplace: _laplace,
    declared.Gaussian: _gaussian,
    declared.DiscreteLaplace: _discrete_laplace,
    declared.DiscreteGaussian: _discrete_gaussian,
    declared.Binomial: _binomial,
    declared.RandomisedResponse: _response,
    declared.Exponential: _epsilon("exponential mechanism"),
    declared.AboveThreshold: _epsilon("above threshold"),
    declared.ReportNoisyMax: _noisy_max,
    declared.DpSgd: _dp_sgd,
    declared.DpFtrl: _dp_ftrl,
    declared.ZeroConcentrated: lambda one: f"a zCDP claim (ρ = {show(one.rho)})",
    declared.Renyi: _renyi,
    declared.GaussianDp: lambda one: f"a GDP claim (μ = {show(one.mu)})",
    declared.Pure: _epsilon("a pure claim"),
    declared.Approximate: lambda one: f"a claim (ε = {show(one.epsilon)}, δ = {show(one.delta)})",
    declared.Unaccountable: lambda one: one.description,
    declared.Composed: _describe_composed,
    declared.Parallel: _parallel,
    declared.Subsampled: _describe_subsampled,
    declared.RepeatAndSelect: _describe_selection,
}
