"""Every check of the gate of keys, and every rule that it can report."""

from __future__ import annotations

from gatecli.checks.keys import formulas, recipients, sealed_files, statements
from gatecli.checks.keys.interface import KeyCheck
from gatecli.model.finding import Rule

KEY_CHECKS: tuple[KeyCheck, ...] = (
    KeyCheck((formulas.UNSATISFIABLE, formulas.NOBODY), formulas.find_unsatisfied),
    KeyCheck((formulas.UNRESTRICTED, formulas.PURPOSE_NOT_DEMANDED), formulas.find_unrestricted),
    KeyCheck((formulas.WILDCARD,), formulas.find_wildcards),
    KeyCheck((formulas.PURPOSE_UNLISTED,), formulas.find_unlisted_purposes),
    KeyCheck((formulas.UNMATCHED_TERM,), formulas.find_unmatched_terms),
    KeyCheck(
        (recipients.INVALID_KEY, recipients.WEAK_KEY, recipients.PRIVATE_KEY), recipients.find_key_faults
    ),
    KeyCheck((recipients.EXPIRED_KEY,), recipients.find_expired_keys),
    KeyCheck((recipients.SHARED_KEY,), recipients.find_shared_keys),
    KeyCheck((recipients.DUPLICATE_NAME,), recipients.find_duplicate_names),
    KeyCheck(
        (statements.EPOCH_UNSTATED, statements.REVOCATION_UNSTATED, statements.DISCLOSURE_UNSTATED),
        statements.find_unstated,
    ),
    KeyCheck(
        (statements.UNKNOWN_REVOKED, statements.REVOKED_RESOLVES, statements.REVOCATION_PENDING),
        statements.find_revocations,
    ),
)

SEALED_RULES: tuple[Rule, ...] = (
    sealed_files.SEALED_CHANGED,
    sealed_files.SEALED_FOR_OTHERS,
    sealed_files.SEALED_OUTDATED,
    sealed_files.UNKNOWN_KEY_POLICY,
)

RULES: tuple[Rule, ...] = (
    *dict.fromkeys(rule for check in KEY_CHECKS for rule in check.rules),
    *SEALED_RULES,
)
"""Each once; what a source alone can report is in `gatecli.sources.key_policy`."""
