"""What is said to be accounted for is there: runs, preprocessing, disjoint parts, and other releases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gatecli.model.verdict import Verdict
from tests.support.release_folders import closing, declaration, judged, rules, write

RUN = {
    "kind": "dp-sgd",
    "noiseMultiplier": "1.1",
    "samplingRate": "0.00426667",
    "steps": 14040,
    "clippingNorm": 1,
}
QUERY = {"kind": "laplace", "scale": 20}
CLAIM: dict[str, Any] = {"delta": "1e-5", "epsilon": "2.6"}
EXPENSIVE = {"dp-epsilon-over-tier"}


def verdict_of(folder: Path, **claim: Any) -> Verdict:
    write(folder, declaration(**{**CLAIM, **claim}))
    return judged(folder)


def tuned(runs: int, **more: Any) -> dict[str, Any]:
    return {"tuning": {"runs": runs, "accounted": True, **more}}


@pytest.mark.parametrize(
    ("runs", "mechanisms"),
    [
        (200, [RUN]),
        (2, [RUN]),
        (2, [RUN, QUERY, QUERY]),
        (4, [RUN | {"count": 3}]),
        (3, [{"kind": "composed", "mechanisms": [RUN, RUN]}]),
        (2, [{"kind": "parallel", "column": "region", "partitions": [RUN, RUN]}]),
        (2, [QUERY]),
    ],
)
def test_runs_that_are_only_counted_by_word_are_not_accounted(
    runs: int, mechanisms: list[Any], tmp_path: Path
) -> None:
    found = closing(verdict_of(tmp_path, mechanisms=mechanisms, epsilon=400, **tuned(runs)))
    assert found - EXPENSIVE == {"dp-nonprivate-hyperparameter-tuning"}


@pytest.mark.parametrize(
    ("runs", "mechanisms"),
    [
        (1, [RUN]),
        (3, [RUN | {"count": 3}]),
        (2, [RUN, RUN]),
        (2, [{"kind": "composed", "mechanisms": [RUN, RUN]}, QUERY]),
        (2, [QUERY, QUERY]),
    ],
)
def test_runs_that_are_described_are(runs: int, mechanisms: list[Any], tmp_path: Path) -> None:
    assert not closing(verdict_of(tmp_path, mechanisms=mechanisms, epsilon=8, **tuned(runs))) - EXPENSIVE


SMALL = RUN | {"samplingRate": "0.01", "steps": 1000}
GEOMETRIC = {"mean": 10, "shape": 1}


class TestSelection:
    """3.4328 by dp-accounting's RepeatAndSelectDpEvent, for a geometric number of runs, 10 in the mean."""

    def test_a_declared_selection_is_accounted(self, tmp_path: Path) -> None:
        tuning = tuned(12, selection=GEOMETRIC)
        assert verdict_of(tmp_path, mechanisms=[SMALL], epsilon="3.433", **tuning).passed
        assert "dp-unverified-epsilon" in closing(
            verdict_of(tmp_path, mechanisms=[SMALL], epsilon="3.43", **tuning)
        )

    def test_it_is_accounted_in_the_evidence_too(self, tmp_path: Path) -> None:
        history = {"history": [[1.1, 0.01, 1000]], "mechanism": "rdp"}
        write(tmp_path, history, "accountant.json")
        entry = {"format": "opacus", "path": "accountant.json", "sampling": "poisson"}
        tuning = tuned(12, selection=GEOMETRIC)
        assert verdict_of(tmp_path, evidence=[entry], epsilon="3.433", **tuning).passed
        assert not verdict_of(tmp_path, evidence=[entry], epsilon="3.43", **tuning).passed

    @pytest.mark.parametrize("shape", [1, 0, "inf"])
    def test_an_event_of_dp_accounting_accounts_for_it(self, shape: object, tmp_path: Path) -> None:
        inner = {"class_name": "PoissonSampledDpEvent", "sampling_probability": 0.01}
        inner["event"] = {"class_name": "GaussianDpEvent", "noise_multiplier": 1.1}
        run = {"class_name": "SelfComposedDpEvent", "count": 1000, "event": inner}
        event = {"class_name": "RepeatAndSelectDpEvent", "event": run, "mean": 10, "shape": shape}
        write(tmp_path, event, "event.json")
        entry = {"format": "dp-accounting", "path": "event.json"}
        assert verdict_of(tmp_path, evidence=[entry], epsilon=4, **tuned(12)).passed
        assert not verdict_of(tmp_path, evidence=[entry], epsilon=2, **tuned(12)).passed

    @pytest.mark.parametrize("selection", [{"mean": 10}, {"mean": 10, "distribution": "poisson"}])
    def test_more_runs_than_a_draw_gives_are_not_accounted(
        self, selection: dict[str, Any], tmp_path: Path
    ) -> None:
        tuning = tuned(1000, selection=selection)
        found = closing(verdict_of(tmp_path, mechanisms=[SMALL], epsilon=4, **tuning))
        assert found == {"dp-nonprivate-hyperparameter-tuning"}


FITTED = {"dataDependent": True, "accounted": True}


