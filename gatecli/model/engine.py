"""Libraries that draw noise: what is attacked of each, and what was found to be no mechanism to use.

`gatecli audit engines` attacks them. Whatever draws noise for a user asks `require_usable` first: noise is
drawn by an engine whose mechanism was attacked, and of which nothing was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from gatecli.errors import ConfigurationError
from gatecli.model.audit import AuditClaim
from gatecli.model.budget import Neighbouring

_PURE = AuditClaim(Fraction(1), Fraction(0), Neighbouring.ADD_REMOVE)
_APPROXIMATE = AuditClaim(Fraction(1), Fraction(1, 1000), Neighbouring.ADD_REMOVE)
_TWENTIETH = AuditClaim(Fraction(1), Fraction(1, 20), Neighbouring.ADD_REMOVE)
_LOCAL = AuditClaim(Fraction(1), Fraction(0), Neighbouring.REPLACE_ONE)

InputPairs = tuple[tuple[int, int], ...]
_NUMBERS: InputPairs = ((0, 1), (1, 2), (10, 11))
_BITS: InputPairs = ((0, 1),)
_COUNTS: InputPairs = ((0, 1), (1, 2), (4, 5), (10, 11))
"""With thresholds between."""


class FlawReason(StrEnum):
    """Why a mechanism may not be used."""

    LOWEST_BITS = "its lowest bits show the input"
    TOO_LITTLE_NOISE = "its noise is too small"


REASONS: Mapping[str, FlawReason] = MappingProxyType(
    {"lattice": FlawReason.LOWEST_BITS, "betting": FlawReason.TOO_LITTLE_NOISE}
)
"""What a refutation means, by the test."""


@dataclass(frozen=True, slots=True)
class EngineMechanism:
    """A mechanism by its title, the function of the audit's adapters that calls it, and its own claim.

    `is_floating` says that its outputs have lowest bits to look at.
    """

    title: str
    function: str
    claim: AuditClaim = _PURE
    inputs: InputPairs = _NUMBERS
    is_floating: bool = False


@dataclass(frozen=True, slots=True)
class PrivacyEngine:
    """A library by the name of its distribution, and its mechanisms.

    `is_known_bad` says that it is no library of privacy: it is there to show that the tests find what they
    should.
    """

    name: str
    mechanisms: tuple[EngineMechanism, ...]
    is_known_bad: bool = False


@dataclass(frozen=True, slots=True)
class EngineFlaw:
    """A mechanism that an audit refuted, in this version of the library, and why."""

    engine: str
    mechanism: str
    version: str
    reason: FlawReason


def _floating(title: str, function: str, claim: AuditClaim = _PURE) -> EngineMechanism:
    return EngineMechanism(title, function, claim, is_floating=True)


ENGINES = (
    PrivacyEngine(
        "opendp",
        (
            _floating("Laplace", "opendp_laplace"),
            _floating("Gaussian", "opendp_gaussian", _APPROXIMATE),
            EngineMechanism("discrete Laplace", "opendp_discrete_laplace"),
            EngineMechanism("discrete Gaussian", "opendp_discrete_gaussian", _APPROXIMATE),
            EngineMechanism("randomized response", "opendp_randomized_response", _LOCAL, _BITS),
            EngineMechanism("noisy max", "opendp_noisy_max"),
            EngineMechanism("thresholded Laplace", "opendp_thresholded_laplace", _APPROXIMATE, _COUNTS),
            EngineMechanism("threshold by its own δ", "opendp_own_threshold", _TWENTIETH, _COUNTS),
        ),
    ),
    PrivacyEngine(
        "python-dp",
        (
            _floating("Laplace", "pydp_laplace"),
            _floating("Gaussian", "pydp_gaussian", _APPROXIMATE),
            EngineMechanism("rounded Laplace", "pydp_rounded_laplace"),
            EngineMechanism("count", "pydp_count"),
            EngineMechanism("bounded sum", "pydp_sum"),
        ),
    ),
    PrivacyEngine(
        "diffprivlib",
        (
            _floating("Laplace", "diffprivlib_laplace"),
            _floating("truncated Laplace", "diffprivlib_truncated_laplace"),
            _floating("folded Laplace", "diffprivlib_folded_laplace"),
            _floating("Gaussian", "diffprivlib_gaussian", _APPROXIMATE),
            _floating("analytic Gaussian", "diffprivlib_analytic_gaussian", _APPROXIMATE),
            _floating("snapping", "diffprivlib_snapping"),
            EngineMechanism("geometric", "diffprivlib_geometric"),
            EngineMechanism("binary", "diffprivlib_binary", _LOCAL, _BITS),
            EngineMechanism("permute and flip", "diffprivlib_permute_and_flip"),
        ),
    ),
    PrivacyEngine(
        "numpy",
        (_floating("Laplace", "numpy_laplace"), EngineMechanism("half the noise", "numpy_half_noise")),
        is_known_bad=True,
    ),
)

FLAWS: tuple[EngineFlaw, ...] = (
    EngineFlaw("opendp", "threshold by its own δ", "0.16.0", FlawReason.TOO_LITTLE_NOISE),
    EngineFlaw("python-dp", "Gaussian", "1.1.5", FlawReason.LOWEST_BITS),
    EngineFlaw("diffprivlib", "Laplace", "0.6.6", FlawReason.LOWEST_BITS),
    EngineFlaw("diffprivlib", "truncated Laplace", "0.6.6", FlawReason.LOWEST_BITS),
    EngineFlaw("diffprivlib", "folded Laplace", "0.6.6", FlawReason.LOWEST_BITS),
    EngineFlaw("diffprivlib", "Gaussian", "0.6.6", FlawReason.LOWEST_BITS),
    EngineFlaw("diffprivlib", "analytic Gaussian", "0.6.6", FlawReason.LOWEST_BITS),
    EngineFlaw("numpy", "Laplace", "2.4.6", FlawReason.LOWEST_BITS),
    EngineFlaw("numpy", "half the noise", "2.4.6", FlawReason.TOO_LITTLE_NOISE),
)
"""What `gatecli audit engines` found, by the version that it found it in."""


def flaw_of(engine: str, mechanism: str) -> EngineFlaw | None:
    """The flaw of a mechanism, whatever the version: a later one is as bad until its audit finds nothing."""
    return next((each for each in FLAWS if (each.engine, each.mechanism) == (engine, mechanism)), None)


def require_usable(engine: str, mechanism: str) -> None:
    """Raises ConfigurationError for a mechanism that was refuted, and for one that nothing attacks."""
    attacked = {(each.name, one.title) for each in ENGINES for one in each.mechanisms}
    if (engine, mechanism) not in attacked:
        raise ConfigurationError(
            f"no audit attacks {engine}'s {mechanism}, so it may not draw noise",
            advice="add it to the engines that gatecli audit engines attacks, or use opendp",
        )
    if flaw := flaw_of(engine, mechanism):
        raise ConfigurationError(
            f"{engine}'s {mechanism} may not draw noise: {flaw.reason} (found in {flaw.version})",
            advice="use opendp, whose mechanisms are attacked too",
        )
