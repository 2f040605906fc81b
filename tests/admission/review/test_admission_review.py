"""AdmissionReviews: what is read, and what is refused before anything is judged."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from admission.review.admission_review import (
    DEEPEST,
    Operation,
    ReviewError,
    Type,
    parse,
    request_of,
    response,
    too_deep,
)
from tests.support.reviews import RESIDENT_ID, manifest, request_for, review_of


def test_a_request_holds_what_the_api_server_said() -> None:
    obj = manifest("Deployment")
    request = request_for(obj, dryRun=True, subResource="scale")
    assert (request.operation, request.kind) == (Operation.CREATE, Type("apps", "v1", "Deployment"))
    assert (request.namespace, request.name, request.user) == ("team-a", "etl", "jane")
    assert (request.dry_run, request.subresource) == (True, "scale")
    assert (request.object, request.old_object) == (obj, None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"a": NaN}',
        b'{"a": 1e99999999999999999999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview"}',
    ],
)
def test_a_body_that_is_no_review_is_an_error(body: bytes) -> None:
    with pytest.raises(ReviewError):
        parse(body)


WRONG: list[tuple[str, Any]] = [
    ("uid", None),
    ("uid", ""),
    ("uid", 1),
    ("uid", "u" * 300),
    ("operation", "create"),
    ("operation", None),
    ("operation", ["CREATE"]),
    ("kind", None),
    ("kind", "Pod"),
    ("kind", {"group": "", "version": "v1"}),
    ("kind", {"group": "", "version": "v1", "kind": "Secret"}),
    ("kind", {"group": 1, "version": "v1", "kind": "Job"}),
    ("resource", {}),
    ("subResource", 1),
    ("namespace", {}),
    ("name", []),
    ("userInfo", []),
    ("userInfo", {"username": 1}),
    ("dryRun", "yes"),
    ("object", None),
    ("object", []),
    ("object", "Pod"),
    ("object", {"kind": "Job", "metadata": []}),
    ("object", {"kind": "Job", "metadata": None}),
    ("object", {}),
]


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_field_of_a_wrong_type_is_an_error_that_shows_no_value(field: str, value: Any) -> None:
    review = review_of(manifest("Job"))
    review["request"][field] = value
    with pytest.raises(ReviewError) as caught:
        request_of(review)
    assert RESIDENT_ID not in str(caught.value)


@pytest.mark.parametrize("field", ["uid", "operation", "kind", "resource", "object"])
def test_a_missing_field_is_an_error(field: str) -> None:
    review = review_of(manifest("Job"))
    del review["request"][field]
    with pytest.raises(ReviewError):
        request_of(review)


def test_an_update_without_the_old_object_is_an_error() -> None:
    with pytest.raises(ReviewError):
        request_for(manifest("Job"), "UPDATE")


@pytest.mark.parametrize("make", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_depth_is_bounded_and_walked_without_recursion(make: Any) -> None:
    data: Any = "x"
    for _ in range(DEEPEST):
        data = make(data)
    assert not too_deep(data)
    for _ in range(100_000):
        data = make(data)
    assert too_deep(data)


def test_a_refusal_has_a_code_and_a_message() -> None:
    assert response("u", allowed=False, message="no")["response"] == {
        "uid": "u",
        "allowed": False,
        "status": {"code": 403, "message": "no"},
    }


def test_an_allowance_has_a_patch_only_where_there_is_one() -> None:
    patch = [{"op": "replace", "path": "/a", "value": "\ud800"}]
    answer = response("u", allowed=True, warnings=["w"], annotations={"a": "b"}, patch=patch)["response"]
    assert json.loads(base64.b64decode(answer["patch"])) == patch
    assert answer["patchType"] == "JSONPatch"
    assert response("u", allowed=True)["response"] == {"uid": "u", "allowed": True}


def test_a_refusal_never_carries_a_patch() -> None:
    assert "patch" not in response("u", allowed=False, patch=[{"op": "replace"}])["response"]
