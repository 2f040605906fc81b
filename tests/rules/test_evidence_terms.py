"""What an evidence file is relative to: the file says it, or the declaration, or it verifies nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gatecli.model.verdict import ExitCode, Verdict
from tests.support.release_folders import closing, declaration, judged, rules, write

SPENT = {"epsilon": 5, "delta": 0, "spent_budget": [[1.0, 0]]}
STEPS = {"steps": [[1.0, 0]]}
RUN = {"history": [[1.1, 0.00426667, 14040]], "mechanism": "rdp"}


def event(name: str, **fields: Any) -> dict[str, Any]:
    return {"class_name": name + "DpEvent"} | fields


def with_file(
    folder: Path, kind: str, content: object, *, entry: Mapping[str, Any] | None = None, **claim: Any
) -> Verdict:
    """The verdict on a release whose evidence is this one file."""
    write(folder, content, "evidence.json")
    reference = {"format": kind, "path": "evidence.json", **(entry or {})}
    write(folder, declaration(evidence=[reference], **claim))
    return judged(folder)


@pytest.mark.parametrize(("kind", "content"), [("diffprivlib", SPENT), ("smartnoise", STEPS)])
class TestSpends:
    def test_a_spend_of_unknown_relation_verifies_nothing_under_replace_one(
        self, kind: str, content: object, tmp_path: Path
    ) -> None:
        for epsilon in (1, 2, 4):
            verdict = with_file(tmp_path, kind, content, neighbouring="replace-one", epsilon=epsilon)
            assert "dp-unstated-evidence" in closing(verdict)

    def test_a_spend_under_add_remove_counts_twice_under_replace_one(
        self, kind: str, content: object, tmp_path: Path
    ) -> None:
        entry = {"neighbouring": "add-remove"}
        claim: dict[str, Any] = {"neighbouring": "replace-one"}
        assert "dp-unverified-epsilon" in closing(
            with_file(tmp_path, kind, content, entry=entry, epsilon="1.99", **claim)
        )
        assert with_file(tmp_path, kind, content, entry=entry, epsilon=2, **claim).passed

    def test_a_spend_under_replace_one_counts_once_there(
        self, kind: str, content: object, tmp_path: Path
    ) -> None:
        entry = {"neighbouring": "replace-one"}
        assert with_file(tmp_path, kind, content, entry=entry, neighbouring="replace-one").passed

    def test_no_theorem_leads_from_replace_one_to_add_remove(
        self, kind: str, content: object, tmp_path: Path
    ) -> None:
        verdict = with_file(tmp_path, kind, content, entry={"neighbouring": "replace-one"}, epsilon=4)
        assert "dp-unaccountable-mechanism" in closing(verdict)

    def test_a_spend_of_unknown_relation_is_told_under_add_remove(
        self, kind: str, content: object, tmp_path: Path
    ) -> None:
        verdict = with_file(tmp_path, kind, content)
        assert verdict.passed
        assert "dp-assumed-evidence" in rules(verdict)

    def test_nothing_is_told_where_the_declaration_says_it(
        self, kind: str, content: object, tmp_path: Path
    ) -> None:
        assert not rules(with_file(tmp_path, kind, content, entry={"neighbouring": "add-remove"}))


GAUSSIAN = event("Gaussian", noise_multiplier=2.0)
FIXED = event(
    "SelfComposed",
    count=1000,
    event=event("SampledWithoutReplacement", source_dataset_size=10000, sample_size=100, event=GAUSSIAN),
)


@pytest.mark.parametrize(
    ("tree", "least", "enough"),
    [
        (GAUSSIAN, "4.377", "4.3772"),
        (event("SelfComposed", count=2, event=GAUSSIAN), "6.572", "6.573"),
        (event("Composed", events=[GAUSSIAN, GAUSSIAN]), "6.572", "6.573"),
        (event("Laplace", noise_multiplier=2), "0.99", "1"),
        (event("DiscreteLaplace", noise_parameter=0.5, sensitivity=1), "0.99", "1"),
    ],
)
@pytest.mark.parametrize("form", ["wrapped", "bare"])
def test_a_multiplier_is_relative_to_what_one_unit_adds(
    tree: dict[str, Any], least: str, enough: str, form: str, tmp_path: Path
) -> None:
    """The oracle of the Gaussian figures is dp-accounting's PLD accountant under REPLACE_ONE."""
    content = {"event": tree, "neighboring_relation": "REPLACE_ONE"} if form == "wrapped" else tree
    claim: dict[str, Any] = {"neighbouring": "replace-one", "delta": "1e-5", "sensitivity": "behavioural"}
    for entry in ({}, {"sensitivity": "add-remove"}):
        low = with_file(tmp_path, "dp-accounting", content, entry=entry, epsilon=least, **claim)
        assert closing(low) & {"dp-understated-epsilon", "dp-unverified-epsilon"}
        high = with_file(tmp_path, "dp-accounting", content, entry=entry, epsilon=enough, **claim)
        assert not closing(high) - {"dp-epsilon-over-tier"}


