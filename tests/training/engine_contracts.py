"""The engines of noise that the tests' own environment does not hold, in that of the training libraries.

`test_engines.py` has pytest run this there: it is named, and not found.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from gatecli.data.engines.diffpriv_lib import DiffprivLib
from gatecli.data.engines.interface import NoiseEngine
from gatecli.data.engines.py_dp import PyDp
from tests.contract.noise_engine_suite import Chance, NoiseEngineSuite, rounded_laplace_chance
from tests.support.engine_audits import finds_what_is_refused


class TestPyDp(NoiseEngineSuite):
    refuses = frozenset({"gaussian", "choice", "keys"})
    most_scale = Fraction(2**39)

    def engine(self) -> NoiseEngine:
        return PyDp()

    def laplace_chance(self, scale: float) -> Chance:
        return rounded_laplace_chance(scale)


class TestDiffprivLib(NoiseEngineSuite):
    refuses = frozenset({"gaussian", "keys"})
    most_scale = Fraction(1024)

    def engine(self) -> NoiseEngine:
        return DiffprivLib()


@pytest.mark.parametrize("name", ["python-dp", "diffprivlib"])
def test_what_is_found_is_what_is_refused(name: str) -> None:
    assert finds_what_is_refused(name)
