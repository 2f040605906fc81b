"""Which headers a proxy passes on to the model and back. None of them is logged."""

from __future__ import annotations

from collections.abc import Iterable

from gatecli.model.private_endpoint import EndpointMode

Header = tuple[str, str]

# RFC 9110, 7.6.1: they are about one connection. `Expect` is answered by whoever reads the body. A length is
# said anew by whoever writes a body, which may be another one than came in.
_OF_ONE_HOP = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# By them a body was searched: whoever reads it must read it as the same.
_OF_THE_BODY = frozenset({"content-encoding", "content-type"})
OF_THE_BYTES = frozenset(
    {
        "content-digest",
        "content-encoding",
        "content-md5",
        "digest",
        "etag",
        "repr-digest",
        "signature",
        "signature-input",
    }
)
"""What is said of the bytes of a body, and of no other ones. A digest of few values tells the value."""
OF_A_SEARCH = frozenset({"accept-encoding", "if-range", "range"})
"""What would bring an answer that no search reads: packed in another way, or in pieces."""
# What a model may not say in our name, and a caller may not say to the model.
_OURS = ("gatecli-", "x-gatecli-")
# What a model needs to read a question, and to be found in a trace.
_OF_A_QUESTION = frozenset(
    {"accept", "authorization", "baggage", "content-type", "traceparent", "tracestate", "x-request-id"}
)
_OF_PLATFORMS = ("x-amzn-sagemaker-", "x-ms-")


def request_headers(headers: Iterable[Header], mode: EndpointMode) -> tuple[Header, ...]:
    """What the model is told of a request: in mode `attested` all but what is about the connection.

    The content's encoding stays: who reads the body decompressed must leave it out.
    """
    given = tuple(headers)
    left_out = _named_by_connection(given) | _OF_ONE_HOP | {"host"}
    kept = (
        (name, value)
        for name, value in given
        if name.lower() not in left_out and not name.lower().startswith(_OURS)
    )
    return tuple(
        header for header in kept if mode is EndpointMode.ATTESTED or _is_of_a_question(header[0].lower())
    )


def response_headers(headers: Iterable[Header], mode: EndpointMode) -> tuple[Header, ...]:
    """What a caller is told of the model's answer; in a mode with noise nothing, since no header got any."""
    if mode is not EndpointMode.ATTESTED:
        return ()
    given = tuple(headers)
    left_out = _named_by_connection(given) | _OF_ONE_HOP
    return tuple(
        (name, value)
        for name, value in given
        if name.lower() not in left_out and not name.lower().startswith(_OURS)
    )


def _is_of_a_question(name: str) -> bool:
    return name in _OF_A_QUESTION or name.startswith(_OF_PLATFORMS)


def _named_by_connection(headers: tuple[Header, ...]) -> frozenset[str]:
    """What the connection ends with; not what a body was searched by: no caller hides it from a model."""
    named = (
        each.strip().lower()
        for name, value in headers
        if name.lower() == "connection"
        for each in value.split(",")
    )
    return frozenset(named) - _OF_THE_BODY
