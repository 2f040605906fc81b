"""Flower's accountant and recorded rounds: what was really added, and what nothing bounds."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.model.federated_evidence import FederatedEvidence, FederatedFlaw, LocalNoise, root_below
from gatecli.model.mechanism import DpSgd, Gaussian, Mechanism, Sampling, Unaccountable
from gatecli.model.release import Evidence
from gatecli.sources.evidence.federated_rounds import read_rounds
from tests.support.evidence import REAL, accept, accepted, refuse

FOLDER = REAL / "flower"


def recorded(*rounds: dict[str, Any], **head: Any) -> dict[str, Any]:
    return {
        "schema": "gatecli/federated-evidence/v1",
        "tool": {"name": "gatecli", "version": "0.2.0"},
        "framework": {"name": "flower", "version": "1.42.0"},
        "strategy": "FedAvg",
        "sampling": "fixed-size",
        "rounds": list(rounds),
        **head,
    }


def a_round(**changes: Any) -> dict[str, Any]:
    whole = {
        "round": 1,
        "population": 100,
        "sampled": 20,
        "answered": 20,
        "released": True,
        "clipping": {"norm": 2},
        "noise": {"place": "server", "multiplier": "1.5", "clippingNorm": 2, "clients": 20},
        "weights": {"largest": 1, "total": 20},
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def noise(
    multiplier: str = "1.5", norm: str = "2", clients: int = 20, place: str = "server"
) -> dict[str, Any]:
    return {"place": place, "multiplier": multiplier, "clippingNorm": norm, "clients": clients}


def training(found: Evidence) -> DpSgd:
    (mechanism,) = found.mechanisms
    assert isinstance(mechanism, DpSgd)
    return mechanism


def multiplier(tmp_path: Path, **changes: Any) -> Fraction:
    return training(accept("flower", tmp_path, recorded(a_round(**changes)))).noise_multiplier


def flaws(found: Evidence) -> list[FederatedFlaw]:
    assert found.federated is not None
    return [each.flaw for each in found.federated.flaws]


def why(tmp_path: Path, *, head: dict[str, Any] | None = None, **changes: Any) -> str:
    found = accept("flower", tmp_path, recorded(a_round(**changes), **(head or {})))
    (mechanism,) = found.mechanisms
    assert isinstance(mechanism, Unaccountable)
    return mechanism.description


@pytest.mark.parametrize(
    ("name", "rate"),
    [("no-amplification", 1), ("without-replacement", Fraction(1, 20)), ("poisson", Fraction(1, 20))],
)
def test_the_state_of_flowers_accountant_is_read_as_samples_of_fixed_size(name: str, rate: Fraction) -> None:
    found = accepted("flower", f"flower/{name}.json")
    run = training(found)
    assert (run.sampling, run.sampling_rate, run.steps) == (Sampling.FIXED_SIZE, rate, 20)
    assert run.noise_multiplier == Fraction("1.5")
    assert flaws(found) == ([FederatedFlaw.SAMPLING] if name == "poisson" else [])


def state(**changes: Any) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((FOLDER / "no-amplification.json").read_text("utf-8"))
    return data | changes


def config(**changes: Any) -> dict[str, Any]:
    return state(config=state()["config"] | changes)


def event(**changes: Any) -> dict[str, Any]:
    whole = {"noise_multiplier": 1.5, "sample_size": 10, "population_size": 10, **changes}
    return state(compositions=[{"event": whole, "count": 1}])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (state(schema_version=2), "schema_version is 2"),
        (state(schema_version=True), "schema_version"),
        (state(compositions=[]), "composed no event"),
        (state(compositions={}), "a list is meant"),
        (state(more=1), "whose meaning is unknown"),
        (config(sampling_method="shuffled"), "sampling_method"),
        (config(sampling_method=["poisson"]), "sampling_method"),
        (config(neighboring_relation="replace-one"), "neighboring_relation"),
        (config(population_size=0), "below 1"),
        (event(noise_multiplier=0), "not describe a possible mechanism"),
        (event(noise_multiplier="NaN"), "not a finite number"),
        (event(sample_size=11), "larger than the population"),
        (event(population_size=11), "another population"),
        (event(sample_size=1.5), "a whole number is meant"),
        ({"compositions": []}, "has no key"),
        ([], "an object is meant"),
        (recorded(), "rounds"),
        (recorded(a_round(sampled=101)), "more clients were sampled than there are"),
        (recorded(a_round(answered=21)), "more clients answered than were sampled"),
        (recorded(a_round(answered=None)), "no client answered"),
        (recorded(a_round(weights={"largest": 2, "total": 1})), "above the total"),
        (recorded(a_round(noise={"place": "moon"})), "'moon'"),
        (recorded(a_round(), sampling="poisson"), "samplingRate"),
        (recorded(a_round(), samplingRate="0.1"), "samplingRate"),
        (
            recorded(a_round(noise={"place": "local", "epsilon": 1, "delta": 0, "sensitivity": 1})),
            "no δ of 0",
        ),
        (recorded(a_round(), schema="gatecli/federated-evidence/v2"), "schema"),
    ],
)
def test_what_is_not_a_record_of_rounds_is_refused(data: object, said: str, tmp_path: Path) -> None:
    assert said in refuse("flower", tmp_path, data).message


POISSON = {"sampling": "poisson", "denominator": 20}


@pytest.mark.parametrize(
    ("rounds", "said"),
    [
        ([a_round(round=2)], "rounds[0] begins with round 2, and round 1 is next"),
        ([a_round(count=3), a_round(round=9)], "rounds[1] begins with round 9, and round 4 is next"),
        ([a_round(count=3), a_round(round=3)], "rounds[1] begins with round 3, and round 4 is next"),
        ([a_round(), a_round()], "rounds[1] begins with round 1, and round 2 is next"),
        ([a_round(round=2), a_round(round=1)], "rounds[0] begins with round 2"),
    ],
)
def test_rounds_that_are_missing_or_stand_there_twice_are_refused(
    rounds: list[dict[str, Any]], said: str, tmp_path: Path
) -> None:
    assert said in refuse("flower", tmp_path, recorded(*rounds)).message


@pytest.mark.parametrize("rate", ["1e-300", "1e-9", "0.05"])
def test_samples_that_no_coin_of_their_rate_draws_are_refused(rate: str, tmp_path: Path) -> None:
    told = refuse("flower", tmp_path, recorded(a_round(count=10), **POISSON, samplingRate=rate)).message
    assert f"200 clients were drawn in all of 1000, which coins of samplingRate {rate} do not do" in told


@pytest.mark.parametrize("rate", ["0.14", "0.2", "1"])
def test_a_sample_is_larger_or_smaller_than_its_mean(rate: str, tmp_path: Path) -> None:
    run = training(accept("flower", tmp_path, recorded(a_round(count=10), **POISSON, samplingRate=rate)))
    assert run.sampling_rate == Fraction(rate)


def test_alike_rounds_are_one_mechanism(tmp_path: Path) -> None:
    found = accept(
        "flower", tmp_path, recorded(a_round(count=3), a_round(round=4), a_round(round=5, count=2))
    )
    assert training(found).steps == 6


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "1.5"),
        ({"answered": 16, "weights": {"largest": 1, "total": 16}}, "1.2"),
        ({"noise": noise(clients=40)}, "0.75"),
        ({"noise": noise(norm="1")}, "0.75"),
        ({"noise": noise(norm="4")}, "3"),
        ({"noise": noise(clients=10)}, "3"),
        ({"noise": noise(place="clients")}, "1.5"),
        ({"noise": noise(place="clients", clients=80)}, "0.75"),
        ({"weights": {"largest": "0.05", "total": 1}}, "1.5"),
    ],
)
def test_the_multiplier_is_that_of_the_noise_that_was_added(
    changes: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    assert multiplier(tmp_path, **changes) == Fraction(expected)


def test_less_noise_than_planned_is_a_flaw_and_more_is_not(tmp_path: Path) -> None:
    less = accept("flower", tmp_path, recorded(a_round(noise=noise(clients=40))))
    more = accept("flower", tmp_path, recorded(a_round(noise=noise(clients=10))))
    assert (flaws(less), flaws(more)) == ([FederatedFlaw.NOISE_SCALE], [])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"clipping": None}, "norm nothing bounds"),
        ({"noise": None}, "without noise"),
        ({"noise": noise("0")}, "without noise"),
        ({"weights": None}, "how updates were weighted"),
        ({"weights": {"largest": 2, "total": 21}}, "weights updates by what clients said"),
        ({"clipping": {"norm": 2, "adaptive": True}}, "has no noise"),
        (
            {"clipping": {"norm": 2, "adaptive": True, "countStandardDeviation": 0}},
            "has no noise",
        ),
        (
            {
                "clipping": {"norm": 2, "adaptive": True, "countStandardDeviation": 1},
                "noise": noise(norm="1.9"),
            },
            "as the data decided",
        ),
        (
            {
                "clipping": {"norm": 2, "adaptive": True, "countStandardDeviation": 1},
                "noise": {"place": "local", "epsilon": 1, "delta": "1e-5", "sensitivity": 4},
            },
            "clients with local noise",
        ),
    ],
)
def test_what_has_no_bound_is_never_free(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    assert said in why(tmp_path, **changes)


def test_a_mean_over_a_poisson_sample_needs_a_fixed_denominator(tmp_path: Path) -> None:
    head = {"sampling": "poisson", "samplingRate": "0.2"}
    assert "happens to have" in why(tmp_path, head=head)
    found = training(accept("flower", tmp_path, recorded(a_round(), **head, denominator=20)))
    assert (found.sampling, found.sampling_rate) == (Sampling.POISSON, Fraction(1, 5))


def test_sampling_that_nobody_knows_amplifies_nothing(tmp_path: Path) -> None:
    found = training(accept("flower", tmp_path, recorded(a_round(), sampling="unknown")))
    assert found.sampling_rate == 1


def rate(tmp_path: Path, head: dict[str, Any] | None = None, **changes: Any) -> Fraction:
    return training(accept("flower", tmp_path, recorded(a_round(**changes), **(head or {})))).sampling_rate


LOST: dict[str, Any] = {"answered": 16, "weights": {"largest": 1, "total": 16}}


def test_a_round_that_lost_a_client_is_not_amplified(tmp_path: Path) -> None:
    """16 of 20 answered: of 16 clients that would have, say, or of 100."""
    assert rate(tmp_path) == Fraction(1, 5)
    assert rate(tmp_path, **LOST) == 1
    found = accept("flower", tmp_path, recorded(a_round(), a_round(round=2, count=3, **LOST)))
    (note,) = found.notes
    assert "without amplification by sampling: 3 of them" in note


def test_a_sum_over_a_fixed_number_is_amplified_whoever_answers(tmp_path: Path) -> None:
    fixed = {"denominator": 20}
    assert rate(tmp_path, fixed, **LOST) == Fraction(1, 5)
    assert multiplier(tmp_path, **LOST) == Fraction("1.2")
    by_clients = noise(place="clients")
    assert rate(tmp_path, fixed, noise=by_clients, **LOST) == 1


ADAPTIVE = {"norm": 2, "adaptive": True, "countStandardDeviation": 4}


def test_an_adaptive_norm_tells_how_many_answered(tmp_path: Path) -> None:
    """The next norm follows from the share that was clipped, of those who answered."""
    fixed = {"denominator": 20}
    assert rate(tmp_path, fixed, clipping=ADAPTIVE) == Fraction(1, 5)
    assert rate(tmp_path, fixed, clipping=ADAPTIVE, **LOST) == 1


def test_an_adaptive_norm_tells_how_large_a_poisson_sample_is(tmp_path: Path) -> None:
    told = why(tmp_path, head={**POISSON, "samplingRate": "0.2"}, clipping=ADAPTIVE)
    assert "moves its clipping norm by a share of the clients that a Poisson sample happens to have" in told


@pytest.mark.parametrize(
    ("weight", "denominator", "is_constant"),
    [
        ("1", None, True),
        ("0.05", None, True),
        ("0.04999999999999999", None, True),
        ("1", 20, True),
        ("0.05", 20, False),
        ("5000", None, False),
    ],
)
def test_weights_that_are_equal_by_chance_are_what_clients_said(
    weight: str, denominator: int | None, *, is_constant: bool, tmp_path: Path
) -> None:
    weights = {"largest": weight, "total": str(20 * Fraction(weight))}
    head = {} if denominator is None else {"denominator": denominator}
    found = accept("flower", tmp_path, recorded(a_round(weights=weights), **head))
    assert flaws(found) == ([] if is_constant else [FederatedFlaw.UNEQUAL_WEIGHTS])
    assert isinstance(found.mechanisms[0], DpSgd if is_constant else Unaccountable)


def test_noise_by_clients_tells_the_size_of_a_poisson_sample(tmp_path: Path) -> None:
    head = {"sampling": "poisson", "samplingRate": "0.2", "denominator": 20}
    assert "variance tells how many" in why(tmp_path, head=head, noise=noise(place="clients"))


def test_noise_on_the_number_of_clipped_updates_is_paid_for(tmp_path: Path) -> None:
    clipping = {"norm": 2, "adaptive": True, "countStandardDeviation": 2}
    found = multiplier(tmp_path, clipping=clipping)
    assert float(found) == pytest.approx((1.5**-2 + 2**-2) ** -0.5)
    assert found <= Fraction(6, 5)  # 1.5 and 2 make 1.2


def test_a_norm_that_grew_adds_no_noise_that_counts(tmp_path: Path) -> None:
    clipping = {"norm": 2, "adaptive": True, "countStandardDeviation": 2}
    grown = multiplier(tmp_path, clipping=clipping, noise=noise(norm="3"))
    assert grown == multiplier(tmp_path, clipping=clipping)


def test_rounds_whose_adaptive_norm_alone_differs_are_one_mechanism(tmp_path: Path) -> None:
    """A training has thousands of them, and as many mechanisms could not be accounted."""
    grown = [
        a_round(
            round=number,
            clipping={"norm": number, "adaptive": True, "countStandardDeviation": 10},
            noise=noise(norm=str(number + 1)),
        )
        for number in range(1, 300)
    ]
    assert training(accept("flower", tmp_path, recorded(*grown))).steps == 299


def test_a_round_that_released_nothing_costs_nothing(tmp_path: Path) -> None:
    found = accept("flower", tmp_path, recorded(a_round(), a_round(round=2, released=False, answered=3)))
    assert training(found).steps == 1
    assert found.notes == ("rounds that released nothing cost nothing: 1 of them",)


def test_local_noise_counts_as_soon_as_clients_are_asked(tmp_path: Path) -> None:
    local = {"place": "local", "epsilon": 1, "delta": "1e-5", "sensitivity": 4}
    open_round = a_round(released=False, answered=None, weights=None, noise=local)
    (found,) = accept("flower", tmp_path, recorded(open_round)).mechanisms
    assert isinstance(found, Gaussian)
    assert found.sensitivity == 2


@given(st.fractions(min_value=Fraction(1, 10**6), max_value=10**6))
def test_a_root_is_never_above_and_hardly_below(number: Fraction) -> None:
    root = root_below(number)
    assert 0 < root * root <= number
    assert float(root) == pytest.approx(float(number) ** 0.5)


@pytest.mark.parametrize("exponent", [-1, -19, -41, -300, -4001])
def test_the_root_of_the_least_number_is_not_zero(exponent: int) -> None:
    number = 7 * Fraction(10) ** exponent
    root = root_below(number)
    assert root > 0
    assert 1 - Fraction(1, 2**60) < root * root / number <= 1


@pytest.mark.parametrize(
    "changes",
    [
        {"noise": noise("1e-300", place="clients", clients=30)},
        {"noise": noise("1e-300"), "clipping": {"norm": 2, "adaptive": True, "countStandardDeviation": 3}},
        {"clipping": {"norm": 2, "adaptive": True, "countStandardDeviation": "1e-300"}},
    ],
)
def test_hardly_any_noise_is_read_as_such(changes: dict[str, Any], tmp_path: Path) -> None:
    assert 0 < multiplier(tmp_path, **changes) < Fraction(1, 10**299)


@given(
    st.fractions(min_value=Fraction(1, 100), max_value=100),
    st.fractions(min_value=Fraction(1, 10**9), max_value=Fraction(1, 2)),
)
def test_the_classic_deviation_is_that_of_its_formula(epsilon: Fraction, delta: Fraction) -> None:
    found = LocalNoise(epsilon=epsilon, delta=delta, sensitivity=Fraction(2)).standard_deviation
    formula = 2 * math.sqrt(2 * math.log(1.25 / float(delta))) / float(epsilon)
    assert float(found) == pytest.approx(formula)


@given(
    st.integers(1, 50),
    st.integers(1, 50),
    st.integers(1, 50),
    st.fractions(Fraction(1, 10), 10),
    st.booleans(),
)
def test_noise_is_never_counted_that_was_not_added(
    sampled: int,
    missing: int,
    clients: int,
    ratio: Fraction,
    adaptive: bool,  # noqa: FBT001 - a value that Hypothesis draws
) -> None:
    """Against the definition: the deviation of the noise over what one client moves the mean by."""
    answered = max(1, sampled - missing)
    one = a_round(
        sampled=sampled,
        answered=answered,
        clipping={"norm": 1, "adaptive": adaptive, "countStandardDeviation": 3},
        noise={"place": "server", "multiplier": "2", "clippingNorm": str(ratio), "clients": clients},
        weights={"largest": 1, "total": answered},
    )
    mechanisms, _ = read_rounds(FederatedEvidence.from_file(recorded(one)))
    (found,) = mechanisms
    added = 2 * ratio / clients / Fraction(1, answered)
    if isinstance(found, DpSgd):
        assert found.noise_multiplier <= added
    else:
        assert adaptive
        assert ratio < 1


def test_every_mechanism_of_a_real_file_is_accountable_or_says_why() -> None:
    for file in sorted(FOLDER.glob("*.json")):
        found: tuple[Mechanism, ...] = accepted("flower", f"flower/{file.name}").mechanisms
        assert all(isinstance(each, DpSgd | Gaussian | Unaccountable) for each in found)
