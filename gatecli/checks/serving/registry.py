"""Every check of the gate of endpoints, and every rule that it can report."""

from __future__ import annotations

from gatecli.checks.serving import budgets, network, noise, proofs, screening, voters
from gatecli.checks.serving.interface import EndpointCheck
from gatecli.model.finding import Rule

ENDPOINT_CHECKS: tuple[EndpointCheck, ...] = (
    EndpointCheck((proofs.MISSING_ATTESTATION,), proofs.find_missing_attestation),
    EndpointCheck(
        (
            proofs.ATTESTATION_REJECTED,
            proofs.UNBOUND_ATTESTATION,
            proofs.OTHER_MODEL,
            proofs.MODEL_ELSEWHERE,
        ),
        proofs.find_attestation_faults,
    ),
    EndpointCheck((proofs.IDLE_FALLBACK,), proofs.find_idle_fallback),
    EndpointCheck((noise.FRESH_NOISE, noise.SMALL_CACHE), noise.find_fresh_noise),
    EndpointCheck((noise.IMPOSSIBLE_NOISE, noise.USELESS_NOISE), noise.find_noise_faults),
    EndpointCheck((budgets.MISSING_BUDGET, budgets.CALLER_BUDGET_ALONE), budgets.find_missing_budget),
    EndpointCheck((budgets.CALLER_BUDGET_TOO_SMALL,), budgets.find_small_caller_budget),
    EndpointCheck((budgets.CALLERS_IN_LEDGER,), budgets.find_callers_in_ledger),
    EndpointCheck((budgets.ANSWER_OVER_TIER,), budgets.find_over_tier),
    EndpointCheck(
        (budgets.UNKNOWN_DATASET, budgets.BUDGET_SPENT, budgets.BUDGET_BELOW_LEASE),
        budgets.find_ledger_faults,
    ),
    EndpointCheck((voters.SHARED_PEOPLE,), voters.find_shared_people),
    EndpointCheck((voters.REPEATED_MODEL,), voters.find_repeated_models),
    EndpointCheck((voters.UNCHARGED_PEOPLE,), voters.find_uncharged_people),
    EndpointCheck(network.RULES, network.find_network_faults),
    EndpointCheck((screening.WEAK_SCREENING,), screening.find_weak_screening),
    EndpointCheck((screening.TELLING_REFUSALS,), screening.find_telling_refusals),
)

RULES: tuple[Rule, ...] = tuple(dict.fromkeys(rule for check in ENDPOINT_CHECKS for rule in check.rules))
"""Each once; what a source alone can report is in `gatecli.sources.endpoint`."""
