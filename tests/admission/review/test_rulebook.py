"""The policy in force, and what of it cannot be used."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from pydantic import ValidationError

from admission.review.rulebook import rulebook_of, warm
from gatecli.errors import ConfigurationError
from gatecli.pii.matching import searcher
from tests.support.reviews import KEY, policy_of, rulebook, waiver


def test_an_entity_that_there_is_not_makes_no_rulebook() -> None:
    with pytest.raises(ConfigurationError):
        rulebook(pii={"entities": {"CN_RESIDENT": "deny"}})
    with pytest.raises(ConfigurationError):
        rulebook(admission={"namespaces": {"a": {"entities": {"CN_RESIDENT": "deny"}}}})


def test_a_short_key_makes_no_rulebook() -> None:
    with pytest.raises(ConfigurationError):
        rulebook_of(policy_of(), {}, key=b"short")


def test_the_policy_bounds_the_work_and_the_process_the_time() -> None:
    slow = rulebook_of(policy_of(pii={"timeBudget": "10s"}), {}, key=KEY, seconds=1.5).standard.search.limits
    quick = rulebook_of(
        policy_of(pii={"timeBudget": "20ms"}), {}, key=KEY, seconds=1.5
    ).standard.search.limits
    assert (slow.seconds, quick.seconds) == (1.5, 1.5)
    assert slow.steps == 500 * quick.steps


def test_the_digest_changes_with_policy_and_waivers_and_with_nothing_else() -> None:
    same = [rulebook().digest, rulebook().digest]
    others = [rulebook(admission={"mode": "warn"}).digest, rulebook(waiver(subject="a")).digest]
    assert len({*same, *others}) == 3


def test_waivers_of_other_gates_are_left_out() -> None:
    assert rulebook(waiver("dp-epsilon-over-tier", subject="a")).waivers_in("team-a") == ()


def test_the_key_is_not_shown() -> None:
    assert KEY.decode() not in repr(rulebook())


def test_the_engine_is_warm_once_it_was_warmed() -> None:
    book = rulebook(admission={"namespaces": {"a": {"entities": {"CN_RESIDENT_ID": "warn"}}}})
    warm(book)
    known = searcher.cache_info().misses
    for scope in (book.standard, book.scopes["a"]):
        for entity in scope.search.detector.entities:
            for pattern in entity.patterns:
                searcher(pattern)
    assert searcher.cache_info().misses == known
    assert "phonenumbers" in sys.modules


WRONG: list[dict[str, Any]] = [
    {"mode": "off"},
    {"onIncomplete": "allow"},
    {"secrets": "all"},
    {"maxFindings": 0},
    {"namespaces": {"a": {"exempt": True}}},
    {"namespaces": {"*": {"exempt": True, "reason": "r"}}},
    {"namespaces": {"a": {"exempt": True, "reason": "r", "mode": "warn"}}},
    {"namespaces": {"A_b": {"mode": "warn"}}},
    {"namespaces": {"a": {"entities": {"CN_RESIDENT_ID": "off"}}}},
    {"exempt": True},
]


@pytest.mark.parametrize("admission", WRONG, ids=str)
def test_a_policy_that_cannot_be_meant_is_refused(admission: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        policy_of(admission=admission)
