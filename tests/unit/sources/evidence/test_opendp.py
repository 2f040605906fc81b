"""Serialised OpenDP measurements: whitelisted first, then evaluated by OpenDP itself."""

from __future__ import annotations

import json
import math
import sys
import warnings
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import Approximate, Mechanism, Pure, Unaccountable, ZeroConcentrated
from tests.support.evidence import REAL, accept, accepted, refuse, refused

KIND = "opendp"


def tree(name: str) -> Any:
    return json.loads((REAL / f"opendp-{name}.json").read_text())


def call(module: str, function: str, **arguments: Any) -> dict[str, Any]:
    return {"__function__": function, "__module__": module, "__kwargs__": arguments, "__version__": "0.16.0"}


def one(name: str) -> Mechanism:
    (mechanism,) = accepted(KIND, f"opendp-{name}.json").mechanisms
    return mechanism


def test_a_clamped_sum_with_laplace_noise_is_pure() -> None:
    mechanism = one("sum")
    assert isinstance(mechanism, Pure)
    assert 1 <= mechanism.epsilon < Fraction("1.00000001")


def test_composed_gaussian_counts_are_zero_concentrated() -> None:
    mechanism = one("composition")
    assert isinstance(mechanism, ZeroConcentrated)
    assert mechanism.rho == Fraction(1, 16)


def test_a_fixed_delta_is_approximate() -> None:
    mechanism = one("fixed-delta")
    assert isinstance(mechanism, Approximate)
    assert mechanism.delta == Fraction("1e-6")
    assert Fraction("1.1429") < mechanism.epsilon < Fraction("1.143")


def test_a_randomised_response_protects_a_replaced_answer() -> None:
    mechanism = one("response")
    assert isinstance(mechanism, Pure)
    assert mechanism.neighbouring is Neighbouring.REPLACE_ONE
    assert mechanism.epsilon >= Fraction(math.log(3))


def test_the_distance_of_a_dataset_is_one_record() -> None:
    assert accepted(KIND, "opendp-sum.json").neighbouring is Neighbouring.ADD_REMOVE


def test_a_measurement_on_an_aggregate_without_a_sensitivity_is_unaccountable() -> None:
    mechanism = one("bare-laplace")
    assert isinstance(mechanism, Unaccountable)
    assert "d_in" in mechanism.description


def test_a_given_sensitivity_is_used(tmp_path: Path) -> None:
    (mechanism,) = accept(KIND, tmp_path, {"measurement": tree("bare-laplace"), "d_in": 3}).mechanisms
    assert isinstance(mechanism, Pure)
    assert mechanism.epsilon == Fraction(3, 2)


def test_a_sensitivity_that_no_float_holds_is_rounded_up(tmp_path: Path) -> None:
    wrapped = f'{{"measurement": {json.dumps(tree("bare-laplace"))}, "d_in": 0.7}}'
    (mechanism,) = accept(KIND, tmp_path, wrapped).mechanisms
    assert isinstance(mechanism, Pure)
    assert mechanism.epsilon >= Fraction(7, 20)


def test_a_list_of_measurements_is_read_one_by_one(tmp_path: Path) -> None:
    evidence = accept(KIND, tmp_path, [tree("sum"), tree("response")])
    assert [type(mechanism) for mechanism in evidence.mechanisms] == [Pure, Pure]
    assert evidence.neighbouring is None


def test_another_version_is_noted(tmp_path: Path) -> None:
    other = tree("response") | {"__version__": "0.12.0"}
    assert any("'0.12.0'" in note for note in accept(KIND, tmp_path, other).notes)


def test_a_privacy_profile_without_a_delta_is_unaccountable(tmp_path: Path) -> None:
    profile = tree("fixed-delta")["__kwargs__"]["measurement"]
    (mechanism,) = accept(KIND, tmp_path, profile).mechanisms
    assert isinstance(mechanism, Unaccountable)


def test_a_measurement_without_noise_is_never_free(tmp_path: Path) -> None:
    (mechanism,) = accept(
        KIND,
        tmp_path,
        {"measurement": tree("bare-laplace") | {"__kwargs__": silent()}, "d_in": 1},
    ).mechanisms
    assert isinstance(mechanism, Unaccountable)


def silent() -> dict[str, Any]:
    arguments: dict[str, Any] = tree("bare-laplace")["__kwargs__"]
    return arguments | {"scale": 0.0}


@pytest.mark.parametrize("name", ["sum", "bare-laplace"])
@pytest.mark.parametrize("distance", [0, -1, "inf", None, True, [1]])
def test_an_impossible_distance_is_refused(distance: object, name: str, tmp_path: Path) -> None:
    refuse(KIND, tmp_path, {"measurement": tree(name), "d_in": distance})


