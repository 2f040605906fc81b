from __future__ import annotations

import pytest

from gatecli.model.identity import identity_of


@pytest.mark.parametrize(
    "name",
    [
        "model",
        "Model",
        "MODEL",
        " model",
        "model ",
        "mo\u200bdel",
        "\ufeffmodel",
        "ｍｏｄｅｌ",
        "mod\u2060el",
        "mo\u00addel",
        "m\u043edel",
        "M\u041eDEL",
        "m\u03bfd\u0435\u04cf",
    ],
)
def test_names_that_look_alike_are_one(name: str) -> None:
    assert identity_of(name) == "model"


@pytest.mark.parametrize(("one", "other"), [("1.0", "1.1"), ("a b", "ab"), ("model", "models"), ("a", "ä")])
def test_names_that_do_not_are_two(one: str, other: str) -> None:
    assert identity_of(one) != identity_of(other)


@pytest.mark.parametrize("dash", "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d")
def test_dashes_are_hyphens(dash: str) -> None:
    assert identity_of(f"churn{dash}model") == "churn-model"


def test_a_name_is_its_own_identity_once() -> None:
    for name in ("Straße", "İstanbul", "ﬁt", "a\u200b b"):
        assert identity_of(identity_of(name)) == identity_of(name)
