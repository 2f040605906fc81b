"""Laws of the webhook: nothing crashes it, nothing passes unsearched, it agrees with the command line."""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from admission.review.admission_review import ReviewError, parse, request_of
from admission.review.judging import Decision, DecisionReason, Phase
from admission.review.rulebook import Rulebook, rulebook_of
from gatecli.gates.policies import read_policy
from tests.property.strategies import trees, words
from tests.support.examples import share
from tests.support.pii_corpus import CHECKED, DISGUISES, LOOK_ALIKES, checked, look_alikes, resident_id
from tests.support.reviews import (
    KEY,
    RESIDENT_ID,
    SSN,
    Told,
    decided,
    judged,
    manifest,
    patched,
    request_for,
    review_of,
    rulebook,
    scanned,
    told,
)

BOOK = rulebook(admission={"existing": "deny"})
TOLERANT = rulebook(admission={"existing": "warn"})
MASKING = rulebook(admission={"mode": "mask", "secretRef": False})
MOVING = rulebook(admission={"mode": "mask", "secretRef": True})
RULES = Path(__file__).resolve().parents[1] / "rules"
POLICY = RULES / "pii-policy.yaml"
EXAMPLES = sorted(RULES.glob("pii-*/*/*.yaml"))


def book_of(policy: Path) -> Rulebook:
    bundle = read_policy(policy, policy.parent)
    return rulebook_of(bundle.policy, {}, key=KEY)


