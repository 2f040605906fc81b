from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

from gatecli.model.verdict import Verdict, decide
from gatecli.reports import junit
from gatecli.reports.interface import Style
from tests.support.verdicts import CASES, CHURN, POLICY, understated


def cases_of(verdict: Verdict) -> dict[str, list[str]]:
    suites = ET.fromstring(junit.render(verdict, Style()).encode())  # noqa: S314 - this project's own output
    return {case.attrib["name"]: [child.tag for child in case] for case in suites.iter("testcase")}


def test_a_subject_without_findings_is_a_case_that_passes() -> None:
    assert cases_of(CASES["open"]()) == {"release churn-classifier 2.3.0": []}


def test_a_subject_that_only_warns_passes_with_a_remark() -> None:
    assert cases_of(CASES["warned"]()) == {
        "release churn-classifier 2.3.0": [],
        "churn-classifier 2.3.0: dp-missing-unit /spec/privacy": ["system-out"],
        "churn-classifier 2.3.0: dp-overstated-epsilon /spec/privacy/epsilon": ["system-out"],
    }


def test_what_closes_the_gate_is_a_failure_at_any_severity() -> None:
    assert list(cases_of(CASES["strict"]()).values()) == [["failure"], ["system-out"]]


def test_a_subject_with_a_failure_has_no_passing_case() -> None:
    assert cases_of(CASES["closed"]()) == {
        "churn-classifier 2.3.0: dp-understated-epsilon /spec/privacy/epsilon": ["failure"]
    }


def test_what_could_not_be_checked_is_an_error() -> None:
    assert cases_of(CASES["uncheckable"]())["models/truncated.yaml: source-unreadable"] == ["error"]


def test_nothing_to_check_is_an_error() -> None:
    assert cases_of(CASES["nothing"]()) == {"nothing was checked": ["error"]}


def test_a_suppressed_finding_is_skipped() -> None:
    assert ["skipped"] in cases_of(CASES["suppressed"]()).values()


def test_cases_of_one_name_are_numbered() -> None:
    twice = (understated(1), understated(2), replace(understated(3), subject=f"{CHURN.name}"))
    names = list(cases_of(decide("release", POLICY, (), twice)))
    name = "churn-classifier 2.3.0: dp-understated-epsilon /spec/privacy/epsilon"
    assert names == [name, f"{name} (2)", f"{name} (3)"]


def test_a_command_of_a_job_runner_keeps_its_text_but_not_its_spelling() -> None:
    finding = replace(understated(), message="::error::x ##[group]")
    rendered = junit.render(decide("release", POLICY, (), (finding,)), Style())
    assert "\n::" not in rendered
    assert "##[" not in rendered
    failure = ET.fromstring(rendered.encode()).find(".//failure")  # noqa: S314 - this project's own output
    assert failure is not None
    assert failure.attrib["message"] == "::error::x ##[group]"
    assert "::error::x ##[group]" in (failure.text or "").splitlines()
