"""A nearer policy tightens: nothing that the floor refuses is let through."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

from gatecli.model.base import Value
from gatecli.model.finding import Severity
from gatecli.model.floor import tighten
from gatecli.model.policy import PolicySpec, PrivacyPolicy, stamp


def policy(name: str = "floor", **spec: Any) -> PrivacyPolicy:
    return PrivacyPolicy.from_file(
        {
            "apiVersion": "gatecli.dev/v1",
            "kind": "PrivacyPolicy",
            "metadata": {"name": name},
            "spec": spec,
        }
    )


def severity_of(rule: str) -> Severity | None:
    return {"dp-a": Severity.ERROR, "dp-b": Severity.NOTE}.get(rule)


def law(floor: dict[str, Any], nearer: dict[str, Any], below: str = "models") -> PolicySpec:
    return tighten(policy(**floor), policy("nearer", **nearer), severity_of, below).spec


def test_what_an_audit_must_be_is_the_stricter_of_both() -> None:
    floor = {"release": {"minAuditConfidence": "0.99", "maxAuditRatio": 4}}
    nearer = {"release": {"minAuditConfidence": "0.9", "maxAuditRatio": 3}}
    rules = law(floor, nearer).release
    assert [rules.min_audit_confidence, rules.max_audit_ratio] == [Fraction(99, 100), 3]


@pytest.mark.parametrize(("low", "high", "most"), [(1, 2, 1), (2, 1, 1), (None, 2, 2), (2, None, 2)])
def test_the_smaller_epsilon_holds(low: int | None, high: int | None, most: int) -> None:
    def tier(limit: int | None) -> dict[str, Any]:
        return {"tiers": {"t": {} if limit is None else {"maxEpsilon": limit}}}

    assert law(tier(low), tier(high)).tiers["t"].max_epsilon == most


def test_a_new_tier_is_as_strict_as_the_loosest() -> None:
    floor = {"tiers": {"a": {"maxEpsilon": 1, "minK": 9}, "b": {"maxEpsilon": 4, "minK": 5}}}
    spec = law(floor, {"tiers": {"mine": {"maxEpsilon": 100, "minK": 2}, "strict": {"maxEpsilon": 0}}})
    assert spec.tiers["mine"].max_epsilon == 4
    assert spec.tiers["mine"].min_k == 5
    assert spec.tiers["strict"].max_epsilon == 0


def test_an_audit_that_one_of_the_policies_requires_is_required() -> None:
    audited, other = ({"tiers": {"t": {"requireAudit": required}}} for required in (True, False))
    assert law(audited, other).tiers["t"].require_audit
    assert law(other, audited).tiers["t"].require_audit
    assert not law(other, other).tiers["t"].require_audit
    assert law(audited, {"tiers": {"mine": {"maxEpsilon": 1}}}).tiers["mine"].require_audit


def test_rules_for_releases_are_the_stricter_ones() -> None:
    floor = {"release": {"requireEvidence": True, "overstatement": "0.1", "maxWaiverDays": 90}}
    nearer = {"release": {"requireEvidence": False, "overstatement": "0.5", "maxWaiverDays": 30}}
    rules = law(floor, nearer).release
    assert (rules.require_evidence, rules.overstatement, rules.max_waiver_days) == (True, Fraction(1, 10), 30)


@pytest.mark.parametrize(
    ("floor", "nearer", "severities"),
    [
        ({"dp-a": "error"}, {"dp-a": "note"}, {"dp-a": Severity.ERROR}),
        ({}, {"dp-a": "note"}, {}),
        ({}, {"dp-b": "error"}, {"dp-b": Severity.ERROR}),
        ({"dp-a": "note"}, {"dp-a": "warning"}, {"dp-a": Severity.WARNING}),
    ],
)
def test_a_severity_is_only_raised(
    floor: dict[str, str], nearer: dict[str, str], severities: dict[str, Severity]
) -> None:
    assert law({"severities": floor}, {"severities": nearer}).severities == severities


def test_an_action_is_only_strengthened() -> None:
    floor = {"pii": {"entities": {"A": "warn", "B": "deny"}}}
    nearer = {"pii": {"entities": {"A": "deny", "B": "ignore", "C": "ignore"}, "packs": ["cn", "jp"]}}
    rules = law(floor, nearer).pii
    assert rules.entities == {"A": "deny", "B": "deny", "C": "deny"}
    assert rules.packs == ("generic", "cn", "us", "eu", "jp")


@pytest.mark.parametrize(
    ("floor", "nearer", "holds"),
    [
        (None, None, None),
        ("note", None, "note"),
        (None, "note", None),
        (None, "warn", "warn"),
        ("warn", None, "warn"),
        ("warn", "note", "warn"),
        ("note", "as-entity", "as-entity"),
        ("as-entity", "warn", "as-entity"),
    ],
)
def test_the_stronger_word_on_test_values_holds(
    floor: str | None, nearer: str | None, holds: str | None
) -> None:
    def rules(word: str | None) -> dict[str, Any]:
        return {"pii": {} if word is None else {"testValues": word}}

    assert law(rules(floor), rules(nearer)).pii.test_values == holds


@pytest.mark.parametrize(("floor", "nearer", "holds"), [(9, 3, 9), (3, 9, 9)])
def test_the_greater_depth_of_decoding_holds(floor: int, nearer: int, holds: int) -> None:
    spec = law({"pii": {"maxDecodingDepth": floor}}, {"pii": {"maxDecodingDepth": nearer}})
    assert spec.pii.max_decoding_depth == holds


def test_what_lets_something_through_is_the_floor_s() -> None:
    floor = {"terraform": {"gateSources": ["a"], "onUnknown": "warn"}, "check": {"exclude": ["x/"]}}
    nearer = {
        "terraform": {"gateSources": ["b"], "onUnknown": "fail", "publishers": {"t": "ignore", "u": "model"}},
        "check": {"exclude": ["y/"], "skip": ["release"], "terraform": ["plan.json"]},
    }
    spec = law(floor, nearer)
    assert (spec.terraform.gate_sources, spec.terraform.on_unknown) == (("a",), "fail")
    assert spec.terraform.publishers == {"u": "model"}
    assert (spec.check.exclude, spec.check.skip) == (("x/",), ())
    assert spec.check.terraform == ("models/plan.json",)


def test_rows_of_forms_add_up_and_none_of_a_nearer_policy_takes_anything_out() -> None:
    row, other = {"type": "a", "readers": "everyone"}, {"type": "b"}
    nearer = {"terraform": {"forms": [other, {"type": "aws_*", "readers": "nobody"}]}}
    spec = law({"terraform": {"forms": [row]}}, nearer)
    assert [form.type for form in spec.terraform.forms] == ["a", "b"]


def test_a_dataset_stays_bound() -> None:
    spec = law({"datasets": {"a": "health"}}, {"datasets": {"a": "low", "b": "low"}})
    assert spec.datasets == {"a": "health", "b": "low"}


def test_a_policy_tightened_by_itself_is_itself() -> None:
    own = {
        "tiers": {"t": {"maxEpsilon": 1}},
        "release": {"requireEvidence": True},
        "severities": {"dp-a": "note"},
    }
    assert law(own, own, ".") == law(own, {}, ".")


FULL: dict[str, Any] = {
    "tiers": {"t": {"maxEpsilon": 1, "minK": 9}},
    "datasets": {"a": "t"},
    "release": {"requireEvidence": True, "overstatement": "0.1", "maxWaiverDays": 5},
    "anonymity": {"missing": "refuse", "minK": 7, "maxRisk": "1/9", "restrictedZips": ["036"]},
    "pii": {"entities": {"URL": "deny"}, "requireAllowanceOwner": True},
    "terraform": {"gateSources": ["a"], "maxEvidenceAge": "3h"},
    "check": {"exclude": ["x/"], "terraform": ["plan.json"]},
    "columns": {"classes": {"free-text": ["drop"], "public": ["keep", "drop"]}, "named": {"ward": "public"}},
    "cloud": {"publicInputs": ["azureml:digits"], "transformers": ["azureml:transformer:1"]},
    "ledger": {"public": ["census"], "lapseAfterDays": 3, "required": True},
    "attestation": {"threshold": 2, "validDays": 9, "revoked": ["a" * 64]},
    "admission": {"existing": "deny"},
    "severities": {"dp-a": "error"},
}


def test_what_no_nearer_policy_says_is_the_floor_s_key_by_key() -> None:
    """A section that is forgotten would be gone below every other policy."""
    floor = policy(**FULL).spec
    assert set(FULL) == {field.alias for field in PolicySpec.model_fields.values()} - {"extends"}
    found = law(FULL, {})
    for name in PolicySpec.model_fields:
        section, kept = getattr(floor, name), getattr(found, name)
        if not isinstance(section, Value):
            assert kept == section
            continue
        stated = {key: value for key, value in section if key in section.model_fields_set}
        assert {key: getattr(kept, key) for key in stated} == stated


def test_a_ledger_stays_required_and_what_is_public_is_the_floor_s() -> None:
    spec = law({"ledger": {"required": True, "public": ["census"]}}, {"ledger": {"public": ["patients"]}})
    assert (spec.ledger.required, spec.ledger.public) == (True, ("census",))
    nearer = law({}, {"ledger": {"required": True, "public": ["patients"], "lapseAfterDays": 2}})
    assert (nearer.ledger.required, nearer.ledger.public, nearer.ledger.lapse_after_days) == (True, (), 2)


def test_no_nearer_policy_says_which_areas_have_few_people() -> None:
    assert law(
        {"anonymity": {"restrictedZips": ["036"]}}, {"anonymity": {"restrictedZips": []}}
    ).anonymity.restricted_zips == ("036",)
    assert law({}, {"anonymity": {"restrictedZips": []}}).anonymity.restricted_zips is None


@pytest.mark.parametrize(("low", "high"), [(True, False), (False, True)])
def test_an_owner_that_one_policy_asks_for_is_asked_for(low: bool, high: bool) -> None:  # noqa: FBT001 - the values of a key
    floor, nearer = ({"pii": {"requireAllowanceOwner": value}} for value in (low, high))
    assert law(floor, nearer).pii.require_allowance_owner


A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def test_sealing_that_one_of_the_policies_requires_is_required() -> None:
    sealed, other = ({"tiers": {"t": {"requireSealed": required}}} for required in (True, False))
    assert law(sealed, other).tiers["t"].require_sealed
    assert law(other, sealed).tiers["t"].require_sealed
    assert not law(other, other).tiers["t"].require_sealed
    assert law(sealed, {"tiers": {"mine": {"maxEpsilon": 1}}}).tiers["mine"].require_sealed
    everywhere, nowhere = ({"release": {"requireSealed": required}} for required in (True, False))
    assert law(everywhere, nowhere).release.require_sealed
    assert law(nowhere, everywhere).release.require_sealed


@pytest.mark.parametrize(
    ("low", "high", "accepted"),
    [
        ({"keyPolicies": [A, B]}, {}, (A, B)),
        ({"keyPolicies": [A, B]}, {"keyPolicies": [B, C]}, (B,)),
        ({"keyPolicies": [A]}, {"keyPolicies": [C]}, ()),
        ({}, {"keyPolicies": [C]}, (C,)),
        ({"requireSealed": True}, {"keyPolicies": [C]}, ()),
        ({"requireSealed": True, "keyPolicies": [A]}, {"requireSealed": False, "keyPolicies": [A, C]}, (A,)),
    ],
)
def test_a_nearer_policy_accepts_no_further_key_policy(
    low: dict[str, Any], high: dict[str, Any], accepted: tuple[str, ...]
) -> None:
    assert law({"release": low}, {"release": high}).release.key_policies == accepted


def test_a_tier_that_demands_sealing_leaves_the_acceptance_to_the_floor() -> None:
    floor = {"tiers": {"t": {"requireSealed": True}}}
    assert law(floor, {"release": {"keyPolicies": [C]}}).release.key_policies == ()


def test_a_policy_that_demands_no_sealing_has_the_digest_that_it_always_had() -> None:
    """Else every attestation of an earlier gatecli were about another policy."""
    plain = policy(tiers={"t": {"maxEpsilon": 1}}, release={"requireEvidence": True})
    assert (
        stamp(plain).sha256
        == stamp(
            policy(
                tiers={"t": {"maxEpsilon": 1, "requireSealed": False}},
                release={"requireEvidence": True, "requireSealed": False, "keyPolicies": []},
            )
        ).sha256
    )
    asking: tuple[dict[str, Any], ...] = (
        {"tiers": {"t": {"maxEpsilon": 1, "requireSealed": True}}, "release": {"requireEvidence": True}},
        {"tiers": {"t": {"maxEpsilon": 1}}, "release": {"requireEvidence": True, "keyPolicies": [A]}},
    )
    for spec in asking:
        assert stamp(policy(**spec)).sha256 != stamp(plain).sha256
    content = json.dumps(plain.spec.model_dump(mode="json", by_alias=True, exclude={"attestation"}))
    assert "requireSealed" in content


def test_a_class_of_columns_permits_what_both_policies_permit() -> None:
    floor = {"columns": {"classes": {"public": ["keep", "drop"]}, "named": {"ward": "sensitive"}}}
    nearer = {
        "columns": {
            "classes": {"public": ["drop", "mask"], "direct-identifier": ["keep", "drop"]},
            "named": {"ward": "public", "bed": "public"},
        }
    }
    found = law(floor, nearer).columns
    assert {name.value: [each.value for each in kinds] for name, kinds in found.classes.items()} == {
        "public": ["drop"],
        "direct-identifier": ["drop"],
    }
    assert {name: kind.value for name, kind in found.named.items()} == {"ward": "sensitive", "bed": "public"}


def test_which_data_and_which_components_are_harmless_is_the_floor_s() -> None:
    nearer = {"cloud": {"publicInputs": ["azureml:patients"], "transformers": ["azureml:copy:1"]}}
    assert law({}, nearer).cloud == law({}, {}).cloud


def test_where_datasets_are_kept_is_added_up() -> None:
    one = {"dataset": "patients", "at": ["azureml:patients"]}
    other = {"dataset": "copies", "at": ["azureml:patients"]}
    found = law({"cloud": {"locations": [one]}}, {"cloud": {"locations": [other, one]}}).cloud
    assert [each.dataset for each in found.locations] == ["patients", "copies"]
