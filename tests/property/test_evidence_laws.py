"""Laws of the evidence readers, over hostile files: no exception, no reading without a mechanism."""

from __future__ import annotations

import json
import pickle
import random
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatecli.model.mechanism import DpSgd
from tests.fuzz.evidence import KINDS, check
from tests.support.evidence import REAL, checkpoint
from tests.support.examples import share

FILES = sorted(path for path in REAL.rglob("*") if path.is_file() and path.suffix != ".md")
SETTINGS = settings(
    max_examples=share(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
WORDS = sorted({word for path in FILES for word in path.read_bytes().split(b'"') if word.strip()})
TEXTS = [word.decode() for word in WORDS if word.isascii() and len(word) < 40]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(TEXTS),
)
keys = st.one_of(st.text(max_size=8), st.sampled_from([text for text in TEXTS if text.isidentifier()]))
documents = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=6))
)


@SETTINGS
@given(kind=st.sampled_from(KINDS), content=st.binary(max_size=200))
def test_no_bytes_raise(kind: str, content: bytes, tmp_path: Path) -> None:
    check(kind, content, tmp_path)


@SETTINGS
@given(kind=st.sampled_from(KINDS), document=documents)
def test_no_json_raises(kind: str, document: Any, tmp_path: Path) -> None:
    check(kind, json.dumps(document).encode(), tmp_path)


@SETTINGS
@given(content=st.binary(max_size=300), protocol=st.sampled_from([b"\x80\x02", b"\x80\x04", b"\x80\x05"]))
def test_no_pickle_raises(content: bytes, protocol: bytes, tmp_path: Path) -> None:
    check("opacus", protocol + content + b".", tmp_path)


@SETTINGS
@given(document=documents, protocol=st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_no_checkpoint_raises(document: Any, protocol: int, tmp_path: Path) -> None:
    check("opacus", checkpoint({"privacy_accountant_state_dict": document}, protocol), tmp_path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_mutation_of_a_real_file_raises(path: Path, tmp_path: Path) -> None:
    source = random.Random(path.name)  # noqa: S311 - the same mutations in every run
    whole = path.read_bytes()
    for number in range(60):
        for kind in KINDS if number < 3 else _kinds_of(path):
            check(kind, _mutated(whole, source), tmp_path)


def _kinds_of(path: Path) -> tuple[str, ...]:
    return tuple(kind for kind in KINDS if path.name.startswith(kind)) or ("opacus",)


def _mutated(whole: bytes, source: random.Random) -> bytes:
    """`whole` with a few bytes changed, cut out, repeated or replaced by words of other files."""
    content = bytearray(whole)
    for _ in range(source.randint(1, 4)):
        at = source.randrange(len(content) + 1)
        until = min(len(content), at + source.randint(0, 12))
        patch = source.choice(
            [
                b"",
                source.randbytes(2),
                content[at:until] * 2,
                b"0",
                b"-1",
                b"1e999",
                b"null",
                source.choice(WORDS),
            ]
        )
        content[at:until] = patch
    return bytes(content)


sigmas = st.decimals("0.01", "1000", allow_nan=False, allow_infinity=False, places=6)
rates = st.decimals("0.000001", "1", allow_nan=False, allow_infinity=False, places=6)
histories = st.lists(st.tuples(sigmas, rates, st.integers(1, 10**9)), min_size=1, max_size=20)


@SETTINGS
@given(histories)
def test_a_history_is_read_exactly(tmp_path: Path, history: list[tuple[Decimal, Decimal, int]]) -> None:
    entries = ", ".join(f"[{sigma}, {rate}, {steps}]" for sigma, rate, steps in history)
    runs = check("opacus", f'{{"history": [{entries}], "mechanism": "rdp"}}'.encode(), tmp_path)
    expected = [(Fraction(sigma), Fraction(rate), steps) for sigma, rate, steps in history]
    assert [_parameters(run) for run in runs] == expected


@SETTINGS
@given(st.lists(st.tuples(st.floats(0.01, 1e3), st.floats(1e-6, 1), st.integers(1, 10**9)), min_size=1))
def test_json_and_checkpoint_say_the_same(tmp_path: Path, history: list[tuple[float, float, int]]) -> None:
    state = {"history": history, "mechanism": "prv"}
    written = check("opacus", json.dumps(state).encode(), tmp_path)
    pickled = check("opacus", checkpoint({"privacy_accountant_state_dict": state}), tmp_path)
    assert written == pickled


def _parameters(run: object) -> tuple[Fraction, Fraction, int]:
    assert isinstance(run, DpSgd)
    return run.noise_multiplier, run.sampling_rate, run.steps
