"""The library: its public names, what an import of it costs, and that it says what the command line says."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

import gatecli
from gatecli.cli.app import main
from tests.support.changes import ALLOW, POLICY, SSN, change, policy, waiver

TESTS = Path(__file__).parents[1]
EXAMPLES = TESTS / "rules"
NAMES = (Path(__file__).parent / "names.txt").read_text("utf-8").split()
FUNCTIONS = [gatecli.check_plan, gatecli.check_release, gatecli.check_repository, gatecli.check_table]
PII_POLICY = EXAMPLES / "pii-policy.yaml"

Shown = tuple[int, str]
Command = Callable[..., Shown]


def test_the_public_names_are_those_that_users_rely_on() -> None:
    assert sorted(gatecli.__all__) == NAMES
    assert set(NAMES) <= set(dir(gatecli))


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert inspect.getdoc(getattr(gatecli, name))


@pytest.mark.parametrize("function", [*FUNCTIONS, gatecli.scan])
def test_every_parameter_of_a_call_but_its_input_is_named(function: Callable[..., object]) -> None:
    first, *others = inspect.signature(function).parameters.values()
    assert first.kind is first.POSITIONAL_OR_KEYWORD
    assert {each.kind for each in others} == {first.KEYWORD_ONLY}


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'check_everything'"):
        getattr(gatecli, "check_everything")  # noqa: B009 - a type checker would refuse the attribute


def test_an_import_loads_nothing() -> None:
    script = "import sys, gatecli; print(sorted(name for name in sys.modules if name.startswith('gatecli')))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['gatecli', 'gatecli.package']"


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """A command of gatecli, run in this process: its exit code, and the JSON report."""

    def run(*arguments: object) -> Shown:
        code = main([*map(str, arguments), "--format", "json"])
        return code, capsys.readouterr().out

    return run


def shown(verdict: gatecli.Verdict) -> Shown:
    return int(verdict.exit_code), verdict.to_json()


def folders(*prefixes: str) -> list[Any]:
    found = [folder for folder in sorted(EXAMPLES.glob("*/*/")) if folder.parent.name.startswith(prefixes)]
    assert found
    return [pytest.param(each, id=f"{each.parent.name}-{each.name}") for each in found]


@pytest.mark.parametrize(
    "folder", folders("audit-missing", "audit-not-compared", "audit-unbound", "dp-", "release-", "waiver-")
)
def test_a_release_is_judged_as_on_the_command_line(folder: Path, command: Command) -> None:
    assert shown(gatecli.check_release(folder)) == command("release", "check", folder)


@pytest.mark.parametrize("folder", folders("pii-"))
def test_texts_are_judged_as_on_the_command_line(folder: Path, command: Command) -> None:
    expected = command("pii", "scan", folder, "--policy", PII_POLICY)
    assert shown(gatecli.scan(folder, policy=PII_POLICY)) == expected


@pytest.mark.parametrize("folder", [each for each in folders("tf-") if "tf-no-plan" not in each.id])
def test_a_plan_is_judged_as_on_the_command_line(folder: Path, command: Command) -> None:
    plan = folder / "plan.json"
    assert shown(gatecli.check_plan(plan)) == command("terraform", "check", plan)


@pytest.mark.parametrize(
    "rule", ["anon-k-below-threshold", "anon-l-below-threshold", "anon-t-above-threshold"]
)
@pytest.mark.parametrize("kind", ["pass", "fail"])
def test_a_table_is_judged_as_on_the_command_line(rule: str, kind: str, command: Command) -> None:
    declaration = yaml.safe_load((EXAMPLES / rule / kind / "privacy.yaml").read_text("utf-8"))
    asked = declaration["spec"]["datasets"][0]["anonymity"]
    table = EXAMPLES / rule / kind / asked["path"]
    columns, sensitive = asked["quasiIdentifiers"], asked.get("sensitive", [])
    demands = {name: asked[name] for name in ("k", "l", "t") if name in asked}
    options = [f"--{name}={value}" for name, value in demands.items()]
    named = [f"--quasi-identifier={name}" for name in columns] + [f"--sensitive={name}" for name in sensitive]
    verdict = gatecli.check_table(table, quasi_identifiers=columns, sensitive=sensitive, **demands)
    assert shown(verdict) == command("anonymity", "check", table, *named, *options)


@pytest.mark.parametrize(
    "folder",
    folders(
        "anon-k-below",
        "dp-missing-epsilon",
        "pii-us-ssn",
        "tf-dataset-ungated",
        "tf-no-plan",
        "waiver-expired",
    ),
)
def test_a_repository_is_judged_as_on_the_command_line(folder: Path, command: Command) -> None:
    assert shown(gatecli.check_repository(folder)) == command("check", folder, "--no-cache")


def test_the_law_of_a_revision_holds_as_on_the_command_line(tmp_path: Path, command: Command) -> None:
    here = change(tmp_path / "r", {"gatecli.yaml": POLICY, "a.yaml": f"ssn: {SSN} {ALLOW}\n"})
    here.write({"gatecli.yaml": policy("severities: {pii-us-ssn: note}"), "b.yaml": f"ssn: {SSN} {ALLOW}\n"})
    verdict = gatecli.check_repository(here.root, policy_from="main")
    assert {"policy-changed", "allowance-added"} <= {finding.rule.id for finding in verdict.findings}
    assert shown(verdict) == command("check", here.root, "--no-cache", "--policy-from", "main")
    assert gatecli.scan(here.root, policy_from="main").exit_code == 1
    assert gatecli.scan(here.root).exit_code == 0


def test_a_policy_that_is_a_value_is_no_file_of_the_change(tmp_path: Path) -> None:
    here = change(tmp_path / "r", {"gatecli.yaml": POLICY, "a.yaml": "a: 1\n"})
    here.write({"gatecli.yaml": policy("severities: {pii-us-ssn: note}"), "w.yaml": waiver("w", "a.yaml")})
    chosen = gatecli.read_policy(PII_POLICY)
    verdict = gatecli.scan(here.root, policy=chosen, waivers=[here.root / "w.yaml"], policy_from="main")
    assert {finding.rule.id for finding in verdict.findings} == {"waiver-added"}


def test_waivers_hold_on_the_day_that_is_given(tmp_path: Path) -> None:
    folder = EXAMPLES / "waiver-expired/fail"
    (waiver,) = (each for each in folder.glob("*.yaml") if "PrivacyWaiver" in each.read_text("utf-8"))
    told = [
        {finding.rule.id for finding in gatecli.check_release(folder, policy=waiver, today=day).findings}
        for day in (date(2000, 1, 1), date(2099, 1, 1))
    ]
    assert ["waiver-expired" in rules for rules in told] == [False, True]


def test_a_policy_may_be_given_as_a_value(command: Command) -> None:
    folder = EXAMPLES / "pii-uk-nhs/fail"
    policy: gatecli.Policy = gatecli.read_policy(PII_POLICY)
    assert shown(gatecli.scan(folder, policy=policy)) == shown(gatecli.scan(folder, policy=PII_POLICY))


def test_a_severity_decides_what_closes_the_gate() -> None:
    folder = EXAMPLES / "dp-unstated-tuning/fail"
    strict = gatecli.check_release(folder, fail_on=gatecli.Severity.NOTE)
    assert not strict.passed
    assert all(isinstance(finding, gatecli.Finding) for finding in strict.findings)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: gatecli.check_release("absent"), 2),
        (lambda: gatecli.check_repository("absent"), 2),
        (lambda: gatecli.check_repository(".", policy_from="no-such-revision"), 2),
        (lambda: gatecli.check_plan("absent"), 2),
        (lambda: gatecli.check_table("absent.csv", quasi_identifiers=["age"], k=2), 3),
        (lambda: gatecli.check_table("absent.csv", quasi_identifiers=["age"]), 2),
        (lambda: gatecli.check_table("absent.csv", quasi_identifiers=["age"], tier="unheard"), 2),
        (lambda: gatecli.check_table("absent.csv", quasi_identifiers=["age"], t=-0.5), 2),
        (lambda: gatecli.check_table("absent.csv", quasi_identifiers=["age"], t=float("nan")), 2),
        (lambda: gatecli.scan([]), 2),
    ],
)
def test_what_stops_a_run_is_raised_with_its_exit_code(call: Callable[[], object], code: int) -> None:
    with pytest.raises(gatecli.GatecliError) as raised:
        call()
    assert (type(raised.value).exit_code, bool(raised.value.message)) == (code, True)


def test_a_verdict_holds_no_value(tmp_path: Path) -> None:
    folder = tmp_path / "of 536-22-1234"
    folder.mkdir()
    (folder / "a.yaml").write_text("ssn: 536-22-1234\n", "utf-8")
    verdict = gatecli.scan(folder)
    assert verdict.exit_code == 1
    assert "536-22-1234" not in repr(verdict) + verdict.to_json()
