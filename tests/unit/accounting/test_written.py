from __future__ import annotations

from fractions import Fraction

import pytest
from pydantic import TypeAdapter

from gatecli.accounting.allocation import Allocation, QueryStep, allocate
from gatecli.accounting.calibration import Calibration, calibrate
from gatecli.accounting.interface import Question
from gatecli.accounting.written import allocation_data, calibration_data, mechanism_data
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.mechanism import (
    Composed,
    DpFtrl,
    DpSgd,
    Gaussian,
    Laplace,
    Mechanism,
    Parallel,
    Subsampled,
)
from tests.support.accountants import analytic

ADAPTER: TypeAdapter[Mechanism] = TypeAdapter(Mechanism)
LAPLACE = Laplace(scale=Fraction("2.5"), count=3, name="age")


@pytest.mark.parametrize(
    "mechanism",
    [
        LAPLACE,
        Gaussian(noise_multiplier=Fraction(1, 3)),
        DpSgd(noise_multiplier=Fraction("1.1"), sampling_rate=Fraction(1, 100), steps=7),
        DpFtrl(noise_multiplier=Fraction(2), step_counts=(4, 5)),
        Composed(mechanisms=(LAPLACE, Parallel(partitions=(LAPLACE,))), count=2),
        Subsampled(sampling_rate=Fraction(1, 2), mechanism=LAPLACE),
    ],
)
def test_a_written_mechanism_reads_back_as_itself(mechanism: Mechanism) -> None:
    assert ADAPTER.validate_python(mechanism_data(mechanism), by_alias=True, by_name=False) == mechanism


def test_kind_is_written_first_and_defaults_are_left_out() -> None:
    data = mechanism_data(LAPLACE)
    assert list(data.items()) == [("kind", "laplace"), ("name", "age"), ("count", 3), ("scale", "2.5")]


def test_a_calibration_is_written_with_its_mechanisms() -> None:
    asked = Question((Laplace(scale=Fraction(1)),), Fraction(0), Neighbouring.ADD_REMOVE)
    result = calibrate(asked, Budget(Fraction("0.25"), Fraction(0)), "noise", analytic)
    assert isinstance(result, Calibration)
    assert calibration_data(result) == {
        "parameter": "scale",
        "value": "4",
        "tight": True,
        "epsilonUpper": "0.25",
        "delta": "0",
        "neighbouring": "add-remove",
        "accountant": "analytic",
        "mechanisms": [{"kind": "laplace", "scale": "4"}],
    }


def test_an_allocation_is_written_as_rows_and_mechanisms() -> None:
    result = allocate(Budget(Fraction(1), Fraction(0)), (QueryStep("a", "laplace"),), "weights", analytic)
    assert isinstance(result, Allocation)
    data = allocation_data(result)
    assert data["steps"] == [{"name": "a", "epsilon": "1", "share": "100 %", "variance": "2"}]
    assert data["mechanisms"] == [{"kind": "laplace", "name": "a", "scale": "1"}]
