"""What a published test value is: the policy says, and the front door where the policy does not."""

from __future__ import annotations

import pytest

from gatecli.checks.personal_data import find_personal_data, search_of
from gatecli.model.finding import Finding
from gatecli.model.policy import PiiRules, TestValues
from gatecli.model.text import RawText, object_leaves

TEST_SSN = "078-05-1120"
REAL_SSN = "536-90-4399"
RAW = RawText("a", "", "json")


def finding(value: str, action: str = "deny", word: str | None = None, unset: TestValues = "note") -> Finding:
    rules = PiiRules.model_validate({"entities": {"US_SSN": action}, "testValues": word})
    search = search_of(rules, unset_test_values=unset)
    (found,) = find_personal_data(RAW, object_leaves({"ssn": value}), search)
    return found


@pytest.mark.parametrize(
    ("word", "severity"), [(None, "note"), ("note", "note"), ("warn", "warning"), ("as-entity", "error")]
)
def test_the_policy_says_what_a_test_value_is(word: str | None, severity: str) -> None:
    assert finding(TEST_SSN, word=word).severity.value == severity
    assert finding(REAL_SSN, word=word).severity.value == "error"


@pytest.mark.parametrize(("word", "severity"), [(None, "warning"), ("note", "note"), ("as-entity", "error")])
def test_a_front_door_says_it_where_the_policy_does_not(word: str | None, severity: str) -> None:
    assert finding(TEST_SSN, word=word, unset="warn").severity.value == severity


@pytest.mark.parametrize("action", ["deny", "mask", "warn", "audit"])
@pytest.mark.parametrize("word", ["note", "warn", "as-entity"])
def test_a_test_value_is_never_more_than_a_real_one(action: str, word: str) -> None:
    test, real = finding(TEST_SSN, action, word), finding(REAL_SSN, action, word)
    assert test.severity.rank >= real.severity.rank
    assert word != "as-entity" or test.severity is real.severity


def test_the_message_says_that_it_is_one_whatever_it_is() -> None:
    for word in ("note", "warn", "as-entity"):
        assert "a published test value" in finding(TEST_SSN, word=word).message


def test_a_test_value_that_counts_as_real_is_mended_as_one() -> None:
    assert finding(TEST_SSN, word="as-entity").remediation == finding(REAL_SSN).remediation
    assert finding(TEST_SSN, word="warn").remediation == "nothing, if it is meant as test data"
