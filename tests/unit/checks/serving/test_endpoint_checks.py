"""Single checks of endpoints: what they ask, and what they leave alone."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from gatecli.accounting.answer_noise import grid_noise
from gatecli.checks.policy_entities import entities_of_policy
from gatecli.checks.serving.interface import DatasetStanding, EndpointContext, ProofFaults
from gatecli.checks.serving.noise import find_noise_faults
from gatecli.checks.serving.registry import ENDPOINT_CHECKS, RULES
from gatecli.model.finding import Finding
from gatecli.model.policy import PrivacyPolicy, overlay
from gatecli.model.private_endpoint import OF_ENTRY
from gatecli.sources.policy import default_policy
from tests.support.endpoints import SPEC, VOTES, endpoint

BUDGET = SPEC["budget"]
COUNTS: dict[str, Any] = {"mode": "aggregates", "aggregates": {"classes": ["stay"]}}
ATTESTED: dict[str, Any] = {"mode": "attested", "noise": None, "budget": None, "attestation": "a.json"}


def policy_with(**spec: Any) -> PrivacyPolicy:
    data = {
        "apiVersion": "gatecli.dev/v1",
        "kind": "PrivacyPolicy",
        "metadata": {"name": "acme"},
        "spec": spec,
    }
    return overlay(default_policy(), PrivacyPolicy.from_file(data))


def found(context: EndpointContext | None = None, **changes: Any) -> list[Finding]:
    subject = endpoint(**changes)
    context = context or EndpointContext(default_policy())
    return [finding for check in ENDPOINT_CHECKS for finding in check.find(subject, context)]


def rules(context: EndpointContext | None = None, **changes: Any) -> list[str]:
    return [finding.rule.id.removeprefix("serve-") for finding in found(context, **changes)]


def places(context: EndpointContext | None = None, **changes: Any) -> list[str | None]:
    return [finding.place.pointer for finding in found(context, **changes)]


def test_the_endpoint_of_these_tests_keeps_every_rule() -> None:
    assert rules() == []
    assert rules(**VOTES) == []


def test_a_check_reports_what_it_lists_alone() -> None:
    assert {rule.id for check in ENDPOINT_CHECKS for rule in check.rules} == {rule.id for rule in RULES}


@pytest.mark.parametrize(
    ("count", "delta", "expected"),
    [(100, "0", ["/spec/budget/perCaller/delta"]), (100, "0.001", []), (1, "0", [])],
)
def test_a_caller_needs_the_delta_of_the_noise_that_is_chosen(
    count: int, delta: str, expected: list[str]
) -> None:
    """Of one score Laplace noise is the smaller, of a hundred Gaussian noise, which has a δ."""
    noise, callers = {"epsilon": 8, "delta": "0.001"}, {"epsilon": 80, "delta": delta}
    found_at = places(noise=noise, scores={"count": count}, budget={**BUDGET, "perCaller": callers})
    assert [each for each in found_at if "perCaller" in str(each)] == expected


def test_no_caller_has_a_budget_where_all_are_told_the_same_counts() -> None:
    with pytest.raises(ValueError, match=r"budget\.perCaller does not apply in mode aggregates"):
        endpoint(**COUNTS, budget={**BUDGET, "perCaller": {"epsilon": 8}})


@pytest.mark.parametrize("mode", ["attested", "aggregates"])
def test_noise_on_counts_of_requests_is_no_proof_of_the_training(mode: str) -> None:
    aggregates = (
        {"aggregates": {"classes": ["stay"]}} if mode == "aggregates" else {"noise": None, "budget": None}
    )
    assert rules(mode=mode, **aggregates) == ["missing-attestation"]


def test_an_attestation_is_held_to_in_every_mode() -> None:
    proof = EndpointContext(default_policy(), ProofFaults("it is too old"))
    assert rules(proof, attestation="a.json", model={"path": "m"}) == ["attestation-rejected"]
    assert rules(proof, attestation="a.json") == ["attestation-rejected", "unbound-attestation"]


def test_other_bytes_are_told_from_a_statement_that_does_not_hold() -> None:
    proof = EndpointContext(default_policy(), ProofFaults(of_model="it is not about m as it is here"))
    (finding,) = found(proof, **ATTESTED, model={"path": "m"})
    assert (finding.rule.id, finding.place.pointer) == ("serve-other-model", "/spec/model")
    assert "it is not about m as it is here" in finding.message


@pytest.mark.parametrize("cache", [{"entries": 0}, {"bytes": 0}, {"bytes": OF_ENTRY - 1}])
@pytest.mark.parametrize("mode", [{}, VOTES])
def test_a_cache_that_holds_nothing_averages_noise_out(cache: dict[str, int], mode: dict[str, Any]) -> None:
    assert places(cache=cache, **mode) == [f"/spec/cache/{next(iter(cache))}"]


def test_what_gets_no_new_noise_needs_no_cache() -> None:
    assert "fresh-noise" not in rules(cache={"entries": 0}, **COUNTS)
    assert "fresh-noise" not in rules(cache={"entries": 0}, **ATTESTED)


@pytest.mark.parametrize(
    ("cache", "lease", "expected"),
    [
        ({"entries": 99}, 100, ["small-cache"]),
        ({"entries": 100}, 100, []),
        ({"bytes": OF_ENTRY * 99}, 100, ["small-cache"]),
        ({"bytes": OF_ENTRY * 100}, 100, []),
        ({"entries": 1}, 1, []),
    ],
)
def test_a_cache_holds_one_lease_at_least(cache: dict[str, int], lease: int, expected: list[str]) -> None:
    assert rules(cache=cache, budget={**BUDGET, "lease": lease}) == expected


@pytest.mark.parametrize("epsilon", ["1.3", "1.4", "1.42", "2"])
def test_noise_is_useless_from_where_it_is_as_wide_as_a_score(epsilon: str) -> None:
    wide = grid_noise(endpoint(noise={"epsilon": epsilon}).spec).deviation > 1
    assert wide == (Fraction(epsilon) < Fraction("1.415"))
    assert rules(noise={"epsilon": epsilon}) == ["useless-noise"] * wide


def test_more_models_make_noisy_votes_useful() -> None:
    few = {"classes": ["a", "b"], "models": VOTES["votes"]["models"][:2]}
    assert rules(**VOTES | {"votes": few, "noise": {"epsilon": 1}}) == ["useless-noise"]
    assert rules(**VOTES | {"noise": {"epsilon": 1}}) == []


@pytest.mark.parametrize(
    ("changes", "advised"),
    [
        (VOTES | {"noise": {"epsilon": "0.1"}}, "let more models vote"),
        ({"noise": {"epsilon": 1}}, "mode votes"),
        ({"noise": {"epsilon": 1}, "scores": {"count": 3}}, "ask for fewer scores"),
    ],
)
def test_what_is_advised_against_wide_noise_can_be_done_in_the_mode(
    changes: dict[str, Any], advised: str
) -> None:
    (finding,) = find_noise_faults(endpoint(**changes), EndpointContext(default_policy()))
    assert advised in finding.remediation


def test_what_is_advised_is_useful() -> None:
    subject = endpoint(noise={"epsilon": 1}, scores={"count": 3})
    (finding,) = find_noise_faults(subject, EndpointContext(default_policy()))
    advised = finding.remediation.partition("about ")[2].partition(" ")[0]
    assert rules(noise={"epsilon": advised}, scores={"count": 3}) == []


def test_counts_are_as_large_as_what_is_asked() -> None:
    assert rules(noise={"epsilon": "0.01"}, attestation="a", model={"path": "m"}, **COUNTS) == []


@pytest.mark.parametrize(
    ("noise", "expected"),
    [
        ({"epsilon": 8, "kind": "gaussian"}, ["impossible-noise"]),
        ({"epsilon": 8, "delta": "1e-6", "kind": "gaussian"}, []),
    ],
)
def test_gaussian_noise_needs_a_delta(noise: dict[str, Any], expected: list[str]) -> None:
    assert rules(noise=noise) == expected


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (None, ["missing-budget"]),
        ({}, ["missing-budget"]),
        ({"ledger": "l"}, ["missing-budget"]),
        ({"dataset": "d"}, ["missing-budget"]),
        ({"dataset": "d", "perCaller": {"epsilon": 8}}, ["caller-budget-alone"]),
        ({"perCaller": {"epsilon": 8}}, ["caller-budget-alone"]),
        ({"ledger": "l", "dataset": "d", "perCaller": {"epsilon": 8}}, []),
    ],
)
def test_the_people_pay_before_any_caller(budget: dict[str, Any] | None, expected: list[str]) -> None:
    assert rules(budget=budget) == expected
    assert rules(**VOTES | {"budget": budget}) == expected


def test_what_costs_nothing_needs_no_budget() -> None:
    assert rules(**ATTESTED, model={"path": "m"}) == []


@pytest.mark.parametrize(
    ("callers", "noise", "expected"),
    [
        ({"epsilon": 8}, {"epsilon": 8}, []),
        ({"epsilon": "7.99"}, {"epsilon": 8}, ["/spec/budget/perCaller/epsilon"]),
        ({"epsilon": 8}, {"epsilon": 8, "delta": "1e-6"}, []),
        (
            {"epsilon": 8, "delta": "1e-7"},
            {"epsilon": 8, "delta": "1e-6", "kind": "gaussian"},
            ["/spec/budget/perCaller/delta"],
        ),
    ],
)
def test_a_caller_may_have_one_answer(callers: Any, noise: Any, expected: list[str]) -> None:
    assert places(noise=noise, budget={**BUDGET, "perCaller": callers}) == expected


@pytest.mark.parametrize(
    ("noise", "expected"),
    [
        ({"epsilon": 8}, []),
        ({"epsilon": "8.1"}, ["/spec/noise/epsilon"]),
        ({"epsilon": 8, "delta": "2e-6"}, ["/spec/noise/delta"]),
    ],
)
@pytest.mark.parametrize("name", ["customers-2026", "Customers-2026 ", "customers-8082"])
def test_one_answer_is_within_the_tier_of_what_it_is_about(
    name: str, noise: Any, expected: list[str]
) -> None:
    policy = policy_with(tiers={"high": {"maxEpsilon": 8, "maxDelta": "1e-6"}}, datasets={name: "high"})
    assert places(EndpointContext(policy), **VOTES | {"noise": noise}) == expected


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (DatasetStanding("d"), []),
        (DatasetStanding("d", is_known=False), ["unknown-dataset"]),
        (DatasetStanding("d", closed="parent"), ["unknown-dataset"]),
        (DatasetStanding("d", short="d", low="d"), ["budget-spent"]),
        (DatasetStanding("d", low="parent"), ["budget-below-lease"]),
    ],
)
def test_what_a_ledger_says_is_told_once(standing: DatasetStanding, expected: list[str]) -> None:
    assert rules(EndpointContext(default_policy(), dataset=standing)) == expected


def test_a_fallback_needs_one_model() -> None:
    budget = {**BUDGET, "onUnavailable": "attested"}
    proof: dict[str, Any] = {"attestation": "a", "model": {"path": "m"}, "budget": budget}
    assert rules(**proof) == []
    assert rules(**VOTES | proof) == ["idle-fallback"]
    assert rules(**COUNTS | proof) == ["idle-fallback"]


def test_a_name_that_may_be_meant_is_told() -> None:
    standing = DatasetStanding("customer", is_known=False, near=("customers",))
    (finding,) = found(EndpointContext(default_policy(), dataset=standing))
    assert finding.remediation.startswith("did you mean customers? ")


def models(*pairs: tuple[str, str]) -> dict[str, Any]:
    listed = [{"url": url, "dataset": dataset} for url, dataset in pairs]
    return dict(VOTES) | {"votes": {"classes": ["a", "b"], "models": listed}}


@pytest.mark.parametrize("twin", ["people-a", "People-A", "people\u2010a", " people-a", "pe\u043eple-a"])
def test_names_that_look_alike_are_of_the_same_people(twin: str) -> None:
    voting = models(("http://a/", "people-a"), ("http://b/", "people-b"), ("http://c/", twin))
    (finding,) = (each for each in found(**voting) if each.rule.id == "serve-shared-people")
    assert finding.place.pointer == "/spec/votes/models/2/dataset"
    assert finding.message.startswith("the models 1 and 3 were both trained on")


def test_a_ledger_knows_who_shares_people() -> None:
    context = EndpointContext(default_policy(), dataset=DatasetStanding("d", shared=((0, 2), (1, 2))))
    (finding,) = found(context, **VOTES)
    assert finding.rule.id == "serve-shared-people"
    assert "which the ledger knows to share people" in finding.message


@pytest.mark.parametrize(
    "url", ["http://localhost:8081", "http://LOCALHOST.:8081/", "http://127.0.0.2:8081", "http://[::1]:8081/"]
)
def test_one_address_in_two_spellings_is_one_model(url: str) -> None:
    voting = models(("http://127.0.0.1:8081/", "a"), ("http://127.0.0.1:8082/", "b"), (url, "c"))
    assert places(**voting) == ["/spec/votes/models/2/url"]


def test_models_behind_one_port_are_told_apart_by_their_path() -> None:
    assert (
        rules(
            **models(("https://m.example/a", "a"), ("https://m.example/b", "b"), ("https://m.example/c", "c"))
        )
        == []
    )


def test_the_people_of_all_models_are_charged() -> None:
    assert rules(**VOTES | {"budget": {**BUDGET, "dataset": "customers-8082"}}) == ["uncharged-people"]


@pytest.mark.parametrize(
    ("listen", "platform", "expected"),
    [
        ("127.0.0.1:8080", "plain", []),
        ("[::1]:8080", "plain", []),
        ("localhost:8080", "plain", []),
        ("0.0.0.0:8080", "plain", ["plain-listener"]),
        ("0.0.0.0:8080", "kserve", ["plain-listener"]),
        ("0.0.0.0:8080", "sagemaker", []),
        ("0.0.0.0:8080", "azureml", []),
        ("[::]:8080", "plain", ["plain-listener"]),
        (":8080", "plain", ["plain-listener"]),
        ("10.0.0.7:8080", "plain", ["plain-listener"]),
        ("8080", "plain", ["invalid-address"]),
        ("127.0.0.1:http", "plain", ["invalid-address"]),
        ("127.0.0.1:65536", "plain", ["invalid-address"]),
    ],
)
def test_who_can_listen_follows_from_the_address(listen: str, platform: str, expected: list[str]) -> None:
    upstream = {"url": "http://127.0.0.1:8081/", "platform": platform}
    assert rules(listen=listen, upstream=upstream) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8081/", []),
        ("http://[::1]:8081/", []),
        ("https://model.example/", []),
        ("http://model.example/", ["plain-upstream"]),
        ("HTTP://model.example/", ["plain-upstream"]),
        ("http://127.0.0.1.example:8081/", ["plain-upstream"]),
        ("http://10.0.0.7:8081/", ["plain-upstream"]),
        ("https://user@model.example/", ["password-in-address"]),
        ("https://:secret@model.example/", ["password-in-address"]),
        ("http://127.0.0.1:8080/", ["upstream-loop"]),
        ("http://localhost:8080/other", ["upstream-loop"]),
        ("ftp://model.example/", ["invalid-address"]),
        ("model.example", ["invalid-address"]),
        ("http://", ["invalid-address"]),
        ("http://[::1/", ["invalid-address"]),
        ("http://model.example:port/", ["invalid-address"]),
    ],
)
def test_an_address_of_a_model_is_looked_at_wherever_it_stands(url: str, expected: list[str]) -> None:
    assert rules(upstream={"url": url}) == expected
    ready = {"url": "http://127.0.0.1:8081/", "readyUrl": url}
    assert rules(upstream=ready) == expected


def test_an_open_port_is_its_own_upstream_on_every_address() -> None:
    tls = {"certificate": "c", "key": "k"}
    assert rules(listen="0.0.0.0:8081", tls=tls) == ["upstream-loop"]
    assert rules(listen="10.0.0.7:8081", tls=tls) == []
    assert rules(listen="10.0.0.7:8081", tls=tls, upstream={"url": "https://10.0.0.7:8081/"}) == [
        "upstream-loop"
    ]


def test_no_message_shows_a_password() -> None:
    for each in found(upstream={"url": "https://gate:s3cret@model.example/"}):
        assert "s3cret" not in each.message + each.remediation


@pytest.mark.parametrize(
    ("pii", "expected"),
    [
        ({}, []),
        ({"request": "mask", "response": "deny"}, []),
        ({"request": "audit"}, ["/spec/pii/request"]),
        ({"request": "ignore", "response": "audit"}, ["/spec/pii/request", "/spec/pii/response"]),
    ],
)
def test_screening_is_as_strict_as_the_policy(pii: dict[str, str], expected: list[str]) -> None:
    assert places(pii=pii) == expected


def test_a_policy_that_holds_nothing_back_demands_no_screening() -> None:
    policy = policy_with(pii={"packs": ["us"], "entities": {}})
    names = [each.id for each in entities_of_policy(policy.spec.pii)]
    lenient = policy_with(pii={"packs": ["us"], "entities": dict.fromkeys(names, "warn")})
    assert rules(EndpointContext(lenient), pii={"request": "ignore"}) == []
    strict = policy_with(pii={"packs": ["us"], "entities": dict.fromkeys(names[1:], "warn")})
    assert rules(EndpointContext(strict), pii={"request": "ignore"}) == ["weak-screening"]
