"""Findings about columns that identify."""

from __future__ import annotations

import pytest

from gatecli.anonymity.discovery.identifying_columns import discover
from gatecli.checks.tables.roles import ROLE_RULES, find_direct_identifiers, find_undeclared
from gatecli.model.document import Place
from gatecli.model.finding import Severity
from tests.support.anonymity_tables import IBIS_WARNS, table_of

pytestmark = IBIS_WARNS

PLACE = Place("patients.csv")
PATIENTS = {
    "email": ["a@x.org", "b@x.org", "c@x.org", "d@x.org"],
    "age": [30, 30, 40, 40],
    "tray": ["n", "s", "n", "s"],
    "illness": ["flu", "flu", "cold", "cold"],
}


def test_a_direct_identifier_is_an_error_that_names_the_column_and_no_value() -> None:
    (finding,) = find_direct_identifiers(discover(table_of(PATIENTS)), "patients", PLACE)
    assert finding.message == "email is a direct identifier: its name says “email”"
    assert finding.severity is Severity.ERROR
    assert "x.org" not in f"{finding.message}{finding.remediation}"


def test_an_undeclared_quasi_identifier_is_told_with_what_it_does() -> None:
    (finding,) = find_undeclared(discover(table_of(PATIENTS)), ["age"], ["illness"], "patients", PLACE)
    assert finding.message == (
        "tray is not declared as a quasi-identifier, but it makes rows unique; with age it makes 4 of 4 rows "
        "unique and tells 100 % of all pairs of rows apart"
    )
    assert finding.rule.id == "anon-undeclared-quasi-identifier"


def test_a_complete_declaration_has_no_finding() -> None:
    assert not [
        *find_undeclared(discover(table_of(PATIENTS)), ["age", "tray"], ["illness"], "patients", PLACE)
    ]


def test_each_column_has_a_fingerprint_of_its_own() -> None:
    table = table_of({"name": ["a", "b"], "phone": ["1", "2"]})
    found = [finding.fingerprint for finding in find_direct_identifiers(discover(table), "t", PLACE)]
    assert len(set(found)) == 2


@pytest.mark.parametrize("rule", ROLE_RULES)
def test_the_rules_are_of_the_anonymity_family(rule: object) -> None:
    assert str(getattr(rule, "id", "")).startswith("anon-")
