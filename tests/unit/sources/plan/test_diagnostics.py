from __future__ import annotations

import json

import pytest

from gatecli.model.document import Place
from gatecli.sources.plan.diagnostics import Diagnostic, PlanFailure, diagnostics_of, failure, version_of

FRAMED = """\x1b[31m╷\x1b[0m\x1b[0m
\x1b[31m│\x1b[0m \x1b[1m\x1b[31mError: \x1b[0m\x1b[0m\x1b[1mCouldn't show local plan\x1b[0m
│
│ Plan read error: plan file was created by Terraform 1.15.5, but this is
│ 1.11.4; plan files cannot be transferred between different Terraform
│ versions
╵
"""


def line(summary: str, detail: str = "", severity: str = "error", **more: object) -> bytes:
    diagnostic = {"severity": severity, "summary": summary, "detail": detail, **more}
    return json.dumps({"@level": severity, "type": "diagnostic", "diagnostic": diagnostic}).encode() + b"\n"


# Summaries and details as Terraform 1.5 to 1.15 writes them.
SAID = [
    (
        "Module not installed",
        'This module is not yet installed. Run "terraform init" …',
        PlanFailure.NOT_INITIALISED,
    ),
    (
        'Backend initialization required, please run "terraform init"',
        "Reason: …",
        PlanFailure.NOT_INITIALISED,
    ),
    (
        "Inconsistent dependency lock file",
        "… provider registry.terraform.io/x/y: …",
        PlanFailure.NOT_INITIALISED,
    ),
    ("Required plugins are not installed", "The installed provider plugins …", PlanFailure.NOT_INITIALISED),
    ("Error acquiring the state lock", "Error message: resource temporarily unavailable", PlanFailure.LOCKED),
    (
        "Error loading state",
        "state snapshot was created by Terraform v1.15.0, which is newer than current v1.11.4",
        PlanFailure.VERSION,
    ),
    ("Unsupported Terraform Core version", "This configuration does not support …", PlanFailure.VERSION),
    ("Failed to install provider", "Error while installing x/y v1: …", PlanFailure.PROVIDER),
    ("Plugin did not respond", "The plugin encountered an error …", PlanFailure.PROVIDER),
    ("Error loading state: AccessDenied", "", PlanFailure.BACKEND),
    ("Failed to get existing workspaces", "S3 backend: no credentials", PlanFailure.BACKEND),
    ("No value for required variable", 'The root module input variable "q" is not set', PlanFailure.VARIABLE),
    ("Value for undeclared variable", "…", PlanFailure.VARIABLE),
    ("Invalid value for variable", "k is positive", PlanFailure.VARIABLE),
    ("Resource precondition failed", "k-anonymity 1 is below 5", PlanFailure.CONDITION),
    ("Module output value precondition failed", "…", PlanFailure.CONDITION),
    ("Failed to read the given file as a state or plan file", "State read error: …", PlanFailure.NO_PLAN),
    ("Unsupported argument", 'An argument named "x" is not expected here.', PlanFailure.OTHER),
]


@pytest.mark.parametrize(("summary", "detail", "reason"), SAID)
def test_an_error_of_terraforms_has_a_meaning(summary: str, detail: str, reason: PlanFailure) -> None:
    failed = failure(diagnostics_of(line(summary, detail), b""), "terraform", "infra")
    assert failed.reason is reason
    assert failed.message
    assert failed.advice
    assert "{" not in failed.message + failed.advice
    assert failed.diagnostics[0].summary == summary


def test_the_words_of_terraform_are_values_and_not_in_our_sentence() -> None:
    failed = failure(diagnostics_of(line("Odd canary", "canary"), b""), "terraform", "infra")
    assert "canary" not in failed.message + failed.advice + repr(failed)


def test_an_error_says_where_it_stands() -> None:
    at = {"filename": "main.tf", "start": {"line": 3, "column": 5, "byte": 1}}
    [said] = diagnostics_of(line("Odd", range=at, address="a.b"), b"")
    assert (said.place, said.address) == (Place("main.tf", 3, 5), "a.b")


@pytest.mark.parametrize("at", [None, 1, {}, {"filename": 3, "start": {}}, {"filename": "x", "start": 1}])
def test_a_range_of_another_form_is_no_place(at: object) -> None:
    [said] = diagnostics_of(line("Odd", range=at), b"")
    assert said.place is None


def test_the_first_error_that_tells_decides() -> None:
    said = diagnostics_of(line("Odd") + line("Error acquiring the state lock"), b"")
    assert failure(said, "tofu", "infra").reason is PlanFailure.LOCKED


def test_warnings_are_no_reason() -> None:
    said = diagnostics_of(line("Error acquiring the state lock", severity="warning"), b"")
    failed = failure(said, "terraform", "infra")
    assert (failed.reason, failed.diagnostics) == (PlanFailure.OTHER, ())


def test_a_framed_and_coloured_text_is_read_where_there_are_no_json_lines() -> None:
    said = diagnostics_of(b"noise\n{broken\n[1]\n", FRAMED.encode())
    assert said == (
        Diagnostic(
            "error",
            "Couldn't show local plan",
            "Plan read error: plan file was created by Terraform 1.15.5, but this is 1.11.4; plan files "
            "cannot be transferred between different Terraform versions",
        ),
    )
    assert failure(said, "terraform", "infra").reason is PlanFailure.VERSION


def test_the_version_line_names_the_tool() -> None:
    assert version_of(b'{"type":"version","terraform":"1.11.4"}\n') == ("terraform", "1.11.4")
    assert version_of(b'{"type":"version","tofu":"1.9.0","terraform":"1.9.0"}\n') == ("tofu", "1.9.0")
    assert version_of(b"text\n") == ("", "")
