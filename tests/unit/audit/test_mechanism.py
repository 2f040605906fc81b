"""Audits of a mechanism over several runs, and of what several processes return."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatecli.audit.attack import Effort
from gatecli.audit.calling import Reference
from gatecli.audit.mechanism import MechanismAudit, audit_mechanism
from gatecli.audit.neighbours import Pair
from gatecli.model.audit import AuditClaim, AuditOutcome, AuditResult

HERE = "tests.support.audit_project.mechanisms"
CLAIM = AuditClaim(Fraction(1))
PAIRS = (Pair([0], [1]), Pair([5], [6]))
FEW = Effort.of(Fraction(1, 1000), 2000, 0)


def audit(
    mechanism: Reference | Callable[..., Any], state: Path | None = None, pairs: tuple[Pair, ...] = PAIRS
) -> list[AuditResult]:
    return audit_mechanism(MechanismAudit("m", mechanism, CLAIM, pairs, FEW, state=state))


def test_a_state_adds_samples_of_fresh_noise(tmp_path: Path) -> None:
    found = [audit(Reference(HERE, "count"), tmp_path / "state")[0].samples for _run in range(3)]
    assert found == [2000, 4000, 6000]


def test_noise_of_the_operating_system_is_fresh(tmp_path: Path) -> None:
    def fresh(data: list[int]) -> float:
        return data[0] + np.random.default_rng().laplace()

    assert [audit(fresh, tmp_path / "state")[0].samples for _run in range(2)] == [2000, 4000]


def test_a_run_that_draws_the_noise_of_an_earlier_one_adds_nothing(tmp_path: Path) -> None:
    def seeded(data: list[int]) -> float:
        return float(data[0] + np.random.laplace())

    state = np.random.get_state()
    found = []
    for _run in range(2):
        np.random.seed(3)
        found += audit(seeded, tmp_path / "state")
    np.random.set_state(state)
    assert [each.samples for each in found] == [2000, 2000]
    assert found[0].lower == found[1].lower
    assert dict(found[1].measures)["state"].startswith("the noise of this run is that of an earlier one")


def test_another_value_that_it_closes_over_is_another_test(tmp_path: Path) -> None:
    def scaled(scale: float) -> Callable[..., float]:
        return lambda data, rng: data[0] + rng.laplace(0, scale)

    found = [audit(scaled(scale), tmp_path / "state")[0].samples for scale in (1, 2, 1)]
    assert found == [2000, 2000, 4000]


def test_a_value_that_cannot_be_known_again_keeps_no_state(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        (result,) = audit(lambda data, rng: data[0] + rng.laplace() + 0 * file.tell(), tmp_path / "state")
    assert result.outcome is AuditOutcome.COULD_NOT_RUN
    assert "would not be known again" in result.reason


def test_a_change_in_an_imported_module_is_another_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calling.py").write_text(
        "from noise import SCALE\ndef mechanism(data, rng):\n    return data[0] + rng.laplace(0, SCALE)\n"
    )
    found = []
    for scale in ("1.0", "2.00", "1.0"):
        (tmp_path / "noise.py").write_text(f"SCALE = {scale}\n")
        shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
        found.append(audit(Reference("calling", "mechanism"), tmp_path / "state")[0].samples)
    assert found == [2000, 2000, 4000]


@pytest.mark.parametrize("name", ["known_noise", "known_coin"])
def test_noise_that_every_process_draws_is_refuted(name: str) -> None:
    found = {each.method: each for each in audit(Reference(HERE, name))}
    assert found["fixed-noise"].outcome is AuditOutcome.REFUTED


def test_fixed_noise_is_looked_for_on_the_pair_that_it_tells_apart() -> None:
    pairs = (Pair([0], [-1]), Pair([0], [-2]), Pair([0], [3]))
    found = {each.method: each for each in audit(Reference(HERE, "known_noise_above_0"), pairs=pairs)}
    assert found["fixed-noise"].inputs == ("[0]", "[3]")
