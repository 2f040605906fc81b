"""What is found of the libraries that are installed, and what the table says of them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from gatecli.audit.engines import EngineReport, audit_engines
from gatecli.cli.audit_engines import engines_exit_code
from gatecli.model.audit import AuditClaim, AuditOutcome, AuditResult
from gatecli.model.engine import REASONS, EngineMechanism, PrivacyEngine
from gatecli.model.verdict import ExitCode
from tests.support.engine_audits import BY_NAME, FEW, finds_what_is_refused

NUMPY = BY_NAME["numpy"]
ABSENT = PrivacyEngine("no-such-distribution", (EngineMechanism("Laplace", "numpy_laplace"),))


@pytest.mark.parametrize("name", ["opendp", "numpy"])
def test_what_is_found_is_what_is_refused(name: str) -> None:
    """The table of flaws is what this very command finds; tests/training attacks the other libraries."""
    assert finds_what_is_refused(name)


def test_the_lowest_bits_are_looked_at_where_there_are_any() -> None:
    laplace, half = audit_engines(FEW, engines=[NUMPY])
    assert [each.method for each in laplace.results] == ["betting", "lattice"]
    assert [each.method for each in half.results] == ["betting"]
    assert {each.method for report in (laplace, half) for each in report.results} == set(REASONS)


def test_a_library_that_is_not_installed_has_no_results() -> None:
    (report,) = audit_engines(FEW, engines=[ABSENT])
    assert (report.version, report.results) == ("", ())


def test_an_adapter_that_cannot_be_imported_could_not_run() -> None:
    broken = replace(NUMPY, mechanisms=(EngineMechanism("none", "no_such_adapter"),))
    (report,) = audit_engines(FEW, engines=[broken])
    assert report.could_not_run
    assert "cannot be imported" in report.results[0].reason


def report(outcome: AuditOutcome | None, *, is_known_bad: bool = False) -> EngineReport:
    """A report of one result; None for a library that is not installed."""
    engine = replace(NUMPY, is_known_bad=is_known_bad)
    if outcome is None:
        return EngineReport(engine, "Laplace", "", ())
    result = AuditResult("x", "betting", outcome, AuditClaim(Fraction(1)), Fraction(999, 1000))
    return EngineReport(engine, "Laplace", "1.0", (result,))


FOUND, NOTHING, BROKEN = AuditOutcome


@pytest.mark.parametrize(
    ("outcomes", "bad", "code"),
    [
        ([NOTHING, None], FOUND, ExitCode.OPEN),
        ([NOTHING, FOUND], FOUND, ExitCode.CLOSED),
        ([NOTHING, BROKEN], FOUND, ExitCode.UNCHECKABLE),
        ([BROKEN, FOUND], FOUND, ExitCode.CLOSED),
        ([NOTHING], NOTHING, ExitCode.UNCHECKABLE),
    ],
)
def test_the_exit_code_is_of_the_worst(
    outcomes: list[AuditOutcome | None], bad: AuditOutcome, code: ExitCode
) -> None:
    reports = [*(report(each) for each in outcomes), report(bad, is_known_bad=True)]
    assert engines_exit_code(reports) is code
