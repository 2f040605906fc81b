"""The worked examples in docstrings of modules whose derivation is their point: they run as they stand."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

MODULES = (
    "accounting.boundary",
    "accounting.grid",
    "accounting.pairs",
    "accounting.privacy_profile",
    "accounting.resolution",
    "accounting.saddle",
    "accounting.tilt",
    "accounting.truncated",
    "anonymity.search.bounds",
    "anonymity.search.branches",
    "anonymity.quantile_bands",
    "anonymity.search.cells",
    "anonymity.search.hidden_cells",
    "anonymity.search.classes",
    "anonymity.search.counts",
    "anonymity.search.criteria",
    "anonymity.search.loss",
    "anonymity.search.suppression",
)


@pytest.mark.parametrize("name", MODULES)
def test_the_example_of_a_module_is_right(name: str) -> None:
    module = import_module(f"gatecli.{name}")
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_a_module_states_its_derivation_and_an_example(name: str) -> None:
    text = import_module(f"gatecli.{name}").__doc__ or ""
    assert "Derivation" in text
    assert "Example." in text
