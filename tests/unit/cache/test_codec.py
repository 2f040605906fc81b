from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

import pytest

from gatecli.accounting.interface import NoBound
from gatecli.cache.codec import Codec, NotKeptError
from gatecli.gates.file_scan import FileScan
from gatecli.model.budget import Bounds, Neighbouring
from gatecli.model.document import Place
from gatecli.model.finding import Rule, Severity, Suppression, make_finding
from gatecli.model.inline import Allowances, InlineAllowance, InlineFault
from gatecli.model.picture import AnonymityPicture
from gatecli.model.verdict import Checked, Examined

PICTURE = AnonymityPicture.__new__(AnonymityPicture)
CODEC = Codec(FileScan, NoBound)
FINDING = replace(
    make_finding(
        Rule("pii-us-ssn", Severity.ERROR, "It is in plain text"),
        "holds \u2028 \ud800 …12",
        subject="Pod/a",
        place=Place("a.yaml", 3, None, "/a~1b", 0),
        mend="remove it",
    ),
    suppressed=Suppression("inline", "a.yaml:2", "why", "2027-01-31"),
)
MEASURES = {"a": [1, 2**80], "b": (Fraction(1, 3), Decimal("1e-400")), "c": float("inf"), "d": None, "e": 0.1}


def again(value: object) -> object:
    return CODEC.decode(json.loads(json.dumps(CODEC.encode(value))))


@pytest.mark.parametrize(
    "value",
    [
        FINDING,
        Examined((Checked("table", "t", "p", MEASURES, {"x": True}),), (FINDING,), (FINDING,)),
        FileScan(
            None,
            (FINDING,),
            (
                Allowances(
                    "p",
                    (InlineAllowance("r", "why", date(2027, 1, 31), 1, 2, 3),),
                    (InlineFault(1, 1, "is none"),),
                ),
            ),
            ("a", "b"),
        ),
        Bounds(Fraction(1, 10**6), Neighbouring.ZERO_OUT, None, Fraction(3, 2**2000), "a", "b", ("n",)),
        NoBound(("no", "bound")),
        -(2**53),
    ],
)
def test_what_is_kept_comes_back_exactly(value: object) -> None:
    assert again(value) == value
    assert repr(again(value)) == repr(value)


def test_a_mapping_keeps_its_order() -> None:
    value: Mapping[str, int] = MappingProxyType({"b": 1, "a": 2})
    back = again(value)
    assert isinstance(back, dict)
    assert list(back.items()) == [("b", 1), ("a", 2)]


class Word(StrEnum):
    A = "a"


@dataclass
class Other:
    a: int = 1


@pytest.mark.parametrize("value", [Word.A, Other(), {1}, b"", object(), PICTURE])
def test_what_is_of_no_known_kind_is_not_kept(value: object) -> None:
    with pytest.raises(NotKeptError):
        CODEC.encode(Checked("table", "t", "p", {"a": value}))


@pytest.mark.parametrize(
    "data", [["Path", "/"], ["int"], ["fraction", "1", "0"], [[]], [], ["Severity", "x"]]
)
def test_what_no_encoding_gave_is_refused(data: object) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, ArithmeticError)):
        CODEC.decode(data)
