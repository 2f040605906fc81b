"""Whether a document of access rules lets everyone in: JSON policies as AWS has them, and lists of members.

Other clouds that have AWS's format (Alibaba, Tencent, Huawei, MinIO, Scaleway) spell everyone otherwise.
Source: AWS, "IAM JSON policy elements reference", "The meaning of public"; Google Cloud, "Policy".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from ipaddress import ip_network
from typing import Any, Literal

Answer = Literal["yes", "no", "unknown"]
EVERYONE = frozenset({"allUsers", "allAuthenticatedUsers"})

_ANYONE = re.compile(r"\*|arn:aws[\w-]*:iam::\*:.*|qcs::cam::anyone:anyone|domain/\*.*")
_NARROWING = frozenset(
    {
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourcevpcarn",
        "aws:vpceaccount",
        "aws:vpceorgid",
        "aws:vpceorgpaths",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:sourcearn",
        "aws:sourceaccount",
        "aws:sourceowner",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:userid",
        "aws:username",
        "kms:calleraccount",
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
        "acs:sourcevpc",
        "sourcevpc",
        "sourcevpce",
    }
)
"""Keys that say who asks or from where. `aws:Referer`, `aws:UserAgent` and tags are the asker's own words."""

_FLAGS = frozenset({"aws:principalisawsservice", "elasticfilesystem:accessedviamounttarget"})
_ADDRESSES = frozenset({"aws:sourceip", "aws:vpcsourceip", "acs:sourceip", "qcs:ip", "sourceip"})
_EQUAL = re.compile(r"(?:forany\w+:)?(?:string|arn)(?:equals(?:ignorecase)?|like)|ip_?address|ip_equal")
_UNEQUAL = re.compile(
    r"(?:string|arn)not(?:equals(?:ignorecase)?|like)(?:ifexists)?|notip_?address(?:ifexists)?"
)
_WIDEST = {4: 8, 6: 16}
"""By IP version, the longest prefix that is taken for the whole internet's."""


def document_opens(document: Any, actions: Sequence[str]) -> Answer:
    """Whether a JSON policy lets everyone do one of `actions`; empty: anything."""
    policy = _read_object(document)
    if policy is None:
        return "unknown"
    statements = [each for each in _as_list(_member(policy, "statement")) if isinstance(each, Mapping)]
    allowed = [each for each in statements if _effect(each) == "allow" and _lets_everyone(each, actions)]
    denied = [each for each in statements if _effect(each) == "deny" and _keeps_out(each)]
    is_open = any(not any(_covers(deny, allow, actions) for deny in denied) for allow in allowed)
    return "yes" if is_open else "no"


def members_open(document: Any) -> Answer:
    """Whether an IAM policy of Google Cloud has everyone among its members."""
    policy = _read_object(document)
    if policy is None:
        return "unknown"
    bindings = [each for each in _as_list(policy.get("bindings")) if isinstance(each, Mapping)]
    members = {str(member) for each in bindings for member in _as_list(each.get("members"))}
    return "yes" if members & EVERYONE else "no"


def _read_object(document: Any) -> Mapping[str, Any] | None:
    """An object, or the JSON text of one; None for anything else."""
    try:
        read = json.loads(document) if isinstance(document, str) else document
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, Mapping) else None


def _member(table: Mapping[str, Any], *names: str) -> Any:
    """A member by its name, whose case some clouds do not mind."""
    return next((value for key, value in table.items() if str(key).lower() in names), None)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _effect(statement: Mapping[str, Any]) -> str:
    return str(_member(statement, "effect") or "allow").lower()


def _lets_everyone(statement: Mapping[str, Any], actions: Sequence[str]) -> bool:
    is_everyone = (
        _names_everyone(_member(statement, "principal")) or _member(statement, "notprincipal") is not None
    )
    return is_everyone and any(True for _ in _actions_in(statement, actions)) and not _narrows(statement)


def _names_everyone(principal: Any) -> bool:
    pending = [principal]
    while pending:
        part = pending.pop()
        if isinstance(part, Mapping):
            pending += part.values()
        elif isinstance(part, list):
            pending += part
        elif isinstance(part, str) and _ANYONE.fullmatch(part):
            return True
    return False


def _actions_in(statement: Mapping[str, Any], actions: Sequence[str]) -> Iterator[str]:
    """Which of the actions a statement is about."""
    named, other = _member(statement, "action"), _member(statement, "notaction")
    for action in actions or ("*",):
        if other is not None:
            if not _is_among(action, other):
                yield action
        elif action == "*" or _is_among(action, named):
            yield action


def _is_among(action: str, patterns: Any) -> bool:
    plain = action.lower()
    named = [str(pattern).lower() for pattern in _as_list(patterns)]
    return any(fnmatchcase(plain, pattern) or pattern == plain.rpartition(":")[2] for pattern in named)


def _conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Each condition: operator and key in small letters, and the values."""
    conditions = _member(statement, "condition")
    for operator, keys in conditions.items() if isinstance(conditions, Mapping) else ():
        for key, values in keys.items() if isinstance(keys, Mapping) else ():
            yield str(operator).lower(), str(key).lower(), [str(value) for value in _as_list(values)]


def _narrows(statement: Mapping[str, Any]) -> bool:
    """Whether one of its conditions lets only some in: conditions add up."""
    return any(
        (_EQUAL.fullmatch(operator) is not None and _is_narrow(key, values))
        or (operator == "bool" and key in _FLAGS and values == ["true"])
        for operator, key, values in _conditions(statement)
    )


def _is_narrow(key: str, values: Sequence[str]) -> bool:
    """Values are alternatives: each must leave somebody out."""
    if key in _ADDRESSES:
        return bool(values) and all(_is_narrow_network(value) for value in values)
    return key in _NARROWING and bool(values) and all(_is_narrow_value(value) for value in values)


def _is_narrow_network(value: str) -> bool:
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= _WIDEST[network.version]


def _is_narrow_value(value: str) -> bool:
    if "${" in value:
        return False
    if not value.startswith("arn:"):
        return not ("*" in value or "?" in value)
    account, resource = ([*value.split(":", 5), "", "", "", "", ""])[4:6]
    return account.isdigit() or (not account and resource != "" and resource[0] not in "*?")


def _keeps_out(statement: Mapping[str, Any]) -> bool:
    """Whether a Deny is for everyone but some who are named."""
    if not _names_everyone(_member(statement, "principal")):
        return False
    return _member(statement, "condition") is None or all(
        _UNEQUAL.fullmatch(operator) is not None and _is_narrow(key, values)
        for operator, key, values in _conditions(statement)
    )


def _covers(deny: Mapping[str, Any], allow: Mapping[str, Any], actions: Sequence[str]) -> bool:
    """Whether what one statement allows is denied by another: by its actions and its resources."""
    denied = [str(each) for each in _as_list(_member(deny, "resource"))]
    resources = [str(each) for each in _as_list(_member(allow, "resource"))]
    are_covered = bool(denied) and all(
        any(fnmatchcase(each, by) for by in denied) for each in resources or ["*"]
    )
    if not actions:
        named = [str(each) for each in _as_list(_member(deny, "action"))]
        return are_covered and any(each.rpartition(":")[2] == "*" for each in named)
    return are_covered and set(_actions_in(allow, actions)) <= set(_actions_in(deny, actions))
