"""The policy and the waivers of a run, held against the rules of every gate."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from gatecli.gates.catalogue import RULE_IDS, UNCHECKABLE_IDS, RuleIds
from gatecli.model.document import Document
from gatecli.sources.policy import PolicyBundle, policy_in
from gatecli.sources.policy import read_policy as read_policy_file


def read_policy(path: Path | None, start: Path, waiver_files: Sequence[Path] = ()) -> PolicyBundle:
    """The policy at `path`, else of the nearest gatecli.yaml from `start` upward, else the shipped one.

    Raises ConfigurationError for a policy or a waiver that cannot be used.
    """
    return read_policy_file(
        path, waiver_files=waiver_files, rule_ids=RULE_IDS, uncheckable=UNCHECKABLE_IDS, start=start
    )


def policy_of_documents(documents: Sequence[Document], known: Collection[str] = ()) -> PolicyBundle:
    """The policy and the waivers in documents that stand in no file; `known` are rules of other policies.

    Raises ConfigurationError as `read_policy` does.
    """
    return policy_in(documents, rule_ids=RuleIds(frozenset(known)), uncheckable=UNCHECKABLE_IDS)