def test_half_a_record_is_no_distance(tmp_path: Path) -> None:
    assert "whole records" in refuse(KIND, tmp_path, {"measurement": tree("sum"), "d_in": 0.5}).message


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(call("mod", "enable_features"), id="another function of OpenDP"),
        pytest.param(call("measurements", "make_user_measurement"), id="a user's own measurement"),
        pytest.param(call("os", "system", command="true"), id="a function of Python"),
        pytest.param(call("..os", "system"), id="a relative module"),
        pytest.param(call("measurements", "__import__"), id="a builtin"),
        pytest.param(call("measurements", "os"), id="a module inside a module"),
        pytest.param(call("combinators", "make_population_amplification"), id="an unproven amplification"),
        pytest.param(call("extras.polars", "Margin"), id="polars"),
        pytest.param({"__expr__": "gAAA", "__version__": "0.16.0"}, id="a serialised expression"),
        pytest.param({"__lazyframe__": "gAAA", "__version__": "0.16.0"}, id="a serialised plan"),
        pytest.param(call("domains", "atom_domain", T="f64"), id="no measurement"),
        pytest.param(call("measurements", "make_laplace"), id="no arguments"),
        pytest.param(call("measurements", "make_randomized_response_bool", prob=2), id="a probability of 2"),
        pytest.param(call("measurements", "make_randomized_response_bool", prob="x"), id="text as a number"),
        pytest.param(call("measurements", "make_randomized_response_bool", p=1), id="an unknown argument"),
        pytest.param({"__function__": "make_laplace", "__module__": "measurements"}, id="no version"),
        pytest.param(call("measurements", "make_laplace") | {"__version__": [1]}, id="a version in a list"),
        pytest.param(call("measurements", "make_laplace") | {"__module__": {}}, id="an object as a module"),
        pytest.param(call("measurements", "make_laplace") | {"__kwargs__": []}, id="arguments in a list"),
        pytest.param(call("measurements", "make_laplace") | {"extra": 1}, id="an unknown key"),
    ],
)
def test_what_is_not_whitelisted_or_not_possible_is_refused(content: object, tmp_path: Path) -> None:
    refuse(KIND, tmp_path, content)


@pytest.mark.parametrize(
    "inner",
    [
        pytest.param(call("os", "system", command="true"), id="a function"),
        pytest.param({"__expr__": "gAAA"}, id="an expression"),
        pytest.param({"plain": 1}, id="a plain object"),
        pytest.param({"__tuple__": [1], "more": 2}, id="a tuple with more"),
        pytest.param({"__tuple__": 5}, id="a tuple of nothing"),
        pytest.param([{"__tuple__": [call("mod", "deserialize")]}], id="a function in a tuple in a list"),
    ],
)
def test_the_whitelist_holds_at_every_depth(inner: object, tmp_path: Path) -> None:
    refuse(KIND, tmp_path, call("measurements", "make_randomized_response", categories=inner, prob=0.5))


def test_nothing_is_built_before_the_whole_file_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opendp", None)
    finding = refuse(KIND, tmp_path, [tree("sum"), call("os", "system")])
    assert "not a constructor" in finding.message


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opendp", None)
    finding = refused(KIND, "opendp-sum.json")
    assert "needs the opendp package" in finding.message
    assert "gatecli[opendp]" in finding.remediation


def test_reading_leaves_opendps_features_as_they_were() -> None:
    from opendp import mod  # noqa: PLC0415 - only here, so that the other tests do not need it

    mod.disable_features("contrib")
    accepted(KIND, "opendp-sum.json")
    assert "contrib" not in mod.GLOBAL_FEATURES


def test_opendps_warnings_do_not_reach_the_user(tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        accept(KIND, tmp_path, tree("response") | {"__version__": "0.1.0"})
    assert not caught


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("context", "0.5", "0.5"), ("context-median", "0.5", "0.5"), ("compositor", "1", "1")],
)
def test_a_query_of_a_context_costs_what_the_context_gave_it(name: str, least: str, most: str) -> None:
    mechanism = one(name)
    assert isinstance(mechanism, Pure)
    assert mechanism.neighbouring is Neighbouring.ADD_REMOVE
    assert Fraction(least) <= mechanism.epsilon <= Fraction(most)


def test_a_query_of_a_context_keeps_its_measure() -> None:
    zcdp, approximate = one("context-zcdp"), one("context-approx")
    assert isinstance(zcdp, ZeroConcentrated)
    assert Fraction("0.2499") < zcdp.rho <= Fraction("0.25")
    assert isinstance(approximate, Approximate)
    assert (approximate.epsilon, approximate.delta) == (Fraction("0.5"), Fraction("5e-7"))


def test_a_noisy_max_of_scores_needs_their_sensitivity(tmp_path: Path) -> None:
    assert isinstance(one("noisy-max"), Unaccountable)
    given = accept(KIND, tmp_path, {"d_in": 1, "measurement": tree("noisy-max")})
    assert given.mechanisms == (Pure(epsilon=Fraction(2)),)
