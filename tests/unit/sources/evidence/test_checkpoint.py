"""Checkpoints: read without running anything that is in them."""

from __future__ import annotations

import collections
import os
import pickle
import struct
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from gatecli.model.mechanism import DpSgd
from gatecli.sources.evidence import checkpoint as subject
from gatecli.sources.evidence import pickle_data
from tests.support.evidence import CHECKPOINT, STATE, accept, accepted, checkpoint, refuse, refused, zipped

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class _Evil:
    """Unpickling it creates a file."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.canary}",)


def test_a_real_checkpoint_is_read() -> None:
    runs = accepted("opacus", "opacus-checkpoint.pt").mechanisms
    assert runs == (
        DpSgd(noise_multiplier=Fraction("1.1"), sampling_rate=Fraction("0.1"), steps=7),
        DpSgd(noise_multiplier=Fraction("1.3"), sampling_rate=Fraction("0.05"), steps=1),
    )


def test_the_legacy_form_says_the_same() -> None:
    zipped_form = accepted("opacus", "opacus-checkpoint.pt").mechanisms
    assert accepted("opacus", "opacus-checkpoint-legacy.pt").mechanisms == zipped_form


def test_a_checkpoint_without_an_accountant_is_refused() -> None:
    finding = refused("opacus", "torch-without-accountant.pt")
    assert "no privacy accountant" in finding.message
    assert "gatecli.evidence.write" in finding.remediation
    assert finding.place.line is None


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_pickle_protocol_is_read(protocol: int, tmp_path: Path) -> None:
    (run,) = accept("opacus", tmp_path, checkpoint(CHECKPOINT, protocol)).mechanisms
    assert isinstance(run, DpSgd)
    assert run.noise_multiplier == Fraction("1.1")


def test_a_plain_pickle_is_read(tmp_path: Path) -> None:
    accept("opacus", tmp_path, pickle.dumps(CHECKPOINT, 4))


def test_an_ordered_state_is_read(tmp_path: Path) -> None:
    value = {"privacy_accountant_state_dict": collections.OrderedDict(STATE)}
    accept("opacus", tmp_path, checkpoint(value))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_malicious_pickle_is_not_executed(protocol: int, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    evidence = accept("opacus", tmp_path, checkpoint({"x": _Evil(canary)} | CHECKPOINT, protocol))
    assert evidence.mechanisms
    assert not canary.exists()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_state_that_code_would_make_is_refused(protocol: int, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    forged = {"privacy_accountant_state_dict": _Evil(canary)}
    refuse("opacus", tmp_path, checkpoint(forged, protocol))
    assert not canary.exists()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_malicious_legacy_checkpoint_is_not_executed(protocol: int, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    pickles = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, {"x": _Evil(canary)} | CHECKPOINT)
    content = b"".join(pickle.dumps(value, protocol) for value in pickles)
    if protocol < 2:
        refuse("opacus", tmp_path, content)  # it does not begin as a pickle that torch writes
    else:
        accept("opacus", tmp_path, content)
    assert not canary.exists()


def test_objects_of_every_kind_are_passed_over(tmp_path: Path) -> None:
    value: dict[Any, Any] = {
        "a": frozenset({1, 2}),
        "b": {3, 4},
        "c": b"bytes",
        "d": bytearray(b"x"),
        "e": 2**70,
        "f": (1, 2, 3, 4),
        "g": Fraction(1, 3),
        (1, (2, 3)): complex(1, 2),
        5: Path("x"),
        **CHECKPOINT,
    }
    for protocol in PROTOCOLS:
        accept("opacus", tmp_path, checkpoint(value, protocol))


def test_a_history_entry_that_code_would_make_is_refused(tmp_path: Path) -> None:
    value = {"privacy_accountant_state_dict": {"history": [Fraction(1, 3)], "mechanism": "rdp"}}
    refuse("opacus", tmp_path, checkpoint(value))


@pytest.mark.parametrize("noise", [float("nan"), float("inf"), -1.0])
def test_a_float_that_is_no_noise_is_refused(noise: float, tmp_path: Path) -> None:
    state = {"history": [(noise, 0.01, 100)], "mechanism": "rdp"}
    refuse("opacus", tmp_path, checkpoint({"privacy_accountant_state_dict": state}))


def test_a_state_that_contains_itself_is_refused(tmp_path: Path) -> None:
    history: list[Any] = []
    history.append(history)
    state = {"history": history, "mechanism": "rdp"}
    refuse("opacus", tmp_path, checkpoint({"privacy_accountant_state_dict": state}))


def test_every_truncation_of_a_checkpoint_is_refused(tmp_path: Path) -> None:
    whole = checkpoint(CHECKPOINT)
    for length in range(0, len(whole) - 1, 7):
        refuse("opacus", tmp_path, whole[:length])


def test_every_truncation_of_a_plain_pickle_is_refused(tmp_path: Path) -> None:
    whole = pickle.dumps(CHECKPOINT, 4)
    for length in range(len(whole)):
        refuse("opacus", tmp_path, whole[:length])


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    bomb = zipped({"archive/data.pkl": bytes(64 * 1024 * 1024)}, zipfile.ZIP_DEFLATED)
    assert "larger than" in refuse("opacus", tmp_path, bomb).message


def test_a_zip_that_understates_its_size_is_refused(tmp_path: Path) -> None:
    bomb = bytearray(zipped({"archive/data.pkl": bytes(64 * 1024 * 1024)}, zipfile.ZIP_DEFLATED))
    at = bomb.rindex(b"PK\x01\x02")
    bomb[at + 24 : at + 28] = struct.pack("<I", 100)
    refuse("opacus", tmp_path, bytes(bomb))


def test_a_forged_directory_size_does_not_fill_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "MAX_DIRECTORY", 100)
    many = zipped({f"archive/data/{number}": b"" for number in range(20)} | {"archive/data.pkl": b"."})
    assert "zip directory is larger" in refuse("opacus", tmp_path, many).message


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compression_that_torch_never_writes_is_refused(method: int, tmp_path: Path) -> None:
    packed = zipped({"archive/data.pkl": pickle.dumps(CHECKPOINT, 2)}, method)
    assert "compressed" in refuse("opacus", tmp_path, packed).message


def test_two_pickles_in_one_archive_are_refused(tmp_path: Path) -> None:
    state = pickle.dumps(CHECKPOINT, 2)
    both = zipped({"a/data.pkl": state, "b/data.pkl": state})
    assert "holds 2 files" in refuse("opacus", tmp_path, both).message


def test_an_archive_without_a_pickle_is_refused(tmp_path: Path) -> None:
    assert "holds 0 files" in refuse("opacus", tmp_path, zipped({"a/readme": b"x"})).message


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    locked = bytearray(checkpoint(CHECKPOINT))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    refuse("opacus", tmp_path, bytes(locked))


def test_too_many_opcodes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickle_data, "MAX_OPCODES", 10)
    assert "opcodes" in refuse("opacus", tmp_path, checkpoint(CHECKPOINT)).message


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(b"\x80\x04\x2e", id="nothing on the stack"),
        pytest.param(b"\x80\x04\x30\x2e", id="pop of nothing"),
        pytest.param(b"\x80\x04\x31\x2e", id="pop of no mark"),
        pytest.param(b"\x80\x04\x68\x07\x2e", id="a memo that was never put"),
        pytest.param(b"\x80\x04}(K\x01u.", id="an odd number of items"),
        pytest.param(b"\x80\x04K\x01K\x02a.", id="append to a number"),
        pytest.param(b"\x80\x04K\x01K\x02K\x03s.", id="an item of a number"),
        pytest.param(b"\x80\x04R.", id="a call of nothing"),
        pytest.param(b"\x80\x04K\x01K\x02b.", id="state for a number"),
        pytest.param(b"\x80\x05\x97.", id="an out-of-band buffer"),
        pytest.param(b"\x80\x04I" + b"9" * 5000 + b"\n.", id="an integer in text beyond reason"),
        pytest.param(b"\x80\x04\x8d" + b"\xff" * 8 + b".", id="text of 2**64 characters"),
        pytest.param(b"\x80\x04\x8b" + b"\xff\xff\xff\x7f" + b".", id="an integer of 2**31 bytes"),
        pytest.param(b"\x80\x04\xfe.", id="an opcode that does not exist"),
        pytest.param(b"\x80\x04" + b"(" * 200_000, id="marks without end"),
        pytest.param(b"\x80\x04)" + b"\x85" * 200_000 + b".", id="tuples within tuples"),
        pytest.param(b"\x80\x04})" + b"\x85" * 200_000 + b"K\x01s.", id="a deep tuple as a key"),
    ],
)
def test_a_pickle_that_makes_no_sense_is_refused(program: bytes, tmp_path: Path) -> None:
    refuse("opacus", tmp_path, program)
