"""Every way a run keeps its accountant: read as one and the same, and never unpickled."""

from __future__ import annotations

import collections
import io
import json
import pickle
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatecli.model.mechanism import DpSgd, Sampling
from gatecli.sources.evidence.pickle_data import Instance, Opaque, attributes, read_pickle
from tests.support.evidence import STATE, accept, accepted, checkpoint, refuse

RUN = DpSgd(noise_multiplier=Fraction("1.1"), sampling_rate=Fraction("0.1"), steps=7)
FILES = [
    "opacus-state.pt",
    "opacus-other-key.pt",
    "opacus-accountant.pt",
    "opacus-engine.pt",
    "opacus-history.pt",
    "opacus-history.json",
    "opacus-numpy.pt",
    "opacus-run.json",
    "opacus.safetensors",
]


@pytest.mark.parametrize("name", FILES)
def test_every_form_of_one_run_says_the_same(name: str) -> None:
    assert accepted("opacus", name).mechanisms == (RUN,)


@pytest.mark.parametrize("key", ["accountant", "privacy", "epsilon"])
def test_a_state_may_stand_under_any_key(key: str, tmp_path: Path) -> None:
    accept("opacus", tmp_path, {"config": {"lr": 0.1}, key: STATE, "accuracy": 0.9})


def test_a_state_may_stand_deeper(tmp_path: Path) -> None:
    accept("opacus", tmp_path, checkpoint({"callbacks": [{"privacy": {"state": STATE}}]}))


def test_two_accountants_in_one_file_are_refused(tmp_path: Path) -> None:
    finding = refuse("opacus", tmp_path, {"fold-1": STATE, "fold-2": STATE})
    assert "holds 2 accountants (/fold-1/history, /fold-2/history)" in finding.message
    assert "a file of its own" in finding.remediation


def test_one_accountant_at_two_places_is_one_accountant(tmp_path: Path) -> None:
    accept("opacus", tmp_path, checkpoint({"engine": STATE, "hook": STATE}))


def test_equal_accountants_are_not_one_accountant(tmp_path: Path) -> None:
    refuse("opacus", tmp_path, checkpoint({"engine": STATE, "other": STATE | {}}))


def test_a_log_of_losses_is_no_history(tmp_path: Path) -> None:
    losses = {"trainer": {"history": [[0.3, 0.9, 12]]}}
    refuse("opacus", tmp_path, losses)
    assert len(accept("opacus", tmp_path, losses | {"accountant": STATE}).mechanisms) == 1


def test_a_second_state_below_what_is_searched_is_not_overlooked(tmp_path: Path) -> None:
    deep: Any = STATE
    for _ in range(70):
        deep = (deep,)
    assert "deeper" in refuse("opacus", tmp_path, checkpoint({"accountant": STATE | {}, "x": deep})).message


def test_a_broken_state_where_checkpoints_have_theirs_is_refused(tmp_path: Path) -> None:
    refuse("opacus", tmp_path, {"privacy_accountant_state_dict": [], "accountant": STATE})


def test_a_file_that_says_that_batches_were_shuffled_is_read_so(tmp_path: Path) -> None:
    state = {"history": [[1.1, 0.1, 25]], "mechanism": "rdp"}
    content = {"args": {"poisson_sampling": False}, "accountant": state}
    (run,) = accept("opacus", tmp_path, content).mechanisms
    assert isinstance(run, DpSgd)
    assert (run.sampling, run.epochs) == (Sampling.SHUFFLE, 3)


@pytest.mark.parametrize("batches", [3, 7, 12, 49, 98, 103])
def test_a_whole_number_of_epochs_stays_whole(batches: int, tmp_path: Path) -> None:
    content = {"poisson_sampling": False, "history": [[1.1, 1 / batches, 5 * batches]]}
    (run,) = accept("opacus", tmp_path, content).mechanisms
    assert isinstance(run, DpSgd)
    assert run.epochs == 5


NUMBERS = [
    np.float64(1.1),
    np.float32(1.25),
    np.float16(1.5),
    np.int64(3),
    np.int32(3),
    np.int8(3),
    np.uint64(2**63),
    np.uint8(200),
]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("number", NUMBERS, ids=repr)
def test_a_number_of_numpy_is_its_value(number: Any, protocol: int) -> None:
    value = read_pickle(io.BytesIO(pickle.dumps(number, protocol)))
    assert value == (Decimal(repr(float(number))) if isinstance(number, np.floating) else int(number))


def test_a_number_may_be_stored_with_its_largest_byte_first() -> None:
    swapped = pickle.dumps(np.float64(1.1).byteswap(), 4).replace(b"\x8c\x01<", b"\x8c\x01>")
    assert read_pickle(io.BytesIO(swapped)) == Decimal("1.1")


OTHERS = [np.zeros(3), np.complex128(1), np.str_("1.1"), np.datetime64("2026-01-01")]


@pytest.mark.parametrize("value", OTHERS)
def test_what_is_no_number_of_numpy_stays_opaque(value: Any) -> None:
    assert isinstance(read_pickle(io.BytesIO(pickle.dumps(value, 2))), Opaque)


def test_a_number_whose_bytes_do_not_fit_its_kind_is_refused(tmp_path: Path) -> None:
    whole = pickle.dumps({"history": [(np.float64(1.1), 0.1, 7)], "mechanism": "rdp"}, 4)
    assert b"f8" in whole
    finding = refuse("opacus", tmp_path, whole.replace(b"f8", b"f4"))
    assert "/history/0/0 is an object of unknown kind where a number is meant" in finding.message


