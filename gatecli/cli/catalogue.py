"""Every rule of every gate, in the order of the documentation."""

from __future__ import annotations

from gatecli.checks.anonymity_table import RULES as ANONYMITY_RULES
from gatecli.checks.coverage import RULES as COVERAGE_RULES
from gatecli.checks.personal_data import RULES as PII_RULES
from gatecli.checks.registry import RULES as CHECK_RULES
from gatecli.checks.terraform_rules import RULES as TERRAFORM_RULES
from gatecli.model.finding import Rule
from gatecli.model.inline import INLINE_RULES
from gatecli.sources.plan.rules import RULES as PLAN_RULES
from gatecli.sources.rules import RULES as SOURCE_RULES
from gatecli.sources.scan_rules import RULES as SCAN_RULES

_FAMILIES = (
    COVERAGE_RULES,
    TERRAFORM_RULES,
    PLAN_RULES,
    CHECK_RULES,
    ANONYMITY_RULES,
    SOURCE_RULES,
    PII_RULES,
    SCAN_RULES,
    INLINE_RULES,
)

ALL_RULES: tuple[Rule, ...] = tuple(
    sorted({rule.id: rule for rules in _FAMILIES for rule in rules}.values(), key=lambda rule: rule.id)
)
RULE_IDS = frozenset(rule.id for rule in ALL_RULES)
UNCHECKABLE_IDS = frozenset(rule.id for rule in ALL_RULES if rule.uncheckable)
