"""From files to a rulebook: the one place where the webhook meets the readers of the command line (ADR 6)."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from admission.review.rulebook import EVERYWHERE, Rulebook, rulebook_of
from gatecli.errors import GatecliError
from gatecli.gates.policies import PolicyBundle, policy_of_documents, read_key, read_policy
from gatecli.model.document import Document, Place
from gatecli.model.finding import Finding, make_finding
from gatecli.sources.scan_rules import PII_UNREADABLE


def read_bundle(policy: Path | None, waivers: Sequence[Path], start: Path) -> PolicyBundle:
    """The policy and waivers that the command line would use. Raises ConfigurationError."""
    return read_policy(policy, start, waivers)


def read_objects(objects: Mapping[str, Mapping[str, Any]], known: Collection[str] = ()) -> PolicyBundle:
    """The policy and the waivers in objects of the cluster, by what a complaint calls them.

    Without a policy the shipped one. `known` are rules besides the shipped ones: those of the policy that
    waivers are for. Raises ConfigurationError.
    """
    documents = [Document(where, data) for where, data in objects.items()]
    return policy_of_documents(documents, known)


def rulebook_of_files(
    policy: Path | None,
    waivers: Sequence[Path],
    start: Path,
    *,
    seconds: float,
    fingerprint_key: Path | None,
    key: bytes = b"",
) -> Rulebook:
    """The rulebook of files, with `key` or one of its own; waivers in files hold in every namespace."""
    bundle = read_bundle(policy, waivers, start)
    return rulebook_of(
        bundle.policy,
        {EVERYWHERE: bundle.waivers},
        key=key or secrets.token_bytes(32),
        seconds=seconds,
        fingerprint_key=read_key(fingerprint_key) if fingerprint_key else b"",
    )


def unread(what: str, subject: str, error: GatecliError) -> Finding:
    """The finding that something of a cluster was not read, by the rule for a file that cannot be."""
    message, mend = f"{what}: {error.message}", error.advice or "scan again"
    return make_finding(PII_UNREADABLE, message, subject=subject, place=Place(subject), mend=mend)
