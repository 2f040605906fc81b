"""Who can listen on the way, and whether an address is one."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.serving.addresses import (
    LOCAL,
    ModelAddress,
    address_of,
    is_everywhere,
    listener_of,
)
from gatecli.checks.serving.interface import SPEC, EndpointContext, EndpointSubject, finding_at
from gatecli.listening import is_loopback
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.private_endpoint import EndpointPlatform

INVALID_ADDRESS = Rule("serve-invalid-address", Severity.ERROR, "An address of an endpoint is not one")
PASSWORD_IN_ADDRESS = Rule(
    "serve-password-in-address", Severity.ERROR, "An address of a model holds a user or a password"
)
LOOP = Rule("serve-upstream-loop", Severity.ERROR, "An endpoint is its own upstream")
PLAIN_LISTENER = Rule(
    "serve-plain-listener", Severity.WARNING, "An endpoint takes plain HTTP from other machines"
)
PLAIN_UPSTREAM = Rule(
    "serve-plain-upstream", Severity.WARNING, "An endpoint asks a model on another machine by plain HTTP"
)

LISTEN, UPSTREAM = f"{SPEC}/listen", f"{SPEC}/upstream"
_FRONTED = frozenset({EndpointPlatform.SAGEMAKER, EndpointPlatform.AZUREML})
"""Platforms that end TLS before the container and ask it by plain HTTP: no container can change that."""


def find_network_faults(subject: EndpointSubject, _context: EndpointContext) -> Iterator[Finding]:
    """Each address by itself, and the upstream against the listener."""
    yield from _find_listener(subject)
    for pointer, url in _addresses_of(subject):
        address = address_of(url)
        if address is None:
            yield finding_at(
                INVALID_ADDRESS,
                subject,
                pointer,
                "the address is not one of HTTP",
                "write one such as http://127.0.0.1:8081/invocations",
            )
        else:
            yield from _find_in_address(subject, pointer, address)


def _find_listener(subject: EndpointSubject) -> Iterator[Finding]:
    spec = subject.spec
    given = [(LISTEN, spec.listen)]
    if spec.metrics is not None:
        given.append((f"{SPEC}/metrics/listen", spec.metrics.listen))
    for pointer, text in given:
        if listener_of(text) is None:
            yield finding_at(
                INVALID_ADDRESS,
                subject,
                pointer,
                "the address is not ADDRESS:PORT",
                "write one such as 127.0.0.1:8080; an IPv6 address stands in brackets",
            )
    listener = listener_of(spec.listen)
    is_open = listener is not None and not is_loopback(listener[0])
    if is_open and spec.tls is None and spec.upstream.platform not in _FRONTED:
        yield finding_at(
            PLAIN_LISTENER,
            subject,
            LISTEN,
            "other machines reach this port, and what they send and get is not encrypted",
            "name spec.tls, or listen on 127.0.0.1 behind what ends TLS on this machine",
        )


def _addresses_of(subject: EndpointSubject) -> Iterator[tuple[str, str]]:
    upstream, votes = subject.spec.upstream, subject.spec.votes
    if upstream.url is not None:
        yield f"{UPSTREAM}/url", upstream.url
    if upstream.ready_url is not None:
        yield f"{UPSTREAM}/readyUrl", upstream.ready_url
    for number, model in enumerate(() if votes is None else votes.models):
        yield f"{SPEC}/votes/models/{number}/url", model.url


def _find_in_address(subject: EndpointSubject, pointer: str, address: ModelAddress) -> Iterator[Finding]:
    if address.has_password:
        yield finding_at(
            PASSWORD_IN_ADDRESS,
            subject,
            pointer,
            "the address holds a user or a password, for everybody who reads the document or a log",
            "leave it out: the endpoint passes on the key or token of each caller",
        )
    if _is_own(subject, address):
        yield finding_at(
            LOOP,
            subject,
            pointer,
            f"the address is the endpoint's own port ({subject.spec.listen}): it would ask itself",
            "name the port of the model",
        )
    if address.is_plain:
        yield finding_at(
            PLAIN_UPSTREAM,
            subject,
            pointer,
            "the model is on another machine and is asked by plain HTTP: others on the way read questions, "
            "and answers without noise",
            "use https, or run the model on this machine (127.0.0.1)",
        )


def _is_own(subject: EndpointSubject, address: ModelAddress) -> bool:
    listener = listener_of(subject.spec.listen)
    if listener is None or listener[1] != address.port:
        return False
    host = listener[0]
    if address.host == LOCAL:
        return is_everywhere(host) or is_loopback(host)
    return address.host == host.lower()


RULES: tuple[Rule, ...] = (INVALID_ADDRESS, PASSWORD_IN_ADDRESS, LOOP, PLAIN_LISTENER, PLAIN_UPSTREAM)