@pytest.mark.parametrize("place", ["file", "declaration"])
def test_a_multiplier_that_is_relative_to_replacing_counts_once(place: str, tmp_path: Path) -> None:
    wrapper: dict[str, Any] = {"event": FIXED, "neighboring_relation": "REPLACE_ONE"}
    stated = {"sensitivity": "replace-one"}
    content, entry = (wrapper | stated, {}) if place == "file" else (wrapper, stated)
    claim: dict[str, Any] = {"neighbouring": "replace-one", "delta": "1e-5"}
    assert with_file(tmp_path, "dp-accounting", content, entry=entry, epsilon="1.4453", **claim).passed
    assert not with_file(tmp_path, "dp-accounting", content, entry=entry, epsilon="1.44", **claim).passed
    unstated = with_file(tmp_path, "dp-accounting", wrapper, epsilon="1.4453", **claim)
    assert "dp-unverified-epsilon" in closing(unstated)


def test_a_multiplier_that_is_relative_to_replacing_says_nothing_under_add_remove(tmp_path: Path) -> None:
    verdict = with_file(tmp_path, "dp-accounting", GAUSSIAN, entry={"sensitivity": "replace-one"}, epsilon=4)
    assert "dp-unaccountable-mechanism" in closing(verdict)


def test_a_claim_in_a_file_without_a_relation_verifies_nothing_under_replace_one(tmp_path: Path) -> None:
    verdict = with_file(
        tmp_path, "dp-accounting", event("ZC", rho=0.01), neighbouring="replace-one", epsilon=4
    )
    assert "dp-unstated-evidence" in closing(verdict)


@pytest.mark.parametrize("steps", [1, 2])
def test_a_multiplier_typed_by_hand_is_read_as_that_of_dp_sgd(steps: int, tmp_path: Path) -> None:
    gaussian = {"kind": "gaussian", "noiseMultiplier": 2, "count": steps}
    training = {"kind": "dp-sgd", "noiseMultiplier": 2, "samplingRate": 1, "steps": steps, "clippingNorm": 1}
    claim: dict[str, Any] = {"neighbouring": "replace-one", "delta": "1e-5", "epsilon": 2}
    measures = []
    for mechanism in (gaussian, training):
        write(tmp_path, declaration(mechanisms=[mechanism], **claim))
        verdict = judged(tmp_path)
        assert "dp-understated-epsilon" in closing(verdict)
        measures.append(verdict.checked[0].measures["epsilonUpper"])
    assert measures[0] == measures[1]


def test_a_mechanism_may_say_what_its_multiplier_is_relative_to(tmp_path: Path) -> None:
    mechanism = {"kind": "gaussian", "noiseMultiplier": 2, "neighbouring": "replace-one"}
    write(tmp_path, declaration(mechanisms=[mechanism], neighbouring="replace-one", delta="1e-5", epsilon=2))
    assert judged(tmp_path).passed


def test_an_opacus_run_needs_its_sampling(tmp_path: Path) -> None:
    verdict = with_file(tmp_path, "opacus", RUN, delta="1e-5", epsilon=4)
    assert closing(verdict) == {"dp-unstated-evidence"}
    (finding,) = [each for each in verdict.findings if each.rule.id == "dp-unstated-evidence"]
    assert "poisson_sampling=True" in finding.remediation


def test_a_poisson_run_is_amplified(tmp_path: Path) -> None:
    assert with_file(
        tmp_path, "opacus", RUN, entry={"sampling": "poisson"}, delta="1e-5", epsilon="2.5"
    ).passed


