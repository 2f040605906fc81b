"""What a person reads, and what the API server passes on."""

from __future__ import annotations

import pytest

from admission.review.judging import answer
from admission.review.messages import (
    LONGEST_ANNOTATION,
    LONGEST_MESSAGE,
    LONGEST_WARNING,
    LONGEST_WARNINGS,
    warnings_of,
)
from tests.support.reviews import MASK, RESIDENT_ID, SSN, decided, manifest, request_for, rulebook

BOOK = rulebook()


def config_map(**data: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}


def test_a_refusal_says_what_where_and_how_to_mend_it() -> None:
    assert decided(manifest("Deployment"), BOOK).message == (
        "pii-cn-resident-id at /spec/template/spec/containers/0/env/1/value "
        f"(a Chinese resident ID, {MASK}). Move it to a Secret, or ask for a PrivacyWaiver. "
        "gatecli explain pii-cn-resident-id"
    )


def test_a_label_is_to_be_removed_and_not_moved_to_a_secret() -> None:
    obj = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "labels": {"id": RESIDENT_ID}}}
    assert "Remove it, or ask for a PrivacyWaiver." in decided(obj, BOOK).message


def test_a_refusal_lists_findings_up_to_the_policy_s_bound_and_counts_the_rest() -> None:
    obj = config_map(**{f"k{number}": RESIDENT_ID for number in range(9)})
    lines = decided(obj, rulebook(admission={"maxFindings": 3})).message.splitlines()
    assert (len(lines), lines[-1]) == (4, "and 6 more")


def test_a_refusal_is_bounded_in_length_whatever_the_names_are() -> None:
    obj = config_map(**{f"{number}" + "k" * 5000: RESIDENT_ID for number in range(60)})
    message = decided(obj, rulebook(admission={"maxFindings": 100})).message
    assert len(message) <= LONGEST_MESSAGE
    assert message.splitlines()[-1].startswith("and ")


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[31mb", "a\u2028b", "a\u202eb", "a\ud800b", "a\x00b"])
def test_no_name_brings_control_characters_into_an_answer(name: str) -> None:
    decision = decided(config_map(**{name: RESIDENT_ID}), BOOK)
    assert decision.message.isprintable()
    warned = decided(config_map(**{name: RESIDENT_ID}), rulebook(admission={"mode": "warn"}))
    assert all(warning.isprintable() for warning in warned.warnings)


@pytest.mark.parametrize(
    "obj",
    [
        manifest("Job", f"{RESIDENT_ID} and {SSN}"),
        config_map(**{RESIDENT_ID: SSN}),
        config_map(json=f'{{"{RESIDENT_ID}": "{SSN}"}}'),
        {**manifest("Job"), "metadata": {"name": RESIDENT_ID}},
        {**manifest("Job"), "metadata": {"name": "a", "annotations": {f"x/{RESIDENT_ID}": f"{SSN}"}}},
    ],
)
@pytest.mark.parametrize("mode", ["deny", "warn", "audit", "mask"])
def test_no_answer_holds_a_value(obj: dict[str, object], mode: str) -> None:
    book = rulebook(admission={"mode": mode})
    decision = decided(obj, book)
    shown = str(answer(request_for(obj), decision, book)) + repr(decision)
    shown = shown.replace(f"name='{RESIDENT_ID}'", "")
    assert RESIDENT_ID not in shown
    assert SSN not in shown


def test_warnings_fit_what_the_api_server_passes_on() -> None:
    texts = [f"{number} " + "x" * 400 for number in range(40)]
    warnings = warnings_of(texts)
    assert max(map(len, warnings)) <= LONGEST_WARNING
    assert sum(map(len, warnings)) <= LONGEST_WARNINGS
    assert warnings[-1] == f"gatecli: and {40 - len(warnings) + 1} more"


def test_a_warning_is_given_once() -> None:
    assert warnings_of(["one", "two", "one"]) == ("one", "two")


def test_the_audit_log_gets_policy_reason_and_fingerprints_within_a_bound() -> None:
    obj = config_map(**{f"k{number}": RESIDENT_ID for number in range(300)})
    decision = decided(obj, BOOK)
    annotations = answer(request_for(obj), decision, BOOK)["response"]["auditAnnotations"]
    assert annotations["reason"] == "denied"
    assert annotations["policy"] == f"test sha256:{BOOK.stamp.sha256}"
    assert decision.findings[0].fingerprint in annotations["findings"]
    assert len(annotations["findings"]) <= LONGEST_ANNOTATION
    assert annotations["findings"].endswith("more")