def test_a_tensor_is_named_where_a_number_is_meant(tmp_path: Path) -> None:
    class Tensor:
        def __reduce__(self) -> tuple[Any, tuple[int]]:
            return collections.Counter, (1,)

    state = {"history": [(Tensor(), 0.1, 7)], "mechanism": "rdp"}
    finding = refuse("opacus", tmp_path, checkpoint(state))
    assert "an object of collections.Counter where a number is meant" in finding.message


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_object_is_a_name_with_its_attributes(protocol: int) -> None:
    found = read_pickle(io.BytesIO(pickle.dumps(pytest.PytestWarning("x"), protocol)))
    assert isinstance(found, Instance)
    holder = read_pickle(io.BytesIO(pickle.dumps(Held(STATE), protocol)))
    assert isinstance(holder, Instance)
    assert holder.name == f"{__name__} Held"
    assert attributes(holder)["state"]["mechanism"] == "rdp"


class Held:
    def __init__(self, state: object) -> None:
        self.state = state


def test_an_accountant_of_another_library_is_no_accountant(tmp_path: Path) -> None:
    refuse("opacus", tmp_path, pickle.dumps(Held({"history": [(1.1, 0.1, 7)]}), 2))


@pytest.mark.parametrize("key", ["mechanism", "accountant"])
def test_metadata_of_tensors_may_hold_a_state(key: str, tmp_path: Path) -> None:
    plain = {"history": json.dumps(STATE["history"]), "mechanism": "rdp"}
    metadata = plain if key == "mechanism" else {key: json.dumps(STATE)}
    assert len(accept("opacus", tmp_path, tensors({"format": "pt", **metadata})).mechanisms) == 1


def tensors(metadata: object, *, length: int | None = None) -> bytes:
    tensor = {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}
    header = json.dumps({"__metadata__": metadata, "w": tensor})
    padded = header.encode().ljust(-(-len(header) // 8) * 8)
    return (len(padded) if length is None else length).to_bytes(8, "little") + padded + b"\x00"


@pytest.mark.parametrize("size", [126, 128, 130])
def test_a_header_whose_length_begins_like_a_pickle_is_no_pickle(size: int, tmp_path: Path) -> None:
    content = tensors({"accountant": json.dumps(STATE)})
    body = content[8:-1].ljust(size)
    accept("opacus", tmp_path, len(body).to_bytes(8, "little") + body + b"\x00")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (tensors({"accountant": "{"}), "no privacy accountant"),
        (tensors("text"), "no metadata"),
        (tensors({}, length=5000), "truncated"),
        (tensors({}, length=12), "is not JSON"),
    ],
)
def test_a_damaged_file_of_tensors_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    assert words in refuse("opacus", tmp_path, content).message


def lines(*objects: object) -> str:
    return "".join(json.dumps(each) + "\n" for each in objects)


def logged(steps: int, **beside: object) -> dict[str, object]:
    return {"loss": 0.5, **beside, "accountant": {"history": [[1.1, 0.1, steps]], "mechanism": "rdp"}}


def total(tmp_path: Path, content: object) -> int:
    evidence = accept("opacus", tmp_path, content)
    return sum(run.steps for run in evidence.mechanisms if isinstance(run, DpSgd))


@pytest.mark.parametrize("counter", ["_step", "step", "epoch", "global_step"])
def test_the_last_line_of_a_growing_run_counts(counter: str, tmp_path: Path) -> None:
    log = [logged(10, **{counter: 0}), {"loss": 0.4}, logged(20, **{counter: 1}), logged(30, **{counter: 2})]
    assert total(tmp_path, lines(*log)) == 30
    assert total(tmp_path, log) == 30


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(logged(20), id="no counter"),
        pytest.param(logged(20, step=1), id="a counter that stands still"),
        pytest.param(logged(20, step=0), id="a counter that begins anew"),
        pytest.param(logged(5, step=2), id="a history that begins anew"),
        pytest.param(logged(20, step=2, run_id="b"), id="another run"),
        pytest.param(logged(20, epoch=2), id="another counter"),
        pytest.param({"step": 2, "s": {"history": [[1.2, 0.1, 20]], "mechanism": "rdp"}}, id="another noise"),
    ],
)
def test_a_line_that_is_not_known_to_go_on_is_a_run_of_its_own(after: Any, tmp_path: Path) -> None:
    state = after.get("accountant") or after["s"]
    content = lines(logged(10, step=1), after)
    assert total(tmp_path, content) == 10 + state["history"][0][2]
    assert "the log holds 2 runs, and all of them count" in accept("opacus", tmp_path, content).notes


def test_a_run_that_changes_its_noise_goes_on(tmp_path: Path) -> None:
    changed = {"epoch": 2, "s": {"history": [[1.1, 0.1, 12], [1.2, 0.1, 5]], "mechanism": "rdp"}}
    assert total(tmp_path, lines(logged(10, epoch=1), changed)) == 17


def test_a_log_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    whole = lines(logged(10, step=1), logged(20, step=2))
    finding = refuse("opacus", tmp_path, whole[:-20])
    assert finding.place.line == 2


def test_a_log_without_an_accountant_is_refused(tmp_path: Path) -> None:
    assert "no privacy accountant" in refuse("opacus", tmp_path, lines({"loss": 1}, {"loss": 2})).message


def test_a_fault_in_a_log_has_its_line(tmp_path: Path) -> None:
    broken = {"step": 2, "s": {"history": [[1.2, 0.1, "x"]], "mechanism": "rdp"}}
    finding = refuse("opacus", tmp_path, lines(logged(10, step=1), broken))
    assert finding.place.line == 2
    assert finding.place.pointer == "/1/s/history/0/2"
