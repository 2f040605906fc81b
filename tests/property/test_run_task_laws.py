"""Laws of the run task: nothing unsigned is read, nothing leads off the list, all that is sent is bounded."""

from __future__ import annotations

import json
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from gatecli.run_tasks.egress_allowlist import EgressForbiddenError, Targets
from gatecli.run_tasks.message import MessageError, is_signed, task_of
from gatecli.run_tasks.settings import HCP_TERRAFORM
from gatecli.run_tasks.task_results import payload, result_of
from tests.property.strategies import trees
from tests.support.hcp_terraform import KEY, Stub, is_result, signature

TARGETS = Targets(HCP_TERRAFORM, ())
TASK = Stub(port=443).task()
BODY = json.dumps(TASK).encode()
PIECES = st.sampled_from(
    (
        *("https:", "http:", "//", "/", "\\", "@", ":", ":443", "#", "?", "[", "]", ".", "%2e", "%00"),
        *("app.terraform.io", "evil.example", "127.0.0.1", "user", "\u3002", "\uff41", "\t", "\n", " "),
    )
)
TEXTS = st.text(st.characters(codec=None), max_size=400)


@given(st.lists(PIECES, max_size=10).map("".join) | st.text())
def test_a_url_that_may_be_asked_is_of_the_list_by_every_parser(text: str) -> None:
    for each in (text, f"https://{text}", f"https://app.terraform.io{text}"):
        try:
            url = TARGETS.url(each)
        except EgressForbiddenError:
            continue
        other = urlsplit(each)
        assert (url.scheme, other.scheme.lower()) == ("https", "https")
        assert ((url.host or "").lower(), url.port) in HCP_TERRAFORM
        assert (other.hostname, other.port or 443) in HCP_TERRAFORM


def may_be_reached(address: IPv4Address | IPv6Address) -> bool:
    try:
        TARGETS.address(str(address))
    except EgressForbiddenError:
        return False
    return True


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_judged_as_itself(address: IPv4Address) -> None:
    number = int(address)
    expected = address.is_global and not address.is_multicast
    assert may_be_reached(address) == expected
    assert may_be_reached(IPv6Address(0xFFFF << 32 | number)) == expected
    assert may_be_reached(IPv6Address(0x64FF9B << 96 | number)) == expected
    if not expected:
        assert not may_be_reached(IPv6Address(0x2002 << 112 | number << 80))


@given(st.integers(0, len(BODY) * 8 - 1))
def test_one_changed_bit_breaks_the_signature(bit: int) -> None:
    changed = bytearray(BODY)
    changed[bit // 8] ^= 1 << bit % 8
    assert is_signed(BODY, [signature(BODY)], KEY.encode())
    assert not is_signed(bytes(changed), [signature(BODY)], KEY.encode())


@given(
    st.binary() | st.sampled_from(sorted(TASK)).flatmap(lambda key: trees().map(lambda it: changed(key, it)))
)
def test_what_is_signed_is_a_task_a_test_or_refused(body: bytes) -> None:
    try:
        task = task_of(body)
    except MessageError:
        return
    if task is not None:
        for text in (task.token, task.callback, task.plan, task.id, task.run):
            assert text.isascii()
            assert not any(char.isspace() for char in text)


def changed(key: str, value: Any) -> bytes:
    return json.dumps(TASK | {key: value}, default=str).encode()


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=60), st.booleans(), st.integers(0, 4))
def test_whatever_is_found_what_is_sent_is_bounded_and_as_the_protocol_has_it(
    found: list[tuple[str, str, str]],
    takes_outcomes: bool,  # noqa: FBT001 - Hypothesis calls it by name
    code: int,
) -> None:
    findings = [
        {
            "rule": "tf-dataset-ungated",
            "severity": "error",
            "message": message,
            "subject": subject,
            "pointer": None,
            "remediation": mend,
            "url": "https://gatecli.dev/rules/",
            "suppressed": None,
        }
        for message, subject, mend in found
    ]
    report = {
        "schema": "gatecli/report/v1",
        "gate": "terraform",
        "verdict": "fail" if code else "pass",
        "exit_code": code,
        "policy": {"name": "default", "sha256": ""},
        "checked": [],
        "findings": findings,
        "summary": {"error": len(found), "warning": 0, "note": 0, "suppressed": 0},
    }
    result = result_of(code, json.dumps(report).encode(), "")
    assert result.status == "failed"
    sent = payload(result, takes_outcomes=takes_outcomes)
    assert len(sent) < 1 << 20
    assert is_result("application/vnd.api+json", sent)