@pytest.mark.parametrize("sampling", ["shuffle", "fixed-size"])
@pytest.mark.parametrize("relation", ["zero-out", "replace-one", "add-remove"])
def test_other_batches_are_not_amplified_as_poisson(sampling: str, relation: str, tmp_path: Path) -> None:
    entry = {"sampling": sampling}
    verdict = with_file(
        tmp_path, "opacus", RUN, entry=entry, delta="1e-5", epsilon="2.5", neighbouring=relation
    )
    assert verdict.exit_code is ExitCode.CLOSED


def test_shuffled_batches_cost_one_gaussian_an_epoch(tmp_path: Path) -> None:
    """σ = 2, 4 epochs: μ = 1, and 4.37718 at δ = 1e-5."""
    run = {"history": [[2.0, 0.1, 40]], "mechanism": "prv"}
    claim: dict[str, Any] = {"delta": "1e-5", "neighbouring": "zero-out", "sensitivity": "behavioural"}
    entry = {"sampling": "shuffle"}
    assert closing(with_file(tmp_path, "opacus", run, entry=entry, epsilon="3.9", **claim)) == {
        "dp-unverified-epsilon"
    }
    assert closing(with_file(tmp_path, "opacus", run, entry=entry, epsilon="4.3772", **claim)) == {
        "dp-epsilon-over-tier"
    }


def test_what_the_file_says_is_not_said_otherwise(tmp_path: Path) -> None:
    entry = {"sampling": "poisson", "neighbouring": "replace-one"}
    verdict = with_file(tmp_path, "opacus", RUN, entry=entry, delta="1e-5", epsilon=4)
    assert "dp-evidence-mismatch" in closing(verdict)


@pytest.mark.parametrize("entry", [{"sampling": "poisson"}, {"sensitivity": "replace-one"}])
def test_a_key_that_a_format_has_no_use_for_is_refused(entry: dict[str, Any], tmp_path: Path) -> None:
    assert with_file(tmp_path, "smartnoise", STEPS, entry=entry).exit_code is ExitCode.UNCHECKABLE


def test_evidence_is_held_to_its_digest(tmp_path: Path) -> None:
    verdict = with_file(
        tmp_path, "diffprivlib", SPENT, entry={"neighbouring": "add-remove", "sha256": "0" * 64}
    )
    assert "release-artifact-digest-mismatch" in closing(verdict)


class TestTheStatementOfTfPrivacy:
    STATEMENT = (
        "DP-SGD performed over 10000 examples with 64 examples per iteration, noise multiplier 2.0 for 5.0 "
        "epochs with microbatching, and no bound on number of examples per user.\n\nExample-level DP with "
        "add-or-remove-one adjacency at delta = 1e-06 computed with RDP accounting:\n    Epsilon with each "
        "example occurring once per epoch: 12.595\n    Epsilon assuming Poisson sampling (*): 1.199\n"
    )

    def verdict(self, folder: Path, relation: str, epsilon: str) -> Verdict:
        write(folder, self.STATEMENT, "statement.txt")
        entry = {"format": "tf-privacy", "path": "statement.txt"}
        write(folder, declaration(evidence=[entry], neighbouring=relation, epsilon=epsilon))
        return judged(folder)

    def test_its_figure_is_right_under_its_own_reading(self, tmp_path: Path) -> None:
        verdict = self.verdict(tmp_path, "add-remove", "12.5953")
        assert closing(verdict) == {"dp-epsilon-over-tier"}
        assert "dp-assumed-evidence" in rules(verdict)

    def test_that_reading_is_zero_out(self, tmp_path: Path) -> None:
        verdict = self.verdict(tmp_path, "zero-out", "12.5953")
        assert closing(verdict) == {"dp-epsilon-over-tier"}
        assert "dp-assumed-evidence" not in rules(verdict)

    @pytest.mark.parametrize("relation", ["add-remove", "zero-out"])
    def test_its_poisson_figure_is_not(self, relation: str, tmp_path: Path) -> None:
        found = closing(self.verdict(tmp_path, relation, "1.199"))
        assert found & {"dp-unverified-epsilon", "dp-understated-epsilon"}
