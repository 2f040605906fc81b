"""Evidence of OpenDP's own objects: queries, contexts, measurements."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import Pure, ZeroConcentrated
from tests.support.evidence import written

dp = pytest.importorskip("opendp.prelude")


@pytest.fixture(autouse=True)
def contrib() -> Iterator[None]:
    """OpenDP's feature for this test alone: others look at what is enabled."""
    enabled = "contrib" in dp.GLOBAL_FEATURES
    dp.enable_features("contrib")
    yield
    if not enabled:
        dp.disable_features("contrib")


def context(**loss: float) -> Any:
    return dp.Context.compositor(
        data=[1.0, 2.0, 3.0],
        privacy_unit=dp.unit_of(contributions=2),
        privacy_loss=dp.loss_of(**loss),
        split_evenly_over=2,
        domain=dp.vector_domain(dp.atom_domain(T=float, nan=False)),
    )


def test_a_query_of_opendp_costs_what_a_unit_of_several_rows_costs(tmp_path: Path) -> None:
    query = context(epsilon=1.0).query().clamp((0.0, 5.0)).sum().laplace()
    (claim,) = written(query, tmp_path).mechanisms
    assert isinstance(claim, Pure)
    assert Fraction("0.499999") < claim.epsilon <= Fraction("0.5")


def test_a_context_of_opendp_is_its_whole_budget(tmp_path: Path) -> None:
    (claim,) = written(context(rho=0.5), tmp_path).mechanisms
    assert isinstance(claim, ZeroConcentrated)
    assert claim.rho == Fraction("0.5")


def adaptive(**loss: float) -> Any:
    """A context whose budget has no fixed parts: an odometer counts."""
    return dp.Context.compositor(
        data=[1.0, 2.0, 3.0],
        privacy_unit=dp.unit_of(contributions=2),
        privacy_loss=dp.loss_of(**loss),
        domain=dp.vector_domain(dp.atom_domain(T=float, nan=False)),
    )


@pytest.mark.parametrize(
    ("budget", "asked", "spent"),
    [
        (
            {"epsilon": 1.0},
            {"epsilon": 0.25},
            Pure(epsilon=Fraction("0.5"), neighbouring=Neighbouring.ADD_REMOVE),
        ),
        (
            {"rho": 1.0},
            {"rho": 0.25},
            ZeroConcentrated(rho=Fraction("0.5"), neighbouring=Neighbouring.ADD_REMOVE),
        ),
    ],
)
def test_an_adaptive_context_of_opendp_is_what_it_answered(
    tmp_path: Path, budget: dict[str, float], asked: dict[str, float], spent: Pure | ZeroConcentrated
) -> None:
    context = adaptive(**budget)
    for _ in range(2):
        query = context.query(**asked).clamp((0.0, 5.0)).sum()
        (query.laplace() if "epsilon" in asked else query.gaussian()).release()
    evidence = written(context, tmp_path)
    (claim,) = evidence.mechanisms
    assert evidence.neighbouring is Neighbouring.ADD_REMOVE
    assert isinstance(claim, type(spent))
    assert 0 <= float(_size(spent) - _size(claim)) < 1e-6


def _size(claim: Pure | ZeroConcentrated) -> Fraction:
    return claim.epsilon if isinstance(claim, Pure) else claim.rho


def test_an_adaptive_context_of_opendp_that_answered_nothing_spent_nothing(tmp_path: Path) -> None:
    (claim,) = written(adaptive(epsilon=1.0), tmp_path).mechanisms
    assert claim == Pure(epsilon=Fraction(0), neighbouring=Neighbouring.ADD_REMOVE)


def test_measurements_of_opendp_may_be_a_list(tmp_path: Path) -> None:
    response = dp.m.make_randomized_response_bool(0.75)
    assert len(written([response, response], tmp_path).mechanisms) == 2
