"""Every rule on personal data: one for each entity, and what a search did not reach."""

from __future__ import annotations

from gatecli.checks.columns import PII_TABLE_SAMPLED
from gatecli.checks.personal_data import (
    PII_ENCODED_TOO_DEEPLY,
    PII_NOT_SEARCHED,
    PII_SCAN_INCOMPLETE,
    rule_of,
)
from gatecli.model.finding import Rule
from gatecli.pii.entities import all_entities
from gatecli.pii.interface import PERSON_NAME

RULES: tuple[Rule, ...] = (
    PII_SCAN_INCOMPLETE,
    PII_ENCODED_TOO_DEEPLY,
    PII_NOT_SEARCHED,
    PII_TABLE_SAMPLED,
    *(rule_of(entity) for entity in (*all_entities(), PERSON_NAME)),
)
