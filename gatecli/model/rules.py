"""Rules that both the sources and the checks may find broken."""

from __future__ import annotations

from gatecli.model.finding import Rule, Severity

DP_INVALID_BUDGET = Rule(
    "dp-invalid-budget", Severity.ERROR, "A declared ε, δ, ρ or μ is not a number that promises anything"
)
DP_UNACCOUNTABLE_MECHANISM = Rule(
    "dp-unaccountable-mechanism", Severity.ERROR, "No accountant can bound what a declared mechanism costs"
)

RULES: tuple[Rule, ...] = (DP_INVALID_BUDGET, DP_UNACCOUNTABLE_MECHANISM)
