"""Every check of the release gate, and every rule that it can report."""

from __future__ import annotations

from gatecli.checks.release import (
    accounting,
    artifact,
    audit,
    budget,
    composition,
    declaration,
    disclosure,
    evidence,
    evidence_coverage,
    evidence_terms,
    federated,
    parameters,
    processing,
    sealed,
    weights,
)
from gatecli.checks.release.interface import Check
from gatecli.checks.waiver import WAIVER_RULES
from gatecli.model.finding import Rule
from gatecli.model.rules import DP_INVALID_BUDGET, DP_UNACCOUNTABLE_MECHANISM

RELEASE_CHECKS: tuple[Check, ...] = (
    Check((declaration.MISSING_DECLARATION,), declaration.find_missing_declaration),
    Check(
        (
            declaration.MISSING_EPSILON,
            declaration.MISSING_DELTA,
            declaration.MISSING_UNIT,
            declaration.MISSING_NEIGHBOURING,
        ),
        declaration.find_missing_parts,
    ),
    Check((declaration.PURE_WITH_DELTA,), declaration.find_pure_with_delta),
    Check((budget.UNKNOWN_TIER,), budget.find_unknown_tier),
    Check((budget.EPSILON_OVER_TIER, budget.DELTA_OVER_TIER), budget.find_over_tier),
    Check((budget.DELTA_TOO_LARGE, budget.MISSING_RECORDS), budget.find_delta_too_large),
    Check((budget.DELTA_NEAR_RECORDS,), budget.find_delta_near_records),
    Check((budget.SIZE_MISMATCH,), budget.find_sizes),
    Check((declaration.UNUSUAL_UNIT,), declaration.find_unusual_unit),
    Check((parameters.PARAMETER_MISMATCH,), parameters.find_parameters),
    Check(
        (
            accounting.UNDERSTATED,
            accounting.UNVERIFIED,
            accounting.OVERSTATED,
            DP_UNACCOUNTABLE_MECHANISM,
        ),
        accounting.find_accounting,
    ),
    Check((evidence.MISSING_EVIDENCE,), evidence.find_missing_evidence),
    Check((evidence.EVIDENCE_MISMATCH,), evidence.find_mismatch),
    Check(
        (audit.REFUTED_BY_AUDIT, audit.AUDIT_NOT_COMPARED, audit.AUDIT_UNBOUND, audit.AUDIT_MISSING),
        audit.find_audits,
    ),
    Check(
        (evidence_terms.UNSTATED_EVIDENCE, evidence_terms.ASSUMED_EVIDENCE), evidence_terms.find_open_terms
    ),
    Check((evidence.EVIDENCE_MISMATCH,), evidence_terms.find_contradictions),
    Check((evidence.EVIDENCE_MISMATCH,), evidence_terms.find_rows_for_people),
    Check(federated.RULES, federated.find_federated),
    Check((evidence.MISSING_EVIDENCE,), evidence_coverage.find_uncovered),
    Check((evidence.EVIDENCE_MISMATCH,), evidence_coverage.find_unlisted),
    Check((artifact.DIGEST_MISMATCH,), evidence_terms.find_changed_evidence),
    Check((processing.NONPRIVATE_TUNING, processing.UNSTATED_TUNING), processing.find_tuning),
    Check(
        (processing.NONPRIVATE_PREPROCESSING, processing.UNSTATED_PREPROCESSING),
        processing.find_preprocessing,
    ),
    Check((processing.UNSTATED_PARTITION,), processing.find_unstated_partitions),
    Check(
        (
            disclosure.MISSING_VARIANT,
            disclosure.MISSING_SCOPE,
            disclosure.MISSING_TRUST_MODEL,
            disclosure.MISSING_MAX_CONTRIBUTIONS,
        ),
        disclosure.find_undisclosed,
    ),
    Check((disclosure.MISSING_CLIPPING_NORM,), disclosure.find_missing_clipping_norm),
    Check((artifact.ARTIFACT_MISSING, artifact.DIGEST_MISMATCH), artifact.find_artifacts),
    Check((artifact.DUPLICATE_VERSION,), artifact.find_duplicate_version),
    Check(
        (
            sealed.UNSEALED,
            sealed.SEAL_MISMATCH,
            sealed.KEY_POLICY_NOT_ACCEPTED,
            sealed.DISCLOSURE_UNDERSTATED,
        ),
        sealed.find_seals,
    ),
)

RULES: tuple[Rule, ...] = (
    *dict.fromkeys(rule for check in RELEASE_CHECKS for rule in check.rules),
    DP_INVALID_BUDGET,
    *weights.RULES,
    composition.SCOPE_OVER_BUDGET,
    *WAIVER_RULES,
)
"""Each once; what a source alone can report is in `gatecli.sources`."""
