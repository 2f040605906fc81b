"""Every rule of every gate, in the order of the documentation."""

from __future__ import annotations

from gatecli.checks.registry import RULES as CHECK_RULES
from gatecli.model.finding import Rule
from gatecli.sources.rules import RULES as SOURCE_RULES

ALL_RULES: tuple[Rule, ...] = tuple(
    sorted({rule.id: rule for rule in (*CHECK_RULES, *SOURCE_RULES)}.values(), key=lambda rule: rule.id)
)
