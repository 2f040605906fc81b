"""What every accountant promises. A subclass names its accountant and compositions it can bound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest

from gatecli.accounting.interface import Accountant, NoBound, Question
from gatecli.model import mechanism as declared
from gatecli.model.budget import Bounds, Neighbouring
from gatecli.model.mechanism import Mechanism

DELTA = Fraction(1, 10**5)


def question(
    *mechanisms: Mechanism,
    delta: Fraction = DELTA,
    neighbouring: Neighbouring = Neighbouring.ADD_REMOVE,
    group: int = 1,
) -> Question:
    return Question(mechanisms, delta, neighbouring, group)


class AccountantSuite:
    accountant: Accountant
    supported: tuple[Mechanism, ...]
    """Mechanisms that the accountant bounds from above at δ = 1e-5 under add-remove."""
    unsupported: tuple[Mechanism, ...] = ()
    """Mechanisms that it must leave to others."""

    def upper(self, asked: Question) -> Fraction:
        bounds = self.accountant.bounds(asked)
        assert isinstance(bounds, Bounds)
        assert bounds.upper is not None
        return bounds.upper

    def answers(self) -> Iterator[Bounds]:
        for mechanism in self.supported:
            bounds = self.accountant.bounds(question(mechanism))
            assert isinstance(bounds, Bounds)
            yield bounds

    def test_lower_is_at_most_upper(self) -> None:
        for bounds in self.answers():
            assert bounds.upper is not None
            assert 0 <= bounds.lower <= bounds.upper

    def test_bounds_are_exact_numbers_that_name_their_accountant(self) -> None:
        for bounds in self.answers():
            assert type(bounds.upper) is type(bounds.lower) is Fraction
            assert bounds.accountant == self.accountant.name
            assert bounds.lower_accountant == (self.accountant.name if bounds.lower > 0 else "")

    def test_the_answer_is_about_the_question(self) -> None:
        for bounds in self.answers():
            assert (bounds.delta, bounds.neighbouring) == (DELTA, Neighbouring.ADD_REMOVE)

    def test_the_same_question_has_the_same_answer(self) -> None:
        assert list(self.answers()) == list(self.answers())

    def test_twice_is_never_cheaper_than_once(self) -> None:
        for mechanism in self.supported:
            twice = mechanism.model_copy(update={"count": 2})
            assert self.upper(question(twice)) >= self.upper(question(mechanism))

    def test_less_delta_never_costs_less_epsilon(self) -> None:
        for mechanism in self.supported:
            asked = question(mechanism)
            assert self.upper(replace(asked, delta=DELTA / 10)) >= self.upper(asked)

    def test_the_order_of_mechanisms_does_not_matter(self) -> None:
        forward, backward = question(*self.supported), question(*self.supported[::-1])
        assert self.upper(forward) == pytest.approx(self.upper(backward), rel=1e-9)

    def test_the_unaccountable_never_counts_as_zero(self) -> None:
        secret = declared.Unaccountable(description="a manual correction")
        for mechanism in self.supported:
            answer = self.accountant.bounds(question(mechanism, secret))
            assert isinstance(answer, NoBound)
            assert "a manual correction" in answer.reasons[0]

    def test_what_it_cannot_bound_gets_no_upper_bound(self) -> None:
        for mechanism in self.unsupported:
            answer = self.accountant.bounds(question(*self.supported, mechanism))
            assert isinstance(answer, NoBound) or answer.upper is None

    def test_a_relation_is_never_converted_silently(self) -> None:
        for mechanism in self.supported:
            stated = mechanism.model_copy(update={"neighbouring": Neighbouring.ADD_REMOVE})
            converted = self.accountant.bounds(question(stated, neighbouring=Neighbouring.REPLACE_ONE))
            assert isinstance(converted, NoBound) or converted.notes

    def test_replace_one_does_not_convert_to_add_remove(self) -> None:
        for mechanism in self.supported:
            stated = mechanism.model_copy(update={"neighbouring": Neighbouring.REPLACE_ONE})
            answer = self.accountant.bounds(question(stated))
            assert isinstance(answer, NoBound) or isinstance(mechanism, declared.DpSgd)

    def test_a_unit_of_more_records_never_costs_less(self) -> None:
        for mechanism in self.supported:
            several = self.accountant.bounds(question(mechanism, group=2))
            if isinstance(several, Bounds) and several.upper is not None:
                assert several.upper >= self.upper(question(mechanism))
                assert several.notes
