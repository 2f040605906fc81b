"""Whom a policy trusts: its keys, and the stricter of policy and command line."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from gatecli.errors import ConfigurationError
from gatecli.gates.trust_policy import trust_by_policy
from gatecli.gates.verification_requests import StatementKind, VerifierDemands
from gatecli.model.floor import tighten
from gatecli.model.policy import PrivacyPolicy, stamp
from tests.support.attestations import ed25519, trusted

KEY = ed25519()
DIGEST, OTHER = "1" * 64, "2" * 64


def policy(**attestation: Any) -> PrivacyPolicy:
    spec = {"attestation": attestation} if attestation else {}
    head = {"apiVersion": "gatecli.dev/v1", "kind": "PrivacyPolicy", "metadata": {"name": "acme"}}
    return PrivacyPolicy.from_file({**head, "spec": spec})


def key(**more: Any) -> dict[str, Any]:
    return {"name": "team", "publicKey": KEY.public.pem, **more}


def demands(**more: Any) -> VerifierDemands:
    return VerifierDemands(StatementKind.RELEASE, (), **more)


def test_the_keys_of_a_policy_are_trusted_in_their_scope() -> None:
    rules = policy(keys=[key(datasets=["customers"], expires="2027-12-31")])
    (found,) = trust_by_policy(rules, demands()).keys
    assert found.key.id == KEY.public.id
    assert found.datasets == frozenset({"customers"})
    assert found.expires == date(2027, 12, 31)


def test_a_key_of_the_command_line_stands_beside_them() -> None:
    more = VerifierDemands(StatementKind.RELEASE, (trusted(ed25519(), "mine"),))
    assert [each.name for each in trust_by_policy(policy(keys=[key()]), more).keys] == ["team", "mine"]


def test_the_stricter_of_both_counts() -> None:
    rules = policy(keys=[key()], threshold=2, validDays=30)
    for given, expected in ((demands(), (2, 30)), (demands(threshold=1, valid_days=90), (2, 30))):
        found = trust_by_policy(rules, given)
        assert (found.threshold, found.valid_days) == expected
    stricter = trust_by_policy(rules, demands(threshold=3, valid_days=7))
    assert (stricter.threshold, stricter.valid_days) == (3, 7)


def test_a_policy_accepts_its_own_verdicts_and_those_it_names() -> None:
    rules = policy(keys=[key()], policies=[DIGEST])
    found = trust_by_policy(rules, demands(policies=frozenset({OTHER}))).policies
    assert found == frozenset({stamp(rules).sha256, DIGEST, OTHER})


def test_whom_a_policy_trusts_does_not_change_its_digest() -> None:
    assert stamp(policy(keys=[key()], revoked=[DIGEST])).sha256 == stamp(policy()).sha256


@pytest.mark.parametrize("wrong", [{"expires": "2027-02-30"}, {"publicKey": "no key"}])
def test_a_key_that_is_none_cannot_be_used(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="team"):
        trust_by_policy(policy(keys=[key(**wrong)]), demands())


def test_a_nearer_policy_trusts_nobody_besides_and_may_revoke() -> None:
    floor = policy(keys=[key()], threshold=2, validDays=30, revoked=[DIGEST])
    nearer = policy(keys=[key(name="mine")], threshold=1, validDays=7, policies=[OTHER], revoked=[OTHER])
    rules = tighten(floor, nearer, lambda _: None).spec.attestation
    assert [each.name for each in rules.keys] == ["team"]
    assert (rules.threshold, rules.valid_days, rules.policies) == (2, 7, ())
    assert rules.revoked == (DIGEST, OTHER)
