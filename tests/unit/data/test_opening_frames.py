"""Frames that cannot be read: one sentence, and no value of a cell in it or in what it came of."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from gatecli.data import open_table
from gatecli.errors import GatecliError, UncheckableError

CANARY = "CANARY"


def broken_lazily() -> Any:
    def fail(_: object) -> Any:
        raise ValueError(CANARY)

    return import_module("polars").LazyFrame({"a": [CANARY]}).map_batches(fail)


FRAMES: dict[str, Callable[[], Any]] = {
    "mixed": lambda: pd.DataFrame({"age": [1.0, CANARY]}),
    "objects": lambda: pd.DataFrame({"age": [object(), CANARY]}),
    "nested": lambda: pd.DataFrame({"age": [[1], CANARY]}),
    "surrogate": lambda: pd.DataFrame({"age": [f"{CANARY}\ud800"]}, dtype=object),
    "surrogate in a name": lambda: pd.DataFrame([[1]], columns=pd.Index([f"{CANARY}\ud800"], dtype=object)),
    "series": lambda: pd.Series([1, CANARY]),
    "numbers": lambda: import_module("polars").Series("a", [1, 2]),
    "twice": lambda: pd.DataFrame([[1, CANARY]], columns=["a", "a"]),
    "chunks": lambda: pa.chunked_array([[CANARY]]),
    "lazy": broken_lazily,
}


@pytest.mark.parametrize("name", FRAMES)
def test_what_is_no_table_is_said_without_its_values(name: str) -> None:
    with pytest.raises(GatecliError) as caught:
        open_table(FRAMES[name](), budget={"epsilon": 1}, bounds={})
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_the_sentence_says_what_was_given_and_how_to_mend_it() -> None:
    with pytest.raises(UncheckableError, match=r"values are not of one plain type") as caught:
        open_table(FRAMES["mixed"](), budget={"epsilon": 1})
    assert "convert the column" in str(caught.value.advice)
