"""AdmissionReview v1: a stranger's bytes to a typed request, or one error; and the response.

Source: Kubernetes API reference, admission.k8s.io/v1. Nothing here is lenient: what cannot be read is
never answered with an allowance.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, NoReturn

from gatecli.errors import UncheckableError

API_VERSION = "admission.k8s.io/v1"
KIND = "AdmissionReview"
DEEPEST = 100
"""Levels of nesting, as in the files of the command line."""
LONGEST_UID = 256
FORBIDDEN = 403

Object = dict[str, Any]

_NESTED = (dict, list)
_NESTING = frozenset(_NESTED)


class ReviewError(UncheckableError):
    """The body is not a valid AdmissionReview: it is answered with 400, never allowed."""


class Operation(StrEnum):
    """What a user does."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    CONNECT = "CONNECT"


@dataclass(frozen=True, slots=True)
class Type:
    """A kind (`apps/v1 Deployment`) or a resource (`apps/v1 deployments`)."""

    group: str
    version: str
    name: str


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """What the API server asks about. Its `repr` shows no object.

    `namespace` is empty for what stands in none, `name` where the server has yet to generate one.
    """

    uid: str
    operation: Operation
    kind: Type
    resource: Type
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    user: str = ""
    dry_run: bool = False
    object: Object | None = field(default=None, repr=False)
    old_object: Object | None = field(default=None, repr=False)


def parse(body: bytes) -> ReviewRequest:
    """The request in a body. Raises `ReviewError` if it is not a review; the text holds no value."""
    try:
        data = _DECODER.decode(body.decode("utf-8"))
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ReviewError("the body is not JSON", advice="send an AdmissionReview as JSON") from error
    return request_of(data)


def _no_number(_literal: str) -> NoReturn:
    raise ValueError("JSON has no such number")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number)


def request_of(review: object) -> ReviewRequest:
    """The request in parsed JSON. Raises `ReviewError`."""
    if too_deep(review):
        raise _malformed_review(f"it is nested deeper than {DEEPEST} levels")
    head = _mapping(review, "the body")
    if head.get("apiVersion") != API_VERSION or head.get("kind") != KIND:
        raise _malformed_review(f"it is not an {API_VERSION} {KIND}")
    data = _mapping(head.get("request"), "request")
    operation = _operation(data.get("operation"))
    kind = _type(data.get("kind"), "kind")
    request = ReviewRequest(
        uid=_uid(data.get("uid")),
        operation=operation,
        kind=kind,
        resource=_type(data.get("resource"), "resource"),
        subresource=_text(data, "subResource"),
        namespace=_text(data, "namespace"),
        name=_text(data, "name"),
        user=_text(_mapping(data.get("userInfo", {}), "userInfo"), "username"),
        dry_run=_flag(data.get("dryRun")),
        object=_object(data.get("object"), "object", kind, operation),
        old_object=_object(data.get("oldObject"), "oldObject", kind, operation),
    )
    if operation in {Operation.CREATE, Operation.UPDATE} and request.object is None:
        raise _malformed_review("request.object is missing")
    if operation is Operation.UPDATE and request.old_object is None:
        raise _malformed_review("request.oldObject is missing")
    return request


def too_deep(data: object, deepest: int = DEEPEST) -> bool:
    """Whether lists and mappings stand in each other more than `deepest` times; no recursion."""
    level = [data] if isinstance(data, dict | list) else []
    for _ in range(deepest + 1):
        below: list[Any] = []
        for value in level:
            children = value.values() if type(value) is dict else value
            if not _NESTING.isdisjoint(map(type, children)):
                below += [child for child in children if isinstance(child, _NESTED)]
        if not below:
            return False
        level = below
    return True


def _malformed_review(problem: str) -> ReviewError:
    message = f"the AdmissionReview cannot be judged: {problem}"
    return ReviewError(message, advice="send what the API server sends")


def _mapping(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _malformed_review(f"{name} is not a mapping")
    return value


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _malformed_review(f"{key} is not text")
    return value


def _uid(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_UID:
        raise _malformed_review("request.uid is not text of a usable length")
    return value


def _flag(value: object) -> bool:
    if value is not None and not isinstance(value, bool):
        raise _malformed_review("request.dryRun is neither true nor false")
    return value is True


def _operation(value: object) -> Operation:
    if not isinstance(value, str) or value not in set(Operation):
        raise _malformed_review("request.operation is none of " + ", ".join(Operation))
    return Operation(value)


def _type(value: object, name: str) -> Type:
    data = _mapping(value, f"request.{name}")
    kind = Type(_text(data, "group"), _text(data, "version"), _text(data, name))
    if not kind.version or not kind.name:
        raise _malformed_review(f"request.{name} is incomplete")
    return kind


def _object(value: object, name: str, kind: Type, operation: Operation) -> Object | None:
    """An object of the kind that is asked about; the server makes sure of that, a stranger may not."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _malformed_review(f"request.{name} is not a mapping")
    if operation is not Operation.CONNECT and value.get("kind") != kind.name:
        raise _malformed_review(f"request.{name} is not of request.kind")
    if not isinstance(value.get("metadata", {}), dict):
        raise _malformed_review(f"request.{name}.metadata is not a mapping")
    return value


def response(
    uid: str,
    *,
    allowed: bool,
    message: str = "",
    code: int = FORBIDDEN,
    warnings: Sequence[str] = (),
    annotations: Mapping[str, str] | None = None,
    patch: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """An AdmissionReview that answers `uid`; `code` and `message` go with a refusal only.

    `patch` is an RFC 6902 JSON Patch; an empty one is left out, as the API server wants it.
    """
    answer: dict[str, Any] = {"uid": uid, "allowed": allowed}
    if not allowed:
        answer["status"] = {"code": code, "message": message}
    if warnings:
        answer["warnings"] = list(warnings)
    if annotations:
        answer["auditAnnotations"] = dict(annotations)
    if allowed and patch:
        answer["patchType"] = "JSONPatch"
        answer["patch"] = base64.b64encode(json.dumps(list(patch)).encode()).decode()
    return {"apiVersion": API_VERSION, "kind": KIND, "response": answer}
