"""Tests that go on from run to run."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatecli.audit.attack import AuditProgress, AuditTarget, Effort, attack
from gatecli.audit.neighbours import Pair
from gatecli.audit.state import StateFile, digest_of, progress_data, read_progress
from gatecli.errors import ConfigurationError, UncheckableError
from gatecli.model.audit import AuditClaim
from tests.support.direct_source import DirectSource
from tests.support.textbook_mechanisms import TEXTBOOK

ALPHA = Fraction(1, 1000)
CLAIM = AuditClaim(Fraction(1))
PAIRS = (Pair([0], [1]),)


@pytest.fixture(scope="module", name="progresses")
def made(request: pytest.FixtureRequest) -> list[AuditProgress]:
    """AuditProgress of every kind of event: steps, witnesses, sets of outcomes, texts."""
    kept: list[AuditProgress] = []
    effort = Effort(samples=500, training=1_000, first_look=200)
    for name in ("noisy max 1", "laplace", "sparse vector 3"):
        one = next(each for each in TEXTBOOK if each.name == name)
        target = AuditTarget(name, CLAIM, one.pairs)
        attack(target, DirectSource(one.mechanism, CLAIM, one.pairs), effort, keep=kept.append)
    return kept


def test_a_progress_is_read_back_as_it_was(progresses: list[AuditProgress]) -> None:
    for each in progresses:
        assert read_progress(json.loads(json.dumps(progress_data(each)))) == each


def test_a_file_keeps_each_test_by_its_digest_its_error_and_its_method(
    tmp_path: Path, progresses: list[AuditProgress]
) -> None:
    path = tmp_path / "state.json"
    StateFile(path).keep("one", ALPHA, "betting", progresses[0])
    StateFile(path).keep("other", ALPHA, "betting", progresses[-1])
    state = StateFile(path)
    assert state.progress("one", ALPHA, "betting") == progresses[0]
    assert state.progress("other", ALPHA, "betting") == progresses[-1]
    for key in (("third", ALPHA, "betting"), ("one", ALPHA / 2, "betting"), ("one", ALPHA, "lattice")):
        assert state.progress(*key) is None


def test_nothing_is_left_beside_the_file(tmp_path: Path, progresses: list[AuditProgress]) -> None:
    StateFile(tmp_path / "state.json").keep("one", ALPHA, "betting", progresses[0])
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"schema": "gatecli/audit-state/v2"}', '{"schema": 1, "starts": {}, "tests": {}}'],
)
def test_a_file_that_is_no_state_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(ConfigurationError, match="not a file of audit state"):
        StateFile(tmp_path / "state.json")


def change(data: dict[str, Any], key: str, value: object) -> dict[str, Any]:
    return {**data, key: value}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("counts", []),
        ("counts", [[1, 2, 3, -4]]),
        ("counts", [[1.5, 2, 3, 4]]),
        ("events", [{}]),
        ("events", "no"),
        ("pair", "0"),
        ("layout", None),
        ("texts", [[1]]),
        ("layout", {"cells": [], "flat": False, "atoms": [], "lattice": True}),
        ("layout", {"cells": [0], "flat": True, "atoms": ["no"], "lattice": False}),
        ("layout", {"cells": [10**9], "flat": True, "atoms": [], "lattice": False}),
    ],
)
def test_a_damaged_test_is_refused(
    tmp_path: Path, progresses: list[AuditProgress], key: str, value: object
) -> None:
    path = tmp_path / "state.json"
    StateFile(path).keep("one", ALPHA, "betting", progresses[0])
    data = json.loads(path.read_text())
    (name,) = data["tests"]
    data["tests"][name] = change(data["tests"][name], key, value)
    path.write_text(json.dumps(data))
    with pytest.raises(ConfigurationError, match="damaged"):
        StateFile(path).progress("one", ALPHA, "betting")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, progresses: list[AuditProgress]) -> None:
    with pytest.raises(UncheckableError, match="cannot be written"):
        StateFile(tmp_path / "no" / "state.json").keep("one", ALPHA, "betting", progresses[0])


@pytest.mark.parametrize(
    ("code", "claim", "pairs"),
    [
        ([b"other"], CLAIM, PAIRS),
        ([b"code"], AuditClaim(Fraction(2)), PAIRS),
        ([b"code"], AuditClaim(Fraction(1), Fraction(1, 10)), PAIRS),
        ([b"code"], CLAIM, (Pair([0], [2]),)),
        ([b"co", b"de"], CLAIM, PAIRS),
    ],
)
def test_another_code_claim_or_input_is_another_test(
    code: list[bytes], claim: AuditClaim, pairs: tuple[Pair, ...]
) -> None:
    assert digest_of(code, claim, pairs) != digest_of([b"code"], CLAIM, PAIRS)


def test_inputs_are_known_whole() -> None:
    one, other = np.zeros(5000), np.zeros(5000)
    other[2500] = 1
    digests = {digest_of([b"code"], CLAIM, (Pair(each, [1]),)) for each in (one, other, one.copy())}
    assert len(digests) == 2


def begun(path: Path, start: str, progress: AuditProgress) -> StateFile:
    state = StateFile(path)
    state.add_start("one", start)
    state.keep("one", ALPHA, "betting", progress)
    return StateFile(path)


def test_the_runs_of_a_mechanism_are_known_by_their_starts(
    tmp_path: Path, progresses: list[AuditProgress]
) -> None:
    begun(tmp_path / "state.json", "a", progresses[0])
    state = begun(tmp_path / "state.json", "b", progresses[0])
    assert (state.starts("one"), state.starts("other")) == (("a", "b"), ())


@pytest.mark.parametrize("starts", ["a", [1], {"a": 1}])
def test_damaged_starts_are_refused(tmp_path: Path, progresses: list[AuditProgress], starts: object) -> None:
    path = tmp_path / "state.json"
    begun(path, "a", progresses[0])
    path.write_text(json.dumps({**json.loads(path.read_text()), "starts": {"one": starts}}))
    with pytest.raises(ConfigurationError, match="damaged"):
        StateFile(path).starts("one")
