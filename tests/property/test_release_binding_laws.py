"""Declaration, evidence and files of one true history open the gate; a lie in any one place closes it.

What was really spent is computed by dp-accounting. What nothing on disk contradicts is not found out, and is
not among the lies: a unit that is not the one that was protected, batches that were not drawn as stated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dp_accounting
import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gatecli.model.verdict import Verdict
from tests.support.examples import share
from tests.support.release_folders import declaration, judged, write

DELTA = 1e-6
RECORDS = 60_000
WEIGHTS = b"what was learnt"

Run = tuple[float, float, int]
"""Noise multiplier, sampling rate, steps."""


@dataclass(frozen=True)
class History:
    """What was really done: training runs under Poisson sampling, and Laplace answers by their scale."""

    runs: tuple[Run, ...]
    queries: tuple[float, ...]
    relation: str

    @property
    def epsilon(self) -> float:
        """Enough for all of it, with a thousandth to spare."""
        return round(_spent(self) * 1.002 + 1e-6, 6)


@lru_cache(maxsize=256)
def _spent(history: History) -> float:
    relation = dp_accounting.NeighboringRelation
    replaced = history.relation == "replace-one"
    accountant = dp_accounting.pld.PLDAccountant(
        relation.REPLACE_ONE if replaced else relation.ADD_OR_REMOVE_ONE
    )
    for sigma, rate, steps in history.runs:
        step = dp_accounting.PoissonSampledDpEvent(rate, dp_accounting.GaussianDpEvent(sigma))
        accountant.compose(step, steps)
    for scale in history.queries:
        accountant.compose(dp_accounting.LaplaceDpEvent(scale))
    return float(accountant.get_epsilon(DELTA))


@dataclass
class Release:
    """All that is on disk of a release, before it is written."""

    declaration: dict[str, Any]
    evidence: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)
    others: list[dict[str, Any]] = field(default_factory=list)

    @property
    def claim(self) -> dict[str, Any]:
        claim: dict[str, Any] = self.declaration["spec"]["privacy"]
        return claim


def told(history: History) -> Release:
    """The release that says it as it was."""
    runs = [
        {"kind": "dp-sgd", "noiseMultiplier": sigma, "samplingRate": rate, "steps": steps, "clippingNorm": 1}
        for sigma, rate, steps in history.runs
    ]
    queries = [{"kind": "laplace", "scale": scale} for scale in history.queries]
    evidence: dict[str, Any] = {
        "opacus.json": {"history": [list(run) for run in history.runs], "mechanism": "prv"}
    }
    entries: list[dict[str, Any]] = [{"format": "opacus", "path": "opacus.json", "sampling": "poisson"}]
    if queries:
        events = [{"class_name": "LaplaceDpEvent", "noise_multiplier": scale} for scale in history.queries]
        evidence["queries.json"] = {"class_name": "ComposedDpEvent", "events": events}
        entries.append({"format": "dp-accounting", "path": "queries.json", "neighbouring": history.relation})
    digest = hashlib.sha256(WEIGHTS).hexdigest()
    data = declaration(
        neighbouring=history.relation,
        epsilon=repr(history.epsilon),
        delta=repr(DELTA),
        tuning={"runs": len(runs), "accounted": True},
        mechanisms=[*runs, *queries],
        evidence=entries,
        artifacts=[{"path": "model.safetensors", "sha256": digest}],
    )
    return Release(data, evidence, {"model.safetensors": WEIGHTS})


LAW = {
    "apiVersion": "gatecli.dev/v1",
    "kind": "PrivacyPolicy",
    "metadata": {"name": "strict"},
    "spec": {
        "release": {"requireEvidence": True},
        "tiers": {"behavioural": {"maxEpsilon": 1000, "maxDelta": "1e-5"}},
    },
}


def verdict_on(release: Release) -> Verdict:
    with TemporaryDirectory() as name:
        root = Path(name)
        folder = root / "release"
        law = write(root, yaml.safe_dump(LAW), "gatecli.yaml")
        write(folder, release.declaration)
        for number, other in enumerate(release.others):
            write(folder, other, f"{number}.privacy.yaml")
        for path, content in (release.evidence | release.files).items():
            write(folder, content, path)
        return judged(folder, policy=law)


Lie = Callable[[Release, History], object]


def _more(value: Any, factor: float) -> str:
    return repr(float(value) * factor)


def less_epsilon(release: Release, history: History) -> None:
    release.claim["epsilon"] = repr(history.epsilon * 0.95)


def less_noise_was_declared(release: Release, _: History) -> None:
    run = release.claim["mechanisms"][0]
    run["noiseMultiplier"] = _more(run["noiseMultiplier"], 1.2)


def fewer_steps_were_declared(release: Release, _: History) -> None:
    run = release.claim["mechanisms"][0]
    run["steps"] = max(1, run["steps"] * 3 // 4)


def a_smaller_rate_was_declared(release: Release, _: History) -> None:
    run = release.claim["mechanisms"][0]
    run["samplingRate"] = _more(run["samplingRate"], 0.75)


def a_mechanism_is_kept_back(release: Release, _: History) -> None:
    assume(len(release.claim["mechanisms"]) > 1)
    release.claim["mechanisms"].pop()


def all_mechanisms_are_one_small_box(release: Release, _: History) -> None:
    release.claim["mechanisms"] = [{"kind": "pure", "epsilon": "0.01", "name": "everything"}]


def the_record_has_more_noise(release: Release, _: History) -> None:
    run = release.evidence["opacus.json"]["history"][0]
    run[0] *= 1.2


def the_record_has_fewer_steps(release: Release, _: History) -> None:
    run = release.evidence["opacus.json"]["history"][0]
    run[2] = max(1, run[2] * 3 // 4)


def the_record_is_of_other_work(release: Release, _: History) -> None:
    other = {"class_name": "LaplaceDpEvent", "noise_multiplier": 1000}
    release.evidence["opacus.json"] = other
    release.claim["evidence"][0] = {"format": "dp-accounting", "path": "opacus.json"}


def a_record_is_not_named(release: Release, _: History) -> None:
    release.claim["evidence"].pop()


def the_sampling_is_not_said(release: Release, _: History) -> None:
    del release.claim["evidence"][0]["sampling"]


def a_record_is_lost(release: Release, _: History) -> None:
    del release.evidence["opacus.json"]


def a_record_is_replaced(release: Release, _: History) -> None:
    release.claim["evidence"][0]["sha256"] = "0" * 64


def the_relation_is_a_cheaper_one(release: Release, history: History) -> None:
    assume(history.relation == "replace-one")
    add_remove = History(history.runs, history.queries, "add-remove")
    release.claim["epsilon"] = repr(add_remove.epsilon)


def the_relation_is_another_one(release: Release, history: History) -> None:
    assume(history.relation == "add-remove" and not history.queries)
    release.claim["neighbouring"] = "replace-one"


def there_were_more_runs(release: Release, _: History) -> None:
    release.claim["tuning"]["runs"] += 1


def runs_are_not_accounted(release: Release, _: History) -> None:
    release.claim["tuning"]["accounted"] = False


def preprocessing_is_only_a_word(release: Release, history: History) -> None:
    assume(not history.queries)
    release.claim["preprocessing"] = {"dataDependent": True, "accounted": True}


def the_parts_are_said_to_be_disjoint(release: Release, _: History) -> None:
    parts = release.claim["mechanisms"]
    assume(len(parts) > 1)
    release.claim["mechanisms"] = [{"kind": "parallel", "partitions": parts}]
    release.claim["epsilon"] = repr(float(release.claim["epsilon"]) * 0.95)


def other_weights_ship(release: Release, _: History) -> None:
    release.files["model.safetensors"] = WEIGHTS + b"!"


def more_weights_ship(release: Release, _: History) -> None:
    release.files["adapter/adapter_model.bin"] = b"an adapter"


def no_weights_are_listed(release: Release, _: History) -> None:
    release.declaration["spec"]["artifacts"] = []


def only_a_text_is_listed(release: Release, _: History) -> None:
    release.files["README.md"] = b"# Model\n"
    digest = hashlib.sha256(b"# Model\n").hexdigest()
    release.declaration["spec"]["artifacts"] = [{"path": "README.md", "sha256": digest}]


def another_release_has_the_weights(release: Release, _: History) -> None:
    other = deepcopy(release.declaration)
    other["metadata"]["name"] = "another"
    other["spec"]["privacy"] |= {"mechanisms": [{"kind": "laplace", "scale": 100}], "evidence": []}
    release.others.append(other)


def another_release_has_the_record(release: Release, _: History) -> None:
    other = deepcopy(release.declaration)
    other["metadata"]["name"] = "another"
    other["spec"]["artifacts"] = []
    release.others.append(other)


def another_release_of_the_scope_is_kept_apart(release: Release, _: History) -> None:
    release.claim["compositionScope"] = "all releases of 2026"
    other = deepcopy(release.declaration)
    other["metadata"]["version"] = "1.1"
    other["spec"]["artifacts"] = []
    release.others.append(other)


def the_version_is_written_twice(release: Release, _: History) -> None:
    other = deepcopy(release.declaration)
    other["metadata"] = {"name": "Churn\u200b", "version": "1.0 "}
    other["spec"]["artifacts"] = []
    release.others.append(other)


def delta_is_that_of_a_smaller_table(release: Release, _: History) -> None:
    release.claim["delta"] = "1e-4"


LIES: tuple[Lie, ...] = (
    less_epsilon,
    less_noise_was_declared,
    fewer_steps_were_declared,
    a_smaller_rate_was_declared,
    a_mechanism_is_kept_back,
    all_mechanisms_are_one_small_box,
    the_record_has_more_noise,
    the_record_has_fewer_steps,
    the_record_is_of_other_work,
    a_record_is_not_named,
    the_sampling_is_not_said,
    a_record_is_lost,
    a_record_is_replaced,
    the_relation_is_a_cheaper_one,
    the_relation_is_another_one,
    there_were_more_runs,
    runs_are_not_accounted,
    preprocessing_is_only_a_word,
    the_parts_are_said_to_be_disjoint,
    other_weights_ship,
    more_weights_ship,
    no_weights_are_listed,
    only_a_text_is_listed,
    another_release_has_the_weights,
    another_release_has_the_record,
    another_release_of_the_scope_is_kept_apart,
    the_version_is_written_twice,
    delta_is_that_of_a_smaller_table,
)

SMALL, LARGE, NOISY, LONG = (1.1, 0.01, 400), (0.9, 0.05, 200), (2.5, 0.2, 40), (1.6, 0.002, 2000)

HISTORIES = (
    History((SMALL,), (), "add-remove"),
    History((LARGE,), (5.0,), "add-remove"),
    History((NOISY,), (2.0, 40.0), "add-remove"),
    History((SMALL, LONG), (), "add-remove"),
    History((LONG, LONG), (40.0,), "add-remove"),
    History((SMALL, NOISY), (5.0, 5.0), "add-remove"),
    History((SMALL,), (), "replace-one"),
    History((NOISY, LONG), (), "replace-one"),
)
"""Few, so that what they cost is computed once for all lies."""

histories = st.sampled_from(HISTORIES)


@pytest.mark.parametrize("history", HISTORIES)
def test_the_truth_opens_the_gate(history: History) -> None:
    verdict = verdict_on(told(history))
    assert verdict.passed, [finding.message for finding in verdict.active]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
@settings(max_examples=share(4), deadline=None)
@given(history=histories)
def test_a_lie_in_one_place_closes_it(lie: Lie, history: History) -> None:
    release = told(history)
    lie(release, history)
    verdict = verdict_on(release)
    assert not verdict.passed
    assert verdict.exit_code in {1, 4}
