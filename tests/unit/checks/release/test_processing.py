from __future__ import annotations

import pytest

from gatecli.checks.release.processing import find_preprocessing, find_tuning
from tests.support.releases import claiming, context_of, ids, with_spec


@pytest.mark.parametrize(
    ("tuning", "found"),
    [
        (None, ["dp-unstated-tuning"]),
        ({"runs": 0, "accounted": False}, []),
        ({"runs": 12, "accounted": True}, ["dp-nonprivate-hyperparameter-tuning"]),
        ({"runs": 1, "accounted": True}, []),
        ({"runs": 1, "accounted": False}, ["dp-nonprivate-hyperparameter-tuning"]),
    ],
)
def test_tuning_runs_belong_to_the_budget(tuning: dict[str, object] | None, found: list[str]) -> None:
    subject = claiming(tuning=tuning)
    assert ids(find_tuning(subject, context_of(subject))) == found


@pytest.mark.parametrize(
    ("preprocessing", "found"),
    [
        (None, ["dp-unstated-preprocessing"]),
        ({"dataDependent": False}, []),
        ({"dataDependent": True, "accounted": True}, []),
        ({"dataDependent": True}, ["dp-nonprivate-preprocessing"]),
    ],
)
def test_preprocessing_of_the_data_belongs_to_the_budget(
    preprocessing: dict[str, object] | None, found: list[str]
) -> None:
    subject = claiming(preprocessing=preprocessing)
    assert ids(find_preprocessing(subject, context_of(subject))) == found


def test_what_was_computed_is_named() -> None:
    subject = claiming(preprocessing={"dataDependent": True, "description": "the vocabulary"})
    (finding,) = find_preprocessing(subject, context_of(subject))
    assert finding.message.startswith("the vocabulary was computed from the data")


def test_a_release_without_a_claim_is_not_asked() -> None:
    subject = with_spec(privacy="none")
    assert not list(find_tuning(subject, context_of(subject)))
    assert not list(find_preprocessing(subject, context_of(subject)))
