"""Which libraries may draw noise."""

from __future__ import annotations

import inspect

import pytest

from gatecli.audit import engine_adapters
from gatecli.errors import ConfigurationError
from gatecli.model.engine import ENGINES, FLAWS, EngineFlaw, EngineMechanism, FlawReason, require_usable

MECHANISMS = [(engine.name, each) for engine in ENGINES for each in engine.mechanisms]
SOUND = [
    (name, each)
    for name, each in MECHANISMS
    if (name, each.title) not in {(x.engine, x.mechanism) for x in FLAWS}
]


@pytest.mark.parametrize("flaw", FLAWS, ids=lambda flaw: f"{flaw.engine} {flaw.mechanism}")
def test_what_an_audit_refuted_may_not_draw_noise(flaw: EngineFlaw) -> None:
    with pytest.raises(ConfigurationError, match=flaw.reason):
        require_usable(flaw.engine, flaw.mechanism)


@pytest.mark.parametrize(("name", "mechanism"), SOUND, ids=lambda each: getattr(each, "title", each))
def test_what_was_attacked_in_vain_may(name: str, mechanism: EngineMechanism) -> None:
    require_usable(name, mechanism.title)


@pytest.mark.parametrize(("name", "title"), [("opendp", "snapping"), ("own", "Laplace"), ("", "")])
def test_what_nothing_attacks_may_not(name: str, title: str) -> None:
    with pytest.raises(ConfigurationError, match="no audit attacks"):
        require_usable(name, title)


def test_every_flaw_is_of_a_mechanism_that_is_attacked() -> None:
    attacked = {(name, each.title) for name, each in MECHANISMS}
    assert {(each.engine, each.mechanism) for each in FLAWS} <= attacked


def test_every_reason_is_the_flaw_of_a_known_bad_example() -> None:
    """So each kind of test shows in every run that it finds what it should."""
    bad = {engine.name for engine in ENGINES if engine.is_known_bad}
    assert {each.reason for each in FLAWS if each.engine in bad} == set(FlawReason)


@pytest.mark.parametrize(("_name", "mechanism"), MECHANISMS, ids=lambda each: getattr(each, "title", each))
def test_every_mechanism_has_an_adapter_that_takes_its_claim(_name: str, mechanism: EngineMechanism) -> None:
    parameters = inspect.signature(getattr(engine_adapters, mechanism.function)).parameters
    assert "epsilon" in parameters
    assert ("delta" in parameters) == (mechanism.claim.delta > 0)


def test_every_adapter_is_of_a_mechanism() -> None:
    functions = inspect.getmembers(engine_adapters, inspect.isfunction)
    adapters = {
        name
        for name, function in functions
        if function.__module__ == engine_adapters.__name__ and not name.startswith("_")
    }
    assert adapters == {each.function for _, each in MECHANISMS}
