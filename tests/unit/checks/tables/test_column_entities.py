from __future__ import annotations

import pytest

from gatecli.checks.personal_data import search_of
from gatecli.checks.tables.column_entities import classifier
from gatecli.errors import UncheckableError
from gatecli.sources.policy import default_policy

PEOPLE = ("536-22-1234", "219-09-9998", "457-55-5462")


def test_a_column_is_what_most_of_its_values_are() -> None:
    classify = classifier(search_of(default_policy().spec.pii))
    assert classify("ssn", PEOPLE) == "US_SSN"
    assert classify("size", ("1", "2")) is None


def test_a_column_that_was_not_searched_to_its_end_is_not_called_harmless() -> None:
    rules = default_policy().spec.pii.model_copy(update={"time_budget": "0s"})
    classify = classifier(search_of(rules))
    with pytest.raises(UncheckableError, match="column ssn were not searched to their end"):
        classify("ssn", PEOPLE)
