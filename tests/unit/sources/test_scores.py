"""Scores from files: as CSV, JSON and NumPy write them, and what is refused in one sentence."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.sources import scores
from gatecli.sources.files import ReadError
from gatecli.sources.scores import read_scores

TWO = ((0.5, 2.0), (-1.0,))


def written(tmp_path: Path, content: str | bytes) -> Path:
    file = tmp_path / "scores"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


@pytest.mark.parametrize(
    "text",
    [
        "score,member\n0.5,1\n-1,0\n2,1\n",
        "member,score\ntrue,0.5\nFalse,-1\nTRUE,2\n",
        "id, Score , Member\na,0.5,in\nb,-1,out\n\nc,2e0,yes\n",
        "\ufeffscore,member\r\n0.5,1.0\r\n-1,0.0\r\n2,1\r\n",
        '"score","member"\n"0.5","1"\n"-1","0"\n"2","1"',
    ],
)
def test_csv(tmp_path: Path, text: str) -> None:
    assert read_scores(written(tmp_path, text)) == TWO


@pytest.mark.parametrize(
    "data",
    [
        {"in_canary_scores": [0.5, 2], "out_canary_scores": [-1]},
        {"inferred_train": [[0.5], [2.0]], "inferred_test": [[-1.0]], "attack": "black box"},
        {"scores": [0.5, -1, 2], "keep": [True, False, True]},
        {"scores": [0.5, -1, 2], "members": [1, 0, 1]},
    ],
)
def test_json(tmp_path: Path, data: object) -> None:
    assert read_scores(written(tmp_path, json.dumps(data))) == TWO


@pytest.mark.parametrize("kind", [np.float32, np.float64, ">f8"])
def test_what_numpy_saves(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "scores.npz"
    np.savez_compressed(
        file, in_canary_scores=np.array([0.5, 2], kind), out_canary_scores=np.array([[-1]], kind)
    )
    assert read_scores(file) == TWO


def test_the_form_of_lira_as_arrays(tmp_path: Path) -> None:
    file = tmp_path / "scores.npz"
    np.savez(file, scores=np.array([0.5, -1, 2]), keep=np.array([True, False, True]))
    assert read_scores(file) == TWO


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("score;member\n1;1\n", "not score and member"),
        ("value,label\n1,1\n", "has the columns value, label"),
        ("score,member\n1\n", "row 2"),
        ("score,member\nnan,1\n", "row 2 that is not finite"),
        ("score,member\n1,1\ninf,0\n", "row 3 that is not finite"),
        ("score,member\nhigh,1\n", "row 2 that is not a number"),
        ("score,member\n1,maybe\n", "row 2 that is neither true nor false"),
        ("score,member\n1,\n", "neither true nor false"),
        ("{", "is not JSON"),
        ("[1, 2]", "is not a JSON object"),
        ("[" * 100_000, "is not JSON"),
        ('{"loss": [1]}', "holds loss"),
        ('{"in_canary_scores": 1, "out_canary_scores": [1]}', "is not a list"),
        ('{"in_canary_scores": [NaN], "out_canary_scores": [1]}', "not finite"),
        ('{"in_canary_scores": [true], "out_canary_scores": [1]}', "not a number"),
        ('{"in_canary_scores": ["0.5"], "out_canary_scores": [1]}', "not a number"),
        (f'{{"in_canary_scores": [1{"0" * 400}], "out_canary_scores": [1]}}', "not finite"),
        (f'{{"in_canary_scores": [1{"0" * 5000}], "out_canary_scores": [1]}}', "not JSON"),
        ('{"in": [1], "out": [2], "in": [3]}', "has a name twice"),
        ("score,member,score\n1,1,2\n", "twice"),
        ("score,member\n1_0,1\n", "row 2 that is not a number"),
        ("score,member\n\u0663,1\n", "row 2 that is not a number"),
        (b"\xef\xbb\xbf", "has the columns nothing"),
        ("\ufeff\n", "has the columns nothing"),
        ("4111111111111111,1\n", "has the columns a text of"),
        ('{"alice@example.org": [1]}', "holds a text of"),
        (b"\x93NUMPY\x01\x00", "is one array without a name"),
        ('{"in_canary_scores": [[1, 2]], "out_canary_scores": [1]}', "not a number"),
        ('{"scores": [1, 2], "keep": [1]}', "2 scores and 1 of keep"),
        (b"PK\x03\x04 damaged", "damaged archive"),
        (b"\xff\xfe\xff", "not UTF-16"),
    ],
)
def test_what_is_no_list_of_scores_is_refused(tmp_path: Path, content: str | bytes, problem: str) -> None:
    with pytest.raises(ReadError, match=problem):
        read_scores(written(tmp_path, content))


@pytest.mark.parametrize(
    "array",
    [np.zeros((2, 2)), np.array(["a", "b"]), np.array([{}, {}]), np.array([1 + 2j]), np.zeros(2, "f8,f8")],
)
def test_an_array_that_is_not_one_column_of_numbers_is_refused(
    tmp_path: Path, array: np.ndarray[tuple[int, ...], np.dtype[np.void]]
) -> None:
    file = tmp_path / "scores.npz"
    np.savez(file, in_canary_scores=array, out_canary_scores=np.zeros(1))
    with pytest.raises(ReadError, match="not one column of numbers"):
        read_scores(file)


def test_too_many_scores_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "MOST_SCORES", 3)
    with pytest.raises(ReadError, match="more than 3 scores"):
        read_scores(written(tmp_path, "score,member\n" + "1,1\n" * 4))


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "MOST_BYTES", 2**20)
    with pytest.raises(ReadError, match="larger than 1 MiB"):
        read_scores(written(tmp_path, b"score,member\n" + b"1,1\n" * 2**18))


def test_an_archive_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "MOST_BYTES", 2**20)
    file = tmp_path / "scores.npz"
    np.savez_compressed(file, in_canary_scores=np.zeros(2**18), out_canary_scores=np.zeros(1))
    with pytest.raises(ReadError, match="when it is unpacked"):
        read_scores(file)


def archive(*members: tuple[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a name that stands twice
        for name, content in members:
            file.writestr(name, content)
    return whole.getvalue()


def array_file(head: str, body: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode("latin-1") + body


def test_an_archive_with_a_name_twice_is_refused(tmp_path: Path) -> None:
    whole = array_file("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", b"\0" * 8)
    content = archive(("in.npy", whole), ("in.npy", whole), ("out.npy", whole))
    with pytest.raises(ReadError, match="has a name twice"):
        read_scores(written(tmp_path, content))


@pytest.mark.parametrize(
    "head",
    [
        "",
        "[]",
        "{}",
        "{'descr': [['f'], ['8']], 'shape': (1,)}",
        "{'descr': 'xf8', 'shape': (1,)}",
        "{'descr': '<f8', 'shape': (None,)}",
        "{'descr': '<f8', 'shape': ('a',)}",
        "{'descr': '<f8', 'shape': (1.0,)}",
        "{'descr': '<f8', 'shape': (-1, 1)}",
        "{'descr': '<f8', 'shape': (10**9,)}",
        "{'descr': '<f8', 'shape': 1}",
        "(" * 9_000,
        "1," * 30_000,
    ],
)
def test_an_array_with_a_damaged_head_is_refused(tmp_path: Path, head: str) -> None:
    content = archive(("in.npy", array_file(head, b"\0" * 8)), ("out.npy", b""))
    with pytest.raises(ReadError, match="not one column of numbers"):
        read_scores(written(tmp_path, content))


WHOLE = archive(
    *((f"{name}.npy", array_file("{'descr': '<f8', 'shape': (8,)}", b"\0" * 64)) for name in ("in", "out"))
)


@given(at=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255), end=st.integers(4, len(WHOLE)))
def test_a_damaged_archive_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int, end: int
) -> None:
    content = b"PK" + (WHOLE[:at] + bytes([byte]) + WHOLE[at + 1 :])[2:end]
    file = written(tmp_path_factory.mktemp("damaged"), content)
    with suppress(ReadError):
        assert list(map(len, read_scores(file))) == [8, 8]


@given(
    st.text(alphabet='0123456789.eE+-,"\n\r score member\ufeff{}[]:_\u0663', max_size=60),
    st.sampled_from(["", "score,member\n", '{"in": [1], "out": [']),
)
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str, head: str) -> None:
    file = written(tmp_path_factory.mktemp("text"), head + text)
    with suppress(ReadError):
        assert all(np.isfinite(score) for side in read_scores(file) for score in side)
