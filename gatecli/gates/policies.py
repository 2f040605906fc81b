"""What judges, from files: a policy and waivers, held against the rules of every gate, and a secret key."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from gatecli.errors import UsageError
from gatecli.gates.catalogue import FALSEHOOD_IDS, RULE_IDS, UNCHECKABLE_IDS, RuleIds, severity_of
from gatecli.model.document import Document
from gatecli.model.policy import PrivacyPolicy
from gatecli.sources.files import ON_DISK, Files, ReadError, read_bytes
from gatecli.sources.policy import PolicyBundle as PolicyBundle  # noqa: PLC0414 - what the functions return
from gatecli.sources.policy import policy_in, read_waivers
from gatecli.sources.policy import read_policy as read_policy_file

SHORTEST_KEY = 16
"""Bytes."""


def read_policy(
    path: Path | None, start: Path, waiver_files: Sequence[Path] = (), files: Files | None = None
) -> PolicyBundle:
    """The policy at `path`, else that of the gatecli.yaml files from `start` upward, else the shipped one.

    The one at the root is a floor: a nearer one may only tighten it. `files` is where all of it is read from
    (None: this machine).

    Raises ConfigurationError for a policy or a waiver that cannot be used.
    """
    return read_policy_file(
        path,
        waiver_files=waiver_files,
        rule_ids=RULE_IDS,
        uncheckable=UNCHECKABLE_IDS,
        start=start,
        false=FALSEHOOD_IDS,
        severity_of=severity_of,
        files=files or ON_DISK,
    )


def with_waivers(
    policy: PrivacyPolicy, waiver_files: Sequence[Path], files: Files | None = None
) -> PolicyBundle:
    """A policy that stands in no file, with the waivers in files. Raises ConfigurationError."""
    own = policy.spec.pii.own_rules
    waivers = read_waivers(
        waiver_files, rule_ids=RuleIds(own), uncheckable=UNCHECKABLE_IDS, files=files or ON_DISK
    )
    return PolicyBundle(policy, waivers, None, tuple(waiver_files))


def policy_of_documents(documents: Sequence[Document], known: Collection[str] = ()) -> PolicyBundle:
    """The policy and the waivers in documents that stand in no file; `known` are rules of other policies.

    Raises ConfigurationError as `read_policy` does.
    """
    return policy_in(
        documents, rule_ids=RuleIds(frozenset(known)), uncheckable=UNCHECKABLE_IDS, false=FALSEHOOD_IDS
    )


def read_key(file: Path, called: str = "key") -> bytes:
    """A secret key in a file, without the white space around it. Raises UsageError for a short one."""
    try:
        key = read_bytes(file).strip()
    except ReadError as error:
        raise UsageError(f"the {called} {file} {error.problem}", advice=error.mend) from None
    if len(key) < SHORTEST_KEY:
        raise UsageError(
            f"the {called} {file} is shorter than {SHORTEST_KEY} bytes", advice="openssl rand -hex 32 > FILE"
        )
    return key
