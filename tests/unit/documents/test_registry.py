"""A record for the OpenDP deployments registry."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gatecli.documents.registry import record_text, registry_record
from gatecli.documents.registry_schema import record_problems
from gatecli.errors import UsageError
from gatecli.sources.registry_text import read_registry_record
from tests.support.written_documents import some_facts

DAY = "2026-11-30"
TODAY = date(2026, 12, 1)
# The least that the registry takes; its own negative examples are this with one thing wrong.
BASIC = {
    "name": "...",
    "data_curators": ["A bureau"],
    "description": "...",
    "intended_use": "...",
    "data_product_type": "Summary statistics",
    "data_product_region": "...",
    "publication_date": "2026-01-01",
}
LEAST: dict[str, Any] = {
    "url_slug": "bad",
    "status": "Draft",
    "tier": 1,
    "deployment": {"basic": BASIC, "administrative": {"registry_authors": ["..."]}},
}


def text_of(record: dict[str, Any]) -> str:
    return yaml.safe_dump(record, sort_keys=False)


def basic(**changes: Any) -> dict[str, Any]:
    return LEAST | {"deployment": LEAST["deployment"] | {"basic": BASIC | changes}}


def test_the_least_record_is_taken() -> None:
    assert record_problems(read_registry_record("r.yaml", text_of(LEAST))) == ()


# tests/bad_deployments of the registry, July 2026: five that its schema refuses, one that folds a text.
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (text_of(LEAST | {"surprise": "..."}), "/: it has a key that the registry does not know"),
        (text_of({key: value for key, value in LEAST.items() if key != "status"}), "/: status is missing"),
        (text_of(LEAST | {"tier": 0}), "/tier: it is none of 1, 2, 3"),
        (
            text_of(basic(publication_date="1/1/2026")),
            "/deployment/basic/publication_date: it is not a day, as YYYY-MM-DD",
        ),
        (
            text_of(LEAST).replace("'2026-01-01'", "2026-01-01"),
            "/deployment/basic/publication_date: it is not text; put it in quotes",
        ),
    ],
)
def test_what_the_registry_refuses_is_refused(text: str, problem: str) -> None:
    assert record_problems(read_registry_record("r.yaml", text)) == (problem,)


def test_folded_text_is_refused() -> None:
    text = text_of(LEAST).replace(
        "data_product_region: '...'", "data_product_region: >\n      These\n      fold"
    )
    assert ">" in text
    with pytest.raises(UsageError, match="refuses folded text"):
        read_registry_record("r.yaml", text)


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"status": "Done"}, "/status"),
        ({"tier": True}, "/tier"),
        ({"tier": "1"}, "/tier"),
        ({"deployment": []}, "/deployment"),
        (basic(data_curators=[]), "/deployment/basic/data_curators"),
        (basic(data_product_type="Model"), "/deployment/basic/data_product_type"),
        (basic(publication_date="2026-02-30"), "/deployment/basic/publication_date"),
        (basic(description=r"a \\b"), "/deployment/basic/description"),
    ],
)
def test_other_mistakes_are_refused(change: dict[str, Any], at: str) -> None:
    assert [problem.partition(":")[0] for problem in record_problems(LEAST | change)] == [at]


@pytest.mark.parametrize("epsilon", ["1", True, None])
def test_epsilon_is_a_number(epsilon: object) -> None:
    loss = {"privacy_loss": {"privacy_parameters": {"epsilon": epsilon}}}
    record = LEAST | {"deployment": LEAST["deployment"] | loss}
    assert record_problems(record) == (
        "/deployment/privacy_loss/privacy_parameters/epsilon: it is not a number",
    )


def test_a_first_record_is_taken_and_asks() -> None:
    text = record_text(registry_record(some_facts(), None, DAY, TODAY))
    record = read_registry_record("r.yaml", text)
    assert record_problems(record) == ()
    found = record["deployment"]["basic"]
    assert found["intended_use"].startswith("Question for a human:")
    assert found["publication_date"] == DAY
    assert (record["tier"], record["status"]) == (2, "Draft")
    assert record["deployment"]["dp_variant"] == {"variant_name": "Approximate DP"}


def test_the_slug_is_that_of_the_registrys_script() -> None:
    before = basic(name="Churn (v2)", data_curators=["ACME", "B"], publication_date="2026-05-01")
    assert registry_record(some_facts(), before, None, TODAY)["url_slug"] == "churn-v2--acme-b-2026"


@pytest.mark.parametrize(
    ("epsilon", "delta", "tokens"),
    [
        ("2.5", "1e-5", ("2.5", "0.00001")),
        ("0.1", "1e-300", ("0.1", f"0.{'0' * 299}1")),
        ("123456789012345678901234567890.5", "0", ("123456789012345678901234567890.5", "0")),
    ],
)
def test_figures_are_exact_number_tokens(epsilon: str, delta: str, tokens: tuple[str, str]) -> None:
    facts = some_facts(epsilon=epsilon, delta=delta)
    text = record_text(registry_record(facts, None, DAY, TODAY))
    assert f"      epsilon: {tokens[0]}\n      delta: {tokens[1]}\n" in text
    found = read_registry_record("r.yaml", text)["deployment"]["privacy_loss"]["privacy_parameters"]
    assert found == {"epsilon": Decimal(epsilon), "delta": Decimal(delta)}


def test_a_third_is_rounded_up_and_says_so() -> None:
    record = registry_record(some_facts(epsilon="1/3"), None, DAY, TODAY)
    loss = record["deployment"]["privacy_loss"]
    assert loss["privacy_parameters"]["epsilon"] == Decimal("0.333333333333334")
    assert loss["privacy_parameters_details"] == "epsilon is 1/3, and is rounded up here."


def test_what_people_wrote_stays_and_figures_follow_the_release() -> None:
    first = registry_record(some_facts(), None, DAY, TODAY)
    first["status"] = "Pending"
    first["deployment"]["basic"]["intended_use"] = "Offers to those who may leave."
    first["deployment"]["deployment_model"]["actors"] = "ACME's analysts."
    text = record_text(registry_record(some_facts(epsilon=2), first, None, TODAY))
    again = read_registry_record("r.yaml", text)
    assert again["status"] == "Pending"
    assert again["deployment"]["basic"]["intended_use"] == "Offers to those who may leave."
    assert again["deployment"]["basic"]["publication_date"] == DAY
    assert again["deployment"]["deployment_model"]["actors"] == "ACME's analysts."
    assert again["deployment"]["privacy_loss"]["privacy_parameters"]["epsilon"] == 2
    assert record_text(registry_record(some_facts(epsilon=2), again, None, TODAY)) == text


def test_without_another_day_a_record_is_published_today() -> None:
    record = registry_record(some_facts(), None, None, TODAY)
    assert record["deployment"]["basic"]["publication_date"] == "2026-12-01"


def test_a_record_that_the_registry_would_refuse_is_not_written() -> None:
    with pytest.raises(UsageError, match="a key that the registry does not know"):
        registry_record(some_facts(), LEAST | {"surprise": "..."}, None, TODAY)


@pytest.mark.parametrize("text", ["# note\na: 1\n", "a: 1 # note\n", "a: 1\n# note\n", "a: |\n  x\n# note\n"])
def test_a_comment_would_be_lost_and_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="a comment in it would be lost"):
        read_registry_record("r.yaml", text)


@pytest.mark.parametrize("text", ['a: "# no"\n', "a: '#'\n", "a: |\n  # no\n", "a: b#c\n"])
def test_a_hash_in_a_text_is_no_comment(text: str) -> None:
    assert set(read_registry_record("r.yaml", text)) == {"a"}


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2\n", "a: .inf\n", "a: *b\n", "a: !!python/none x\n"])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_registry_record("r.yaml", text)


@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=4))
def test_any_text_is_read_back_as_it_is(texts: list[str]) -> None:
    text = record_text({"a": texts[0], "b": {"c": texts}, "d": Decimal("1e-7"), "e": 2})
    expected = {"a": texts[0], "b": {"c": texts}, "d": Decimal("0.0000001"), "e": 2}
    assert read_registry_record("r.yaml", text) == expected
