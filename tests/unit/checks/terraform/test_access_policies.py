"""Policies that let everyone in, and what closes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gatecli.checks.terraform.access_policies import document_opens, members_open

READS = ("s3:GetObject", "s3:ListBucket")
ALL = "arn:aws:s3:::open/*"


def allow(principal: Any = "*", action: Any = "s3:GetObject", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": ALL} | more


def deny(**more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"} | more


def under(operator: str, key: str, value: Any) -> dict[str, Any]:
    return {"Condition": {operator: {key: value}}}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.mark.parametrize(
    "statement",
    [
        allow(),
        allow({"AWS": "*"}),
        allow({"AWS": ["arn:aws:iam::111122223333:root", "*"]}),
        allow({"AWS": "arn:aws:iam::*:root"}),
        allow({"CanonicalUser": "x", "AWS": ["*"]}),
        allow({"qcs": ["qcs::cam::anyone:anyone"]}, "name/s3:GetObject") | {"Action": "s3:*"},
        allow({"ID": "*"}, "GetObject"),
        {"Effect": "Allow", "NotPrincipal": {"AWS": "x"}, "Action": "s3:GetObject", "Resource": ALL},
        allow(action="*"),
        allow(action="s3:*"),
        allow(action="s3:Get*"),
        allow(action=["s3:PutObject", "S3:GETOBJECT"]),
        {"Effect": "Allow", "Principal": "*", "NotAction": "s3:PutObject", "Resource": ALL},
        {"effect": "Allow", "principal": "*", "action": "s3:GetObject"},
        allow(**under("Bool", "aws:SecureTransport", "true")),
        allow(**under("StringLike", "aws:Referer", "https://example.org/*")),
        allow(**under("StringEquals", "aws:UserAgent", "us")),
        allow(**under("StringEquals", "aws:PrincipalTag/team", "us")),
        allow(**under("StringNotEquals", "aws:PrincipalOrgID", "o-1")),
        allow(**under("StringEqualsIfExists", "aws:SourceVpce", "vpce-1")),
        allow(**under("ForAllValues:StringEquals", "aws:PrincipalOrgID", "o-1")),
        allow(**under("StringLike", "aws:PrincipalOrgID", "o-*")),
        allow(**under("StringEquals", "aws:PrincipalOrgID", ["o-1", "*"])),
        allow(**under("StringEquals", "aws:PrincipalAccount", "${aws:PrincipalAccount}")),
        allow(**under("ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:*")),
        allow(**under("IpAddress", "aws:SourceIp", "0.0.0.0/0")),
        allow(**under("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "::/0"])),
        allow(**under("IpAddress", "aws:SourceIp", ["0.0.0.0/1", "128.0.0.0/1"])),
        allow(**under("IpAddress", "aws:SourceIp", "everywhere")),
        allow(**under("NotIpAddress", "aws:SourceIp", "10.0.0.0/8")),
        allow(**under("Null", "aws:PrincipalOrgID", "false")),
    ],
    ids=str,
)
def test_a_statement_for_everyone_opens(statement: dict[str, Any]) -> None:
    assert document_opens(policy(statement), READS) == "yes"


@pytest.mark.parametrize(
    "statement",
    [
        allow({"AWS": "arn:aws:iam::111122223333:root"}),
        allow({"Service": "cloudfront.amazonaws.com"}),
        allow(action="s3:PutObject"),
        allow(Effect="Deny"),
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ALL},
        {"Effect": "Allow", "Principal": "*", "NotAction": "s3:*", "Resource": ALL},
        allow(**under("StringEquals", "aws:PrincipalOrgID", "o-1")),
        allow(**under("StringEquals", "AWS:SourceVpce", ["vpce-1", "vpce-2"])),
        allow(**under("StringEquals", "aws:SourceAccount", "111122223333")),
        allow(**under("ArnLike", "aws:SourceArn", "arn:aws:sns:*:111122223333:*")),
        allow(**under("ArnEquals", "aws:SourceArn", "arn:aws:s3:::mine")),
        allow(**under("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", "o-1/r-1/")),
        allow(**under("IpAddress", "aws:SourceIp", "192.0.2.0/24")),
        allow(**under("Bool", "aws:PrincipalIsAWSService", "true")),
        allow(
            Condition={"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:SourceVpc": "vpc-1"}}
        ),
    ],
    ids=str,
)
def test_a_statement_for_some_does_not(statement: dict[str, Any]) -> None:
    assert document_opens(policy(statement), READS) == "no"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (deny(), "no"),
        (deny(Action=["s3:GetObject"], Resource=ALL), "no"),
        (deny(**under("StringNotEquals", "aws:SourceVpce", "vpce-1")), "no"),
        (deny(**under("NotIpAddress", "aws:SourceIp", "192.0.2.0/24")), "no"),
        (deny(**under("Bool", "aws:SecureTransport", "false")), "yes"),
        (deny(**under("StringNotLike", "aws:PrincipalOrgID", "*")), "yes"),
        (deny(Action="s3:PutObject"), "yes"),
        (deny(Resource="arn:aws:s3:::other/*"), "yes"),
        (deny(Principal={"AWS": "arn:aws:iam::111122223333:root"}), "yes"),
    ],
    ids=str,
)
def test_a_denial_closes_what_it_covers(statement: dict[str, Any], expected: str) -> None:
    assert document_opens(policy(allow(), statement), READS) == expected


def test_one_open_statement_among_others_opens() -> None:
    closed = allow(**under("StringEquals", "aws:PrincipalOrgID", "o-1"))
    assert document_opens(policy(closed, allow()), READS) == "yes"


def test_without_actions_any_of_them_opens() -> None:
    assert document_opens(policy(allow(action="sqs:SendMessage")), ()) == "yes"
    assert document_opens(policy(allow(action="sqs:SendMessage"), deny(Action="sqs:Receive*")), ()) == "yes"
    assert document_opens(policy(allow(action="sqs:SendMessage"), deny(Action="sqs:*")), ()) == "no"


@pytest.mark.parametrize("document", ["{", "[" * 100_000, "[]", 3, None])
def test_what_is_no_policy_is_unknown(document: Any) -> None:
    assert document_opens(document, READS) == "unknown"
    assert members_open(document) == "unknown"


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (["user:a@example.org", "allUsers"], "yes"),
        (["allAuthenticatedUsers"], "yes"),
        (["domain:example.org"], "no"),
        ([], "no"),
    ],
)
def test_members_of_everyone_open(members: list[str], expected: str) -> None:
    assert members_open(json.dumps({"bindings": [{"role": "r", "members": members}]})) == expected
