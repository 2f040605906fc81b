"""Small releases, judged against a ledger in a test."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.release import ReleaseRequest, check_releases
from gatecli.gates.reserving import LedgerUse
from gatecli.ledger.interface import Store
from gatecli.model.policy import PrivacyPolicy, overlay
from gatecli.model.release import ModelRelease, ReleaseSubject
from gatecli.model.verdict import Verdict
from gatecli.sources.policy import default_policy
from tests.support.charged_ledgers import moment
from tests.support.releases import PRIVACY, SPEC, data_of, subject_of

TODAY = date(2026, 11, 21)


def release(version: str = "1", epsilon: str = "1", *datasets: str, **privacy: Any) -> ReleaseSubject:
    """A pure release of ε, from the given datasets."""
    claim = {
        **PRIVACY,
        "epsilon": epsilon,
        "delta": "1e-6",
        "mechanisms": [{"kind": "exponential", "epsilon": epsilon}],
        **privacy,
    }
    named = [{"name": name, "records": 60000} for name in datasets or ("customers",)]
    data = data_of({**SPEC, "sensitivity": "low", "privacy": claim, "datasets": named}, version)
    return subject_of({**data, "metadata": {"name": "churn", "version": version}})


def renamed(name: str) -> ModelRelease:
    plain = release("1", "1").release
    return plain.model_copy(update={"metadata": plain.metadata.model_copy(update={"name": name})})


def document(spec: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": "own"}
    return {"apiVersion": "gatecli.dev/v1", "kind": "PrivacyPolicy", "metadata": metadata, "spec": spec}


def policy_with(**ledger_rules: Any) -> PrivacyPolicy:
    spec = {"ledger": ledger_rules, "tiers": {"low": {"maxEpsilon": 100, "maxDelta": "1e-4"}}}
    return overlay(default_policy(), PrivacyPolicy.from_file(document(spec)))


POLICY = policy_with()


def judged(
    store: Store,
    *subjects: ReleaseSubject,
    reserves: bool = False,
    plan: str | None = None,
    policy: PrivacyPolicy = POLICY,
    today: date = TODAY,
) -> Verdict:
    use = LedgerUse(store, moment(today), reserves, plan)
    return check_releases(ReleaseRequest(JudgementTerms(policy, (), today), subjects, ledger=use))


def reserved(store: Store, *subjects: ReleaseSubject, plan: str | None = None, today: date = TODAY) -> bool:
    return judged(store, *subjects, reserves=True, plan=plan, today=today).passed


def rules(verdict: Verdict) -> set[str]:
    return {finding.rule.id for finding in verdict.findings if finding.rule.id.startswith("ledger-")}


def held(store: Store, name: str = "customers") -> tuple[int, ...]:
    account = store.account(name)
    assert account is not None
    return tuple(account.held)
