"""Evidence is written from a library's own object, and is what the gate reads of it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dp_accounting
import numpy as np
import pytest

import gatecli
from gatecli.errors import UsageError
from gatecli.evidence.libraries import WRITERS
from gatecli.evidence.plain import number
from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import (
    Approximate,
    Composed,
    DpSgd,
    Gaussian,
    Laplace,
    Mechanism,
    Pure,
    Unaccountable,
)
from tests.support.evidence import REAL, accepted, written


def thing(library: str, name: str, **attributes: Any) -> Any:
    """An object of a class of this name, in a module of this library."""
    kind = type(name, (), {"__module__": f"{library}.inner", **attributes})
    return kind()


def accountant(*history: Any, mechanism: str = "rdp") -> Any:
    return thing("opacus", "IAccountant", history=list(history), mechanism=classmethod(lambda _: mechanism))


@pytest.mark.parametrize(
    "noise", [1.1, np.float64(1.1), Decimal("1.1"), Fraction(11, 10)], ids=lambda each: type(each).__name__
)
def test_an_accountant_of_opacus(noise: Any, tmp_path: Path) -> None:
    evidence = written(accountant((noise, np.float64(0.1), np.int64(7))), tmp_path)
    expected = DpSgd(noise_multiplier=Fraction("1.1"), sampling_rate=Fraction("0.1"), steps=7)
    assert evidence.mechanisms == (expected,)
    assert evidence.neighbouring is Neighbouring.ADD_REMOVE


def test_an_engine_of_opacus_is_its_accountant(tmp_path: Path) -> None:
    engine = thing("opacus", "PrivacyEngine", accountant=accountant((1.1, 0.1, 7), (1.3, 0.1, 2)))
    assert len(written(engine, tmp_path).mechanisms) == 2


def test_an_accountant_of_ones_own_is_read_by_its_history(tmp_path: Path) -> None:
    base = type(accountant((1.1, 0.1, 7), mechanism="mine"))
    own = type("Mine", (base,), {"__module__": "project"})()
    assert len(written(own, tmp_path).mechanisms) == 1


def test_an_event_of_dp_accounting(tmp_path: Path) -> None:
    inner = dp_accounting.PoissonSampledDpEvent(0.01, dp_accounting.GaussianDpEvent(1.1))
    event = dp_accounting.ComposedDpEvent(
        [dp_accounting.SelfComposedDpEvent(inner, 100), dp_accounting.LaplaceDpEvent(3)]
    )
    assert written(event, tmp_path).mechanisms == (
        DpSgd(noise_multiplier=Fraction("1.1"), sampling_rate=Fraction("0.01"), steps=100),
        Laplace(scale=Fraction(3)),
    )


@pytest.mark.parametrize(
    ("name", "relation"),
    [("ADD_OR_REMOVE_ONE", Neighbouring.ADD_REMOVE), ("REPLACE_ONE", Neighbouring.REPLACE_ONE)],
)
def test_an_accountant_of_dp_accounting_says_its_relation(
    name: str, relation: Neighbouring, tmp_path: Path
) -> None:
    ledger = dp_accounting.pld.PLDAccountant(dp_accounting.NeighboringRelation[name])
    ledger.compose(dp_accounting.GaussianDpEvent(2.0), 3)
    evidence = written(ledger, tmp_path)
    assert evidence.neighbouring is relation
    assert evidence.mechanisms == (Gaussian(noise_multiplier=Fraction(2), count=3),)


def test_an_event_of_every_kind_is_read_again(tmp_path: Path) -> None:
    event = dp_accounting.ComposedDpEvent(
        [
            dp_accounting.ZCDpEvent(0.1),
            dp_accounting.RandomizedResponseDpEvent(0.5, 4),
            dp_accounting.dp_event.DiscreteLaplaceDpEvent(0.5, 2),
            dp_accounting.SingleEpochTreeAggregationDpEvent(1.0, [3, 4]),
            dp_accounting.SampledWithoutReplacementDpEvent(100, 5, dp_accounting.GaussianDpEvent(1.0)),
            dp_accounting.dp_event.MixtureOfGaussiansDpEvent(1.0, [0.0, 1.0], [0.5, 0.5]),
        ]
    )
    assert len(written(event, tmp_path).mechanisms) == 6


def test_a_plan_of_jax_privacy_is_its_event(tmp_path: Path) -> None:
    plan = thing("jax_privacy", "DPExecutionPlan", dp_event=dp_accounting.GaussianDpEvent(1.5))
    assert written(plan, tmp_path).mechanisms == (Gaussian(noise_multiplier=Fraction("1.5")),)


@pytest.mark.parametrize(
    ("relation", "sensitivity"),
    [
        ("ADD_OR_REMOVE_ONE", Neighbouring.ADD_REMOVE),
        ("REPLACE_ONE", Neighbouring.REPLACE_ONE),
        ("REPLACE_SPECIAL", Neighbouring.ADD_REMOVE),
    ],
)
def test_the_configuration_of_a_plan_says_what_its_noise_is_relative_to(
    relation: str, sensitivity: Neighbouring, tmp_path: Path
) -> None:
    event = dp_accounting.TruncatedSubsampledGaussianDpEvent(2000, 0.05, 110, 2.0)
    config = thing(
        "jax_privacy",
        "BandMFExecutionPlanConfig",
        plan=thing("jax_privacy", "DPExecutionPlan", dp_event=event),
        accountant=dp_accounting.pld.PLDAccountant(dp_accounting.NeighboringRelation[relation]),
    )
    found = written(config, tmp_path)
    assert found.sensitivity is sensitivity
    assert found.neighbouring is not None
    assert [type(one) for one in found.mechanisms] == [DpSgd]


def test_a_query_on_polars_frames_is_told_what_to_declare(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not serialise queries on Polars") as raised:
        gatecli.evidence.write(thing("opendp", "LazyFrameQuery"), tmp_path / "evidence")
    assert "current_privacy_loss()" in raised.value.advice


@pytest.mark.parametrize("ceiling", [2.0, math.inf])
def test_a_budget_accountant_of_diffprivlib(ceiling: float, tmp_path: Path) -> None:
    state = thing(
        "diffprivlib",
        "BudgetAccountant",
        epsilon=ceiling,
        delta=1.0,
        slack=0.0,
        spent_budget=[(1.0, 0), (0.5, np.float64(1e-6))],
        total=lambda _: (1.5, 1e-6),
    )
    assert written(state, tmp_path).mechanisms == (
        Pure(epsilon=Fraction(1)),
        Approximate(epsilon=Fraction("0.5"), delta=Fraction("1e-6")),
    )


def test_an_infinite_spend_of_diffprivlib_is_not_free(tmp_path: Path) -> None:
    state = thing(
        "diffprivlib",
        "BudgetAccountant",
        epsilon=math.inf,
        delta=1.0,
        slack=0.0,
        spent_budget=[(math.inf, 0)],
        total=lambda _: (math.inf, 0),
    )
    assert isinstance(written(state, tmp_path).mechanisms[0], Unaccountable)


def test_the_odometers_of_smartnoise(tmp_path: Path) -> None:
    privacy = SimpleNamespace(epsilon=0.1, delta=1e-7)
    alike = thing("snsql", "Odometer", privacy=privacy, k=3, spent=(0.3, 3e-7))
    approximate = Approximate(epsilon=Fraction("0.1"), delta=Fraction("1e-7"), count=3)
    assert written(alike, tmp_path).mechanisms == (approximate,)
    steps = thing("snsql", "OdometerHeterogeneous", steps=[(1.0, 0.0)], spent=(1.0, 0.0))
    reader = thing("snsql", "PrivateReader", odometer=steps)
    assert written(reader, tmp_path).mechanisms == (Pure(epsilon=Fraction(1)),)


def test_budgets_of_tumult(tmp_path: Path) -> None:
    budgets = [
        thing("tmlt", "PureDPBudget", epsilon=1),
        thing("tmlt", "ApproxDPBudget", epsilon=0.5, delta=1e-6),
        thing("tmlt", "RhoZCDPBudget", rho=0.125),
    ]
    assert len(written(budgets, tmp_path).mechanisms) == 3
    assert written(budgets[0], tmp_path).mechanisms == (Pure(epsilon=Fraction(1)),)


def test_reports_of_pipelinedp(tmp_path: Path) -> None:
    text = (REAL / "pipeline-dp-laplace.txt").read_text("utf-8")
    report = thing("pipeline_dp", "ExplainComputationReport", text=lambda _: text)
    assert len(written(report, tmp_path).mechanisms) == 3
    assert len(written([report, report], tmp_path).mechanisms) == 6


def test_the_statement_of_tensorflow_privacy(tmp_path: Path) -> None:
    text = (REAL / "tf-privacy-statement.txt").read_text("utf-8")
    assert written(text, tmp_path).mechanisms == accepted("tf-privacy", "tf-privacy-statement.txt").mechanisms


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param(object(), "a builtins.object records no spending", id="a stranger"),
        pytest.param("some text", "is not tf-privacy evidence", id="text"),
        pytest.param([], "each library by itself", id="nothing"),
        pytest.param([accountant((1, 0.1, 1))] * 2, "each library by itself", id="a list of accountants"),
        pytest.param(accountant(), "records no step", id="no step"),
        pytest.param(accountant((math.nan, 0.1, 1)), "not a number", id="not a number"),
        pytest.param(accountant(("x", 0.1, 1)), "a str is not a number", id="text for noise"),
        pytest.param(accountant((1.0, 0.1, 1.5)), "not a whole number", id="half a step"),
        pytest.param(accountant((True, 0.1, 1)), "a bool is not a number", id="a boolean"),
        pytest.param(accountant((math.inf, 0.1, 1)), "is not JSON", id="infinite noise"),
        pytest.param(accountant((1.0, 0.1)), "does not say what was spent (ValueError", id="a pair"),
        pytest.param(dp_accounting.NoOpDpEvent(), "applies no mechanism", id="an event of nothing"),
        pytest.param(thing("opacus", "PrivacyEngine"), "does not say what was spent", id="no accountant"),
    ],
)
def test_what_records_nothing_is_one_sentence(value: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(gatecli.GatecliError) as raised:
        gatecli.evidence.write(value, tmp_path / "evidence")
    assert words in raised.value.message
    assert "\n" not in raised.value.message
    assert raised.value.advice
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "accountant.json"
    gatecli.evidence.write(accountant((1.1, 0.1, 7)), path)
    before = path.read_bytes()
    with pytest.raises(UsageError):
        gatecli.evidence.write(accountant(), path)
    assert path.read_bytes() == before


def in_no_folder(folder: Path) -> Path:
    return folder / "absent" / "accountant.json"


def on_a_folder(folder: Path) -> Path:
    (folder / "accountant.json").mkdir()
    return folder / "accountant.json"


@pytest.mark.parametrize("place", [in_no_folder, on_a_folder])
def test_a_place_that_cannot_be_written_is_named(place: Callable[[Path], Path], tmp_path: Path) -> None:
    path = place(tmp_path)
    with pytest.raises(UsageError, match=r"cannot write .*accountant\.json: "):
        gatecli.evidence.write(accountant((1.1, 0.1, 7)), path)
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]


def test_the_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    gatecli.evidence.write(accountant((1.1, 0.1, 7)), str(tmp_path / "a.json"))
    (tmp_path / "b.json").write_text("")
    assert (tmp_path / "a.json").stat().st_mode == (tmp_path / "b.json").stat().st_mode


@pytest.mark.parametrize("value", [1, 1.5, Fraction(1, 3), 10**30])
def test_a_number_is_kept_exactly(value: Any) -> None:
    kept = number(value)
    assert (Fraction(kept) if isinstance(kept, str) else kept) == value


def test_no_library_is_imported_to_know_its_objects() -> None:
    script = (
        "import sys, tempfile, gatecli\n"
        "kind = type('PureDPBudget', (), {'__module__': 'tmlt.analytics.privacy_budget', 'epsilon': 1})\n"
        "print(gatecli.evidence.write(kind(), tempfile.mkdtemp() + '/budget.json'))\n"
        "print([name for name in sys.argv[1:] if name in sys.modules])\n"
    )
    libraries = sorted({library for library, _ in WRITERS} - {"builtins"})
    done = subprocess.run(
        [sys.executable, "-c", script, *libraries], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["tumult", "[]"]


def test_the_text_is_stable(tmp_path: Path) -> None:
    gatecli.evidence.write(accountant((1.1, 0.1, 7)), tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text("utf-8")
    assert json.loads(text) == {"history": [[1.1, 0.1, 7]], "mechanism": "rdp"}
    assert text.endswith("}\n")


def test_composed_events_stay_composed(tmp_path: Path) -> None:
    both = dp_accounting.ComposedDpEvent([dp_accounting.GaussianDpEvent(2), dp_accounting.LaplaceDpEvent(3)])
    (found,) = written(dp_accounting.SelfComposedDpEvent(both, 5), tmp_path).mechanisms
    mechanism: Mechanism = found
    assert isinstance(mechanism, Composed)
    assert mechanism.count == 5
