"""Tests that go on from run to run."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatecli.audit.attack import AuditProgress, AuditTarget, Effort, attack
from gatecli.audit.betting import log_wealth
from gatecli.audit.events import describe
from gatecli.audit.neighbours import Pair
from gatecli.audit.state import STATE_SCHEMA, StateFile, digest_of, progress_data, read_progress
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
    [
        "",
        "[]",
        "{}",
        '{"schema": "gatecli/audit-state/v2"}',
        '{"schema": 1, "starts": {}, "tests": {}}',
        '{"schema": "gatecli/audit-state/v2", "starts": {}, "tests": []}',
        '{"schema": "gatecli/audit-state/v2", "starts": {}, "tests": {"a": 1, "a": 2}}',
        '{"schema": "gatecli/audit-state/v2", "starts": {}, "tests": {"a": NaN}}',
        f'{{"schema": "gatecli/audit-state/v2", "starts": {{}}, "tests": {{"a": {"9" * 5000}}}}}',
        "[" * 100_000,
        "\udcff",
    ],
)
def test_a_file_that_is_no_state_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text, "utf-8", "surrogateescape")
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
        ("layout", {"cells": [0], "flat": True, "atoms": ["nan"], "lattice": False}),
        ("layout", {"cells": [0], "flat": True, "atoms": ["0x1p99999"], "lattice": False}),
        ("layout", {"cells": [0], "flat": True, "atoms": [], "lattice": True}),
        ("layout", {"cells": [0], "flat": "true", "atoms": [], "lattice": False}),
        ("layout", {"cells": [0, 1], "flat": True, "atoms": [], "lattice": False}),
        ("layout", []),
        ("counts", [[10**400, 0, 0, 0]]),
        ("counts", [[500, 0, 0]]),
        ("counts", [[500, 0, 0, 0, 0]]),
        ("counts", [[500, 0, 0, 0], [400, 0, 0, 0], [500, 0, 0, 0]]),
        ("batches", 0),
        ("batches", 10**6),
        ("batches", None),
        ("refuted", "false"),
        ("refuted", 1),
        ("pair", 10**400),
        ("pair", True),
        ("texts", [["nan", "x"]]),
        ("texts", None),
    ],
)
def test_a_damaged_test_is_refused(
    tmp_path: Path, progresses: list[AuditProgress], key: str, value: object
) -> None:
    data = json.loads(json.dumps(progress_data(one_with_samples(progresses))))
    with pytest.raises(ConfigurationError, match="damaged"):
        read_as_test(tmp_path / "state.json", change(data, key, value))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("inside", "false"),
        ("forward", 0),
        ("outcomes", ["00"]),
        ("outcomes", ["zz"]),
        ("outcomes", ["00" * 8 + "ff" * 8]),
        ("outcomes", ["00" * 8 + "000000000000f87f"]),
        ("width", 0),
        ("width", 10**12),
        ("width", 2),
        ("steps", [[9, "is", "0x1p0", 0]]),
        ("steps", [[-1, "is", "0x1p0", 0]]),
        ("steps", [[0, "was", "0x1p0", 0]]),
        ("steps", [[0, "is", "0x1p0", 9]]),
        ("steps", [[0, "is", 1, 0]]),
        ("steps", [[0, "is", "0x1p99999", 0]]),
        ("weights", ["inf"]),
        ("weights", []),
        ("threshold", "nan"),
    ],
)
def test_a_damaged_event_is_refused(tmp_path: Path, key: str, value: object) -> None:
    outcomes = {"outcomes": ["00" * 16], "width": 1}
    steps = {"steps": [[0, "is", "0x1p0", 0]], "weights": ["0x1p0"], "threshold": "0x1p0"}
    event = {"inside": True, "forward": True, **(outcomes if key in outcomes else steps)}
    whole = {
        "pair": 0,
        "layout": {"cells": [0], "flat": True, "atoms": [], "lattice": False},
        "events": [event],
        "counts": [[1, 2, 3, 4]],
        "batches": 1,
        "refuted": False,
        "texts": [],
    }
    path = tmp_path / "state.json"
    assert read_as_test(path, whole)
    with pytest.raises(ConfigurationError, match="damaged"):
        read_as_test(path, {**whole, "events": [{**event, key: value}]})


def one_with_samples(progresses: list[AuditProgress]) -> AuditProgress:
    """A test with samples."""
    return next(each for each in progresses if each.samples)


def read_as_test(path: Path, data: object) -> AuditProgress | None:
    """What a file says whose one test is this."""
    name = f"one {ALPHA} betting"
    path.write_text(json.dumps({"schema": STATE_SCHEMA, "starts": {}, "tests": {name: data}}))
    return StateFile(path).progress("one", ALPHA, "betting")


def test_a_test_by_another_method_is_refused(tmp_path: Path, progresses: list[AuditProgress]) -> None:
    StateFile(tmp_path / "state.json").keep("one", ALPHA, "lattice", progresses[0])
    with pytest.raises(ConfigurationError, match="damaged"):
        StateFile(tmp_path / "state.json").progress("one", ALPHA, "lattice")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_test_with_any_part_changed_is_read_or_refused(
    tmp_path: Path, progresses: list[AuditProgress], data: st.DataObject
) -> None:
    whole = json.loads(json.dumps(progress_data(data.draw(st.sampled_from(progresses)))))
    place: Any = whole
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            place[key] = data.draw(JSON)
            break
        place = place[key]
    with suppress(ConfigurationError):
        read = read_as_test(tmp_path / "state.json", whole)
        assert read is None or log_wealth(read.counts, 1.0, 0.0) > -math.inf
        assert read is None or describe(read.events[0], read.layout, dict(read.texts), 0.5)


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_any_file_is_a_state_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("state") / "state.json"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError):
        StateFile(path)


def test_tests_that_run_at_once_keep_each_other_s_progress(
    tmp_path: Path, progresses: list[AuditProgress]
) -> None:
    path, names = tmp_path / "state.json", [f"test {number}" for number in range(8)]
    states = [StateFile(path) for _ in names]  # all before the first of them writes

    def keep(number: int) -> None:
        for progress in progresses[:3]:
            states[number].keep(names[number], ALPHA, "betting", progress)

    with ThreadPoolExecutor() as pool:
        list(pool.map(keep, range(len(names))))
    found = StateFile(path)
    assert [found.progress(name, ALPHA, "betting") for name in names] == [progresses[2]] * len(names)
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]


def test_a_write_that_is_interrupted_leaves_the_file_as_it_was(
    tmp_path: Path, progresses: list[AuditProgress], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.json"
    StateFile(path).keep("one", ALPHA, "betting", progresses[0])
    before = path.read_bytes()

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        StateFile(path).keep("two", ALPHA, "betting", progresses[0])
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]


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
