"""What a policy permits a session to spend; imported where a policy is given."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from gatecli.data.spending import NamedTier
from gatecli.errors import ConfigurationError, UsageError
from gatecli.gates.policies import read_policy
from gatecli.model.policy import PrivacyPolicy, bound_tiers


def policy_of(given: PrivacyPolicy | str | os.PathLike[str]) -> PrivacyPolicy:
    """A policy, or the one of a file. Raises ConfigurationError."""
    return given if isinstance(given, PrivacyPolicy) else read_policy(Path(given), Path(given)).policy


def policy_data(policy: PrivacyPolicy) -> Any:
    """A policy as data for another process."""
    return policy.model_dump(mode="json", by_alias=True)


def policy_from_data(data: Any) -> PrivacyPolicy:
    """The policy that was written so."""
    return PrivacyPolicy.from_file(data)


def tiers_of(policy: PrivacyPolicy, sensitivity: str | None, dataset: str | None) -> tuple[NamedTier, ...]:
    """The tiers that bound what a session may spend. Raises UsageError, ConfigurationError."""
    names = (*([sensitivity] if sensitivity else ()), *(bound_tiers(policy, [dataset]) if dataset else ()))
    if not names:
        raise UsageError(
            "the policy binds the dataset to no tier, so it would judge nothing",
            advice="give sensitivity=TIER",
        )
    for name in names:
        if name not in policy.spec.tiers:
            raise ConfigurationError(
                f"the policy has no tier {name}", advice="see gatecli schema PrivacyPolicy"
            )
    limits = [(name, policy.spec.tiers[name]) for name in dict.fromkeys(names)]
    return tuple(NamedTier(name, tier.max_epsilon, tier.max_delta) for name, tier in limits)
