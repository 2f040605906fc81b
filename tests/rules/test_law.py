"""The law of a repository: its floor, what nothing softens, what a dataset is bound to, and what is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from gatecli.errors import ConfigurationError
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.policies import read_policy
from gatecli.gates.release import check_releases, request_for
from gatecli.model.baseline import Baseline, KnownFinding
from gatecli.model.verdict import Verdict
from gatecli.reports.summary import summary
from tests.support.release_folders import TODAY, closing, declaration, judged, rules, write

RUN = {
    "kind": "dp-sgd",
    "noiseMultiplier": "1.1",
    "samplingRate": "0.00426667",
    "steps": 14040,
    "clippingNorm": 1,
}


def policy(**spec: Any) -> dict[str, Any]:
    spec = {"extends": "default"} | spec
    return {
        "apiVersion": "gatecli.dev/v1",
        "kind": "PrivacyPolicy",
        "metadata": {"name": "acme"},
        "spec": spec,
    }


def waiver(rule: str, expires: str, subject: str = "churn@1.0") -> dict[str, Any]:
    spec = {"rule": rule, "subject": subject, "reason": "soon", "owner": "ml", "expires": expires}
    return {"apiVersion": "gatecli.dev/v1", "kind": "PrivacyWaiver", "metadata": {"name": "w"}, "spec": spec}


def law(folder: Path, *documents: dict[str, Any]) -> Path:
    return write(folder, yaml.safe_dump_all(documents), "gatecli.yaml")


def upward(folder: Path, baseline: Baseline | None = None) -> Verdict:
    """The verdict under the policies that stand at and above a folder."""
    bundle = read_policy(None, folder)
    terms = JudgementTerms(bundle.policy, bundle.waivers, TODAY, baseline=baseline)
    return check_releases(request_for([folder], terms))


LOOSER: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"tiers": {"low": {"maxEpsilon": 1}}}, {"tiers": {"low": {"maxEpsilon": 9}}}, "dp-epsilon-over-tier"),
    (
        {"tiers": {"low": {"maxDelta": "1e-9"}}},
        {"tiers": {"low": {"maxDelta": "1e-3"}}},
        "dp-delta-over-tier",
    ),
    ({"release": {"requireEvidence": True}}, {"release": {"requireEvidence": False}}, "dp-missing-evidence"),
    (
        {"severities": {"dp-missing-trust-model": "error"}},
        {"severities": {"dp-missing-trust-model": "note"}},
        "dp-missing-trust-model",
    ),
    ({}, {"severities": {"dp-epsilon-over-tier": "note"}}, "dp-epsilon-over-tier"),
    ({"datasets": {"customers": "health"}}, {"datasets": {"customers": "low"}}, "dp-epsilon-over-tier"),
]


@pytest.mark.parametrize(("floor", "nearer", "rule"), LOOSER)
def test_a_nearer_policy_loosens_nothing(
    floor: dict[str, Any], nearer: dict[str, Any], rule: str, tmp_path: Path
) -> None:
    law(tmp_path, policy(**floor))
    law(tmp_path / "models", policy(**nearer))
    data = declaration(mechanisms=[RUN], epsilon="2.5", delta="1e-5", sensitivity="low")
    data["spec"]["privacy"].pop("trustModel")
    write(tmp_path / "models", data)
    assert rule in closing(upward(tmp_path / "models"))


def test_a_nearer_policy_may_tighten(tmp_path: Path) -> None:
    law(tmp_path, policy())
    law(tmp_path / "models", policy(tiers={"behavioural": {"maxEpsilon": 2}}))
    write(tmp_path / "models", declaration(mechanisms=[RUN], epsilon="2.5", delta="1e-5"))
    write(tmp_path / "other", declaration(mechanisms=[RUN], epsilon="2.5", delta="1e-5"))
    assert closing(upward(tmp_path / "models")) == {"dp-epsilon-over-tier"}
    assert upward(tmp_path / "other").passed


def test_a_tier_of_a_nearer_policy_is_no_looser_than_all_others(tmp_path: Path) -> None:
    law(tmp_path, policy())
    law(tmp_path / "models", policy(tiers={"mine": {"maxEpsilon": 100, "maxDelta": "0.1"}}))
    write(tmp_path / "models", declaration(mechanisms=[RUN], epsilon=9, delta="1e-5", sensitivity="mine"))
    assert "dp-epsilon-over-tier" in closing(upward(tmp_path / "models"))


def test_waivers_alone_leave_the_floor_as_it_is(tmp_path: Path) -> None:
    law(tmp_path, policy(tiers={"behavioural": {"maxEpsilon": 1}}))
    law(tmp_path / "models", waiver("dp-missing-unit", "2026-12-01"))
    write(tmp_path / "models", declaration(mechanisms=[RUN], epsilon="2.5", delta="1e-5"))
    assert "dp-epsilon-over-tier" in closing(upward(tmp_path / "models"))


def test_a_policy_that_is_named_stands_alone(tmp_path: Path) -> None:
    law(tmp_path, policy(tiers={"behavioural": {"maxEpsilon": 1}}))
    named = law(tmp_path / "central", policy())
    write(tmp_path / "models", declaration(mechanisms=[RUN], epsilon="2.5", delta="1e-5"))
    assert judged(tmp_path / "models", policy=named).passed


FALSE = [
    "dp-understated-epsilon",
    "dp-evidence-mismatch",
    "release-artifact-digest-mismatch",
    "release-shared-file",
]


@pytest.mark.parametrize("rule", FALSE)
@pytest.mark.parametrize("severity", ["note", "warning"])
def test_no_policy_softens_what_is_false(rule: str, severity: str, tmp_path: Path) -> None:
    law(tmp_path, policy(severities={rule: severity}))
    with pytest.raises(ConfigurationError, match="cannot be softened"):
        read_policy(None, tmp_path)


def understated(folder: Path, expires: str, **rules_of: Any) -> Verdict:
    law(folder, policy(**rules_of), waiver("dp-understated-epsilon", expires))
    write(folder, declaration(mechanisms=[RUN], epsilon=1, delta="1e-5"))
    return upward(folder)


def test_a_waiver_of_what_is_false_lasts_a_month_and_is_in_the_summary(tmp_path: Path) -> None:
    verdict = understated(tmp_path, "2026-12-21")
    assert verdict.passed
    assert "1 false declaration waived until 2026-12-21" in summary(verdict)


def test_a_longer_one_forgives_nothing(tmp_path: Path) -> None:
    verdict = understated(tmp_path, "2026-12-22", severities={"waiver-too-long": "note"})
    assert closing(verdict) == {"dp-understated-epsilon"}
    assert "waiver-too-long" in rules(verdict)


def test_other_rules_may_be_waived_for_as_long_as_the_policy_permits(tmp_path: Path) -> None:
    law(tmp_path, policy(), waiver("dp-epsilon-over-tier", "2027-06-01"))
    write(tmp_path, declaration(mechanisms=[RUN], epsilon=9, delta="1e-5"))
    verdict = upward(tmp_path)
    assert verdict.passed
    assert "false declaration" not in summary(verdict)


def test_no_baseline_forgives_what_is_false(tmp_path: Path) -> None:
    write(tmp_path, declaration(mechanisms=[RUN], epsilon=1, delta="1e-5"))
    known = Baseline(
        tuple(KnownFinding(each.rule.id, "", each.fingerprint) for each in upward(tmp_path).findings)
    )
    assert closing(upward(tmp_path, known)) == {"dp-understated-epsilon"}


@pytest.mark.parametrize("name", ["customers", "Customers", " customers", "cust\u200bomers"])
def test_a_dataset_is_of_the_tier_that_the_policy_binds_it_to(name: str, tmp_path: Path) -> None:
    law(tmp_path, policy(datasets={"Customers": "health"}))
    data = declaration(mechanisms=[RUN], epsilon="2.5", delta="1e-5", sensitivity="behavioural")
    data["spec"]["datasets"] = [{"name": name, "records": 60000}]
    write(tmp_path, data)
    verdict = upward(tmp_path)
    assert closing(verdict) == {"dp-epsilon-over-tier", "dp-delta-over-tier"}
    assert "health, which the policy binds its dataset to" in verdict.active[0].message


def test_a_tier_that_the_policy_lacks_limits_nothing_and_is_said(tmp_path: Path) -> None:
    law(tmp_path, policy(datasets={"customers": "helth"}))
    write(tmp_path, declaration(mechanisms=[RUN], epsilon="2.5", delta="1e-5"))
    assert closing(upward(tmp_path)) == {"dp-unknown-tier"}


LAPLACE = {"class_name": "LaplaceDpEvent", "noise_multiplier": 1000}


class TestRequiredEvidence:
    """`requireEvidence` asks for a record of every mechanism, of its own kind."""

    def verdict(self, folder: Path, mechanisms: list[Any], files: dict[str, Any], **claim: Any) -> Verdict:
        law(folder, policy(release={"requireEvidence": True}))
        entries = []
        for number, (kind, content) in enumerate(files.items()):
            write(folder, content, f"{number}.json")
            entry = {"format": kind, "path": f"{number}.json"}
            entries.append(entry | ({"sampling": "poisson"} if kind == "opacus" else {}))
        write(folder, declaration(mechanisms=mechanisms, evidence=entries, delta="1e-5", **claim))
        return upward(folder)

    def test_a_black_box_needs_a_record_too(self, tmp_path: Path) -> None:
        box = {"kind": "pure", "epsilon": "0.1", "name": "our 100-epoch fine-tuning"}
        verdict = self.verdict(tmp_path, [box], {"dp-accounting": LAPLACE})
        assert closing(verdict) == {"dp-missing-evidence"}
        assert "our 100-epoch fine-tuning" in verdict.active[0].message

    def test_each_mechanism_needs_one_of_its_own_kind(self, tmp_path: Path) -> None:
        history = {"history": [[1.1, 0.00426667, 14040]], "mechanism": "rdp"}
        query = {"kind": "laplace", "scale": 1000}
        claim = {"epsilon": "2.5"}
        assert closing(self.verdict(tmp_path, [RUN, query], {"opacus": history}, **claim)) == {
            "dp-missing-evidence"
        }
        both = {"opacus": history, "dp-accounting": LAPLACE}
        verdict = self.verdict(tmp_path, [RUN, query], both, **claim)
        assert verdict.passed
        assert verdict.checked[0].measures["covered"] == {
            "/spec/privacy/mechanisms/0": ("0.json",),
            "/spec/privacy/mechanisms/1": ("1.json",),
        }

    def test_a_spend_is_the_record_of_a_query(self, tmp_path: Path) -> None:
        query = {"kind": "laplace", "scale": 2}
        spent = {"spent_budget": [[0.5, 0]]}
        assert self.verdict(tmp_path, [query], {"diffprivlib": spent}).passed

    def test_a_spend_is_not_the_record_of_training(self, tmp_path: Path) -> None:
        spent = {"spent_budget": [[2.4, 0]]}
        verdict = self.verdict(tmp_path, [RUN], {"diffprivlib": spent}, epsilon="2.5")
        assert "dp-missing-evidence" in closing(verdict)


def test_work_that_only_the_evidence_knows_counts_too(tmp_path: Path) -> None:
    write(tmp_path, {"history": [[4, 0.001, 1000]], "mechanism": "rdp"}, "a.json")
    entry = {"format": "opacus", "path": "a.json", "sampling": "poisson"}
    query = {"kind": "laplace", "scale": 1}
    write(tmp_path, declaration(mechanisms=[query], evidence=[entry]))
    assert closing(judged(tmp_path)) == {"dp-evidence-mismatch"}


TOLD: list[tuple[dict[str, Any], str]] = [
    ({"unit": "batch"}, "dp-unusual-unit"),
    ({"unit": "Mini-Batch"}, "dp-unusual-unit"),
    ({"delta": "0.0000166660"}, "dp-delta-near-records"),
    ({"mechanisms": [RUN | {"datasetSize": 50000}]}, "dp-size-mismatch"),
    ({"mechanisms": [RUN | {"datasetSize": 50000, "truncatedBatchSize": 8000}]}, "dp-size-mismatch"),
    ({"mechanisms": [RUN | {"datasetSize": 8571}]}, "dp-size-mismatch"),
    ({"rho": "1e-6", "variant": "zcdp"}, "dp-parameter-mismatch"),
    ({"mu": "1e-6", "variant": "gdp"}, "dp-parameter-mismatch"),
    ({"rho": "1e-6", "mechanisms": [{"kind": "pure", "epsilon": 2}]}, "dp-parameter-mismatch"),
]


@pytest.mark.parametrize(("claim", "rule"), TOLD)
def test_what_contradicts_itself_is_told(claim: dict[str, Any], rule: str, tmp_path: Path) -> None:
    write(tmp_path, declaration(**{"mechanisms": [RUN], "epsilon": "2.6", "delta": "1e-5", **claim}))
    assert rule in rules(judged(tmp_path))


@pytest.mark.parametrize(
    "claim",
    [
        {"unit": "a day of a person"},
        {"unit": "training example"},
        {"mechanisms": [RUN | {"datasetSize": 60000}]},
        {"mechanisms": [RUN | {"datasetSize": 8571, "truncatedBatchSize": 8000}]},
        {"rho": "0.15", "variant": "zcdp"},
    ],
)
def test_what_does_not_is_not(claim: dict[str, Any], tmp_path: Path) -> None:
    write(tmp_path, declaration(**{"mechanisms": [RUN], "epsilon": "2.6", "delta": "1e-5", **claim}))
    assert not rules(judged(tmp_path))
