"""A second kind of check has its place in a review beside personal data, by the same shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from admission.review.judging import Decision, DecisionReason, Phase
from admission.review.rulebook import Rulebook, rulebook_of
from gatecli.checks.personal_data import Search
from gatecli.gates import Gate
from gatecli.gates.objects import CHECKS, PERSONAL_DATA, ObjectCheck, ObjectRequest, Seen
from gatecli.model.document import Place, pointer_of
from gatecli.model.finding import Rule, Severity, make_finding
from tests.support.reviews import KEY, RESIDENT_ID, decided, manifest, policy_of, waiver

UNPINNED = Rule("demo-image-unpinned", Severity.ERROR, "An image is named by a tag")
DEMO = Gate("demo", frozenset({"demo"}), "images", "that images are pinned", ())
IMAGE = ("spec", "containers", 0, "image")


def runs_containers(obj: Mapping[str, Any], _text: str, _search: Search) -> bool:
    return "spec" in obj


def find_unpinned(request: ObjectRequest) -> Iterator[Seen]:
    image = request.object["spec"]["containers"][0]["image"]
    if "@sha256:" not in image:
        place = Place(request.raw.path, pointer=pointer_of(IMAGE))
        subject = f"Pod/{request.object['metadata']['name']}"
        message = "the image has no digest"
        yield make_finding(UNPINNED, message, subject=subject, place=place, mend="name it by digest"), None


PINNED = ObjectCheck(DEMO, runs_containers, find_unpinned)


def book(*waivers: Any, **admission: Any) -> Rulebook:
    checks = (*CHECKS, PINNED)
    return rulebook_of(policy_of(admission=admission), {"": waivers}, key=KEY, checks=checks)


def pod(image: str, value: str = "batch") -> dict[str, Any]:
    made = manifest("Pod", value)
    made["spec"]["containers"][0]["image"] = image
    return made


GOOD = pod("registry.example/etl@sha256:0")
BAD = pod("registry.example/etl:1")


def rules_of(decision: Decision) -> set[str]:
    return {finding.rule.id for finding in decision.findings}


def test_today_there_is_one_kind_of_check() -> None:
    assert CHECKS == (PERSONAL_DATA,)
    assert decided(BAD, rulebook_of(policy_of(), {}, key=KEY)).reason is DecisionReason.CLEAN


def test_a_second_check_refuses_what_holds_no_personal_data() -> None:
    assert decided(GOOD, book()).reason is DecisionReason.CLEAN
    decision = decided(BAD, book())
    assert (decision.allowed, rules_of(decision)) == (False, {"demo-image-unpinned"})
    said = "demo-image-unpinned: the image has no digest (name it by digest)."
    assert decision.message == f"{said} gatecli explain demo-image-unpinned"


def test_both_checks_are_told_together() -> None:
    decision = decided(pod("registry.example/etl:1", RESIDENT_ID), book())
    assert rules_of(decision) == {"demo-image-unpinned", "pii-cn-resident-id"}


def test_modes_waivers_and_what_was_there_before_hold_for_it_as_well() -> None:
    assert decided(BAD, book(mode="warn")).reason is DecisionReason.WARNED
    held = waiver("demo-image-unpinned", subject="Pod/etl")
    assert decided(BAD, book(held)).reason is DecisionReason.SUPPRESSED
    labelled = {**BAD, "metadata": {"name": "etl", "labels": {"a": "b"}}}
    assert decided(labelled, book(), operation="UPDATE", oldObject=BAD).allowed
    assert not decided(labelled, book(existing="deny"), operation="UPDATE", oldObject=BAD).allowed
    assert not decided(BAD, book(), operation="UPDATE", oldObject=GOOD).allowed


def test_what_cannot_be_masked_is_refused_in_mask_mode_and_the_rest_is_not_kept_from_it() -> None:
    assert not decided(BAD, book(mode="mask"), Phase.MUTATING).allowed
    masked = decided(pod("registry.example/etl@sha256:0", RESIDENT_ID), book(mode="mask"), Phase.MUTATING)
    assert masked.patch