EVERY_PACK = book_of(POLICY)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: "/".join(file.parts[-3:]))
def test_an_example_of_the_rules_is_judged_as_the_command_line_judges_it(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    obj = yaml.safe_load(file.read_text("utf-8"))
    review = tmp_path / "review.json"
    review.write_text(json.dumps(review_of(obj)), "utf-8")
    manifest_ = scanned(file.parent, capsys, "--policy", str(POLICY)).get(file.name, [])
    reviewed = scanned(tmp_path, capsys, "--policy", str(POLICY)).get(review.name, [])
    decision = decided(obj, EVERY_PACK)
    assert told(decision) == manifest_
    assert decision.allowed is (not manifest_)
    assert [found[3] for found in reviewed] == [found[3] for found in manifest_], "one fingerprint everywhere"


def record(text: str, context: tuple[str, ...], number: int) -> dict[str, Any]:
    """A custom resource that holds `text` under the keys of `context`."""
    content: Any = text
    for key in reversed(context or ("value",)):
        content = {key: content}
    head = {"apiVersion": "example.dev/v1", "kind": "Record", "metadata": {"name": f"r-{number}"}}
    return {**head, "spec": content}


def corpus() -> Iterator[dict[str, Any]]:
    """Every entity, every disguise and every look-alike: in a custom resource, a variable and a ConfigMap."""
    source = random.Random(5)  # noqa: S311 - a seed, no secret
    samples = [sample for entity in CHECKED for sample in checked(entity, 3)]
    samples += [sample for kind in LOOK_ALIKES for sample in look_alikes(kind, 3)]
    for number, sample in enumerate(samples):
        yield record(sample.text, sample.context, number)
        yield manifest(
            "Deployment", sample.text, name=f"d-{number}", variable="_".join(sample.context) or "V"
        )
    for number, disguise in enumerate(DISGUISES.values()):
        data = {"note": disguise(resident_id(source))}
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c-{number}"}, "data": data}
    for number, value in enumerate(
        (int(RESIDENT_ID), float(RESIDENT_ID), 13800138000, -1, 10**40, True, None)
    ):
        yield {**record("", (), number), "spec": {"id": value, "person": {"number": value}}}


def test_the_corpora_are_judged_as_the_command_line_judges_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    objects = {f"{number}.json": obj for number, obj in enumerate(corpus())}
    for name, obj in objects.items():
        (tmp_path / name).write_text(json.dumps(obj), "utf-8")
    expected = scanned(tmp_path, capsys, "--policy", str(POLICY))
    found = {name: told(decided(obj, EVERY_PACK)) for name, obj in objects.items()}
    assert {name: held for name, held in found.items() if held} == expected
    assert len(expected) > 100


def test_the_corpora_mean_the_same_in_yaml(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    objects = {f"{number}.yaml": obj for number, obj in enumerate(corpus()) if number % 4 == 0}
    for name, obj in objects.items():
        (tmp_path / name).write_text(yaml.safe_dump(obj, allow_unicode=True, width=10**6), "utf-8")
    expected = scanned(tmp_path, capsys, "--policy", str(POLICY))
    found: dict[str, list[Told]] = {name: told(decided(obj, EVERY_PACK)) for name, obj in objects.items()}
    assert {name: held for name, held in found.items() if held} == expected


KINDS = st.sampled_from(["Pod", "Deployment", "CronJob", "ConfigMap", "Secret", "Service", "Rollout"])
PERSONAL = st.sampled_from([RESIDENT_ID, SSN, f"id {RESIDENT_ID}", "carol.sparrow@corporation.io"])


@st.composite
def objects(draw: st.DrawFn) -> dict[str, Any]:
    """Objects of a kind with anything in them, personal data among it."""
    kind = draw(KINDS)
    obj: dict[str, Any] = {**manifest(kind, "batch"), "metadata": {"name": "a"}}
    leaves = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | words | PERSONAL
    obj["data" if kind == "ConfigMap" else "spec"] = draw(trees(leaves))
    obj["metadata"]["annotations"] = draw(st.dictionaries(words, words | PERSONAL, max_size=3))
    return obj


def active(decision: Decision) -> bool:
    return any(finding.severity.value == "error" for finding in decision.findings)


@given(objects(), st.sampled_from([MASKING, MOVING]))
@settings(max_examples=share(150))
def test_what_masking_leaves_is_valid_and_clean_and_is_not_masked_again(
    obj: dict[str, Any], book: Rulebook
) -> None:
    before = copy.deepcopy(obj)
    decision = decided(obj, book, Phase.MUTATING)
    assert obj == before
    if not decision.allowed:
        assert decision.patch == ()
        return
    after = patched(obj, json.loads(json.dumps(decision.patch)))
    again = decided(after, book, Phase.MUTATING)
    assert (again.patch, again.secrets) == ((), ())
    assert decided(after, book).allowed
    assert not active(decided(after, BOOK))


@given(objects())
@settings(max_examples=share(100))
def test_what_holds_an_error_is_refused_and_nothing_else_is(obj: dict[str, Any]) -> None:
    decision = decided(obj, BOOK)
    assert decision.allowed is not active(decision)
    assert decision.reason is not DecisionReason.NOT_APPLICABLE


@given(objects(), objects())
@settings(max_examples=share(60))
def test_an_update_that_changes_anything_is_searched(old: dict[str, Any], new: dict[str, Any]) -> None:
    new = {**new, "kind": old["kind"], "apiVersion": old["apiVersion"]}
    decision = judged(request_for(new, "UPDATE", oldObject=old), BOOK)
    if decision.reason is not DecisionReason.NOT_APPLICABLE:
        assert decision.allowed is not active(decision)
        return
    assert {**new, "metadata": {}} == {**old, "metadata": {}} or old["kind"] == "Secret"


def errors_of(obj: dict[str, Any]) -> Counter[tuple[str, str]]:
    """Rules and masked values of what closes a gate in `obj`, and how often."""
    found = decided(obj, BOOK)
    acts = zip(found.findings, found.marks, strict=True)
    # Every run of a test has one key, so that a mark is a value.
    return Counter((each.rule.id, mark) for each, mark in acts if each.severity.value == "error")


@given(objects(), objects())
@settings(max_examples=share(80))
def test_an_update_passes_only_with_values_that_were_there(old: dict[str, Any], new: dict[str, Any]) -> None:
    new = {**new, "kind": old["kind"], "apiVersion": old["apiVersion"]}
    if judged(request_for(new, "UPDATE", oldObject=old), TOLERANT).allowed:
        assert errors_of(new) <= errors_of(old)


@given(objects(), st.sampled_from([TOLERANT, MASKING, MOVING]), st.sampled_from(list(Phase)))
@settings(max_examples=share(80))
def test_an_update_of_metadata_alone_passes_and_patches_nothing(
    old: dict[str, Any], book: Rulebook, phase: Phase
) -> None:
    new = {**old, "metadata": {**old["metadata"], "labels": {"team": "a"}, "finalizers": ["a/b"]}}
    decision = judged(request_for(new, "UPDATE", oldObject=old), book, phase)
    assert (decision.allowed, decision.patch, decision.secrets) == (True, (), ())


JUNK = trees(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | PERSONAL)
FIELDS = ("uid", "operation", "kind", "resource", "subResource", "namespace", "name", "userInfo", "dryRun")


@st.composite
def hostile(draw: st.DrawFn) -> Any:
    """A review with personal data in which anything may be wrong, or nothing at all of a review."""
    review: Any = review_of(manifest(draw(st.sampled_from(["Pod", "Job", "ConfigMap", "Secret"]))))
    for field in draw(st.lists(st.sampled_from([*FIELDS, "object", "oldObject"]), max_size=3)):
        if draw(st.booleans()):
            review["request"][field] = draw(JUNK)
        else:
            review["request"].pop(field, None)
    for field in draw(st.lists(st.sampled_from(["metadata", "spec", "kind", "apiVersion"]), max_size=2)):
        if isinstance(review["request"].get("object"), dict):
            review["request"]["object"][field] = draw(JUNK)
    if draw(st.integers(0, 9)) == 0:
        return draw(JUNK)
    return review


def holds(data: Any) -> bool:
    return RESIDENT_ID in json.dumps(data, default=str)


@given(hostile(), st.sampled_from(list(Phase)), st.booleans())
@settings(max_examples=share(400))
def test_no_review_crashes_the_webhook_or_is_allowed_without_a_search(
    review: Any,
    phase: Phase,
    through_json: bool,  # noqa: FBT001 - a strategy draws it
) -> None:
    try:
        request = (
            parse(json.dumps(review).encode("utf-8", "surrogatepass")) if through_json else request_of(review)
        )
    except ReviewError:
        return
    decision = judged(request, BOOK, phase)
    skipped = {"DELETE", "CONNECT"}
    if request.operation.value in skipped or request.kind.name == "Secret":
        return
    kept = {key: value for key, value in (request.object or {}).items() if key != "status"}
    if holds(kept) and request.subresource != "status" and request.object != request.old_object:
        assert not decision.allowed


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_no_review(body: bytes) -> None:
    with pytest.raises(ReviewError):
        parse(body)


@given(st.integers(1, 4), st.integers(0, 4000))
@settings(max_examples=share(20))
def test_depth_and_width_are_no_crash(width: int, depth: int) -> None:
    body = '{"a":' * depth + json.dumps(["x"] * width) + "}" * depth
    review = json.dumps(review_of(manifest("Rollout", "batch"))).replace('"batch"', body)
    try:
        request = parse(review.encode())
    except ReviewError:
        assert depth > 50
        return
    assert judged(request, BOOK).allowed