@pytest.mark.parametrize(
    ("mechanisms", "more", "found"),
    [
        ([RUN], {}, "dp-nonprivate-preprocessing"),
        ([RUN, RUN], {}, "dp-nonprivate-preprocessing"),
        ([{"kind": "composed", "mechanisms": [RUN, RUN]}], {}, "dp-nonprivate-preprocessing"),
        ([RUN, QUERY], {}, ""),
        ([QUERY], {}, ""),
        ([RUN, QUERY | {"name": "Scaling"}], {"mechanism": "scaling "}, ""),
        ([RUN, QUERY], {"mechanism": "scaling"}, "dp-nonprivate-preprocessing"),
    ],
)
def test_preprocessing_that_is_accounted_has_a_mechanism(
    mechanisms: list[Any],
    more: dict[str, Any],
    found: str,
    tmp_path: Path,
) -> None:
    verdict = verdict_of(tmp_path, mechanisms=mechanisms, epsilon=8, preprocessing=FITTED | more)
    assert closing(verdict) - EXPENSIVE == set(found.split())


SAMPLE = {"kind": "subsampled", "samplingRate": "0.9", "mechanism": {"kind": "laplace", "scale": 1}}


def test_parts_that_name_no_column_are_counted_in_sequence(tmp_path: Path) -> None:
    parts = {"kind": "parallel", "partitions": [SAMPLE] * 3}
    verdict = verdict_of(tmp_path, mechanisms=[parts], epsilon=1)
    assert closing(verdict) & {"dp-understated-epsilon", "dp-unverified-epsilon"}
    assert "dp-unstated-partition" in rules(verdict)
    assert verdict_of(tmp_path, mechanisms=[parts], epsilon=3).passed


def test_parts_of_a_column_count_once(tmp_path: Path) -> None:
    parts = {"kind": "parallel", "column": "region", "partitions": [SAMPLE] * 3}
    verdict = verdict_of(tmp_path, mechanisms=[parts], epsilon=1)
    assert verdict.passed
    assert not rules(verdict)


SPENT = RUN | {"noiseMultiplier": "0.86"}
"""3.84 once at δ = 1e-5, 7.11 three times."""


def releases(folder: Path, scope: str, epsilon: object, **more: Any) -> Verdict:
    for number in range(3):
        data = declaration(
            version=f"1.{number}",
            mechanisms=[SPENT],
            epsilon=epsilon,
            delta="1e-5",
            compositionScope=scope.format(number),
            **more,
        )
        write(folder, data, f"release-{number}.privacy.yaml")
    return judged(folder)


def test_releases_that_count_together_are_judged_together(tmp_path: Path) -> None:
    verdict = releases(tmp_path, "all releases of 2026", "3.9")
    assert closing(verdict) == {"dp-understated-epsilon"}
    assert len(verdict.active) == 3
    assert "churn 1.1, churn 1.2" in verdict.active[0].message


@pytest.mark.parametrize(
    "scope", ["this release alone", "This  Release", "this model only", "the releases of team {}"]
)
def test_releases_that_do_not_are_judged_alone(scope: str, tmp_path: Path) -> None:
    assert releases(tmp_path, scope, "3.9").passed


def test_releases_of_other_data_are_judged_alone(tmp_path: Path) -> None:
    for number in range(2):
        data = declaration(f"m{number}", mechanisms=[SPENT], epsilon="3.9", delta="1e-5")
        data["spec"]["privacy"]["compositionScope"] = "all releases of 2026"
        data["spec"]["datasets"] = [{"name": f"customers-{number}", "records": 60000}]
        write(tmp_path, data, f"release-{number}.privacy.yaml")
    assert judged(tmp_path).passed


def test_spellings_of_one_scope_and_one_dataset_are_one(tmp_path: Path) -> None:
    spellings = [("all releases of 2026", "customers"), ("All releases  of 2026", "Customers\u200b")]
    for number, (scope, dataset) in enumerate(spellings):
        data = declaration(
            f"m{number}", mechanisms=[SPENT], epsilon="3.9", delta="1e-5", compositionScope=scope
        )
        data["spec"]["datasets"] = [{"name": dataset, "records": 60000}]
        write(tmp_path, data, f"release-{number}.privacy.yaml")
    assert "dp-understated-epsilon" in closing(judged(tmp_path))


def test_a_budget_of_the_whole_scope_is_honest(tmp_path: Path) -> None:
    assert closing(releases(tmp_path, "all releases of 2026", "7.2")) == EXPENSIVE


@pytest.mark.parametrize(
    ("name", "version"),
    [("Churn", "1.0"), ("churn", "1.0 "), ("ch\u200burn", "1.0"), ("ｃhurn", "1.0"), ("churn ", "1\u2060.0")],
)
def test_names_that_a_reader_cannot_tell_apart_are_one(name: str, version: str, tmp_path: Path) -> None:
    write(tmp_path, declaration(mechanisms=[QUERY]), "one.privacy.yaml")
    write(tmp_path, declaration(name, version, mechanisms=[QUERY]), "two.privacy.yaml")
    assert closing(judged(tmp_path)) == {"release-duplicate-version"}
