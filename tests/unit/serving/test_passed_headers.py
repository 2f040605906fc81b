"""Which headers reach the model, which come back, and which a log may show."""

from __future__ import annotations

from gatecli.model.private_endpoint import EndpointMode
from gatecli.serving.passed_headers import request_headers, response_headers

_ASKED = (
    ("Host", "proxy:8080"),
    ("Connection", "keep-alive, X-Hop"),
    ("X-Hop", "1"),
    ("Transfer-Encoding", "chunked"),
    ("Content-Length", "12"),
    ("Gatecli-Epsilon", "0"),
    ("Content-Type", "application/json"),
    ("Accept", "text/csv"),
    ("Authorization", "Bearer abc"),
    ("traceparent", "00-1-2-01"),
    ("X-Amzn-SageMaker-Custom-Attributes", "team=a"),
    ("x-ms-client-request-id", "7"),
    ("Cookie", "a=b"),
    ("User-Agent", "curl"),
)
_OF_THE_QUESTION = [
    "Content-Type",
    "Accept",
    "Authorization",
    "traceparent",
    "X-Amzn-SageMaker-Custom-Attributes",
    "x-ms-client-request-id",
]


def test_an_attested_model_is_told_all_but_what_is_about_the_connection() -> None:
    names = [name for name, _ in request_headers(_ASKED, EndpointMode.ATTESTED)]
    assert names == [*_OF_THE_QUESTION, "Cookie", "User-Agent"]


def test_a_model_whose_answers_get_noise_is_told_what_it_needs() -> None:
    assert [name for name, _ in request_headers(_ASKED, EndpointMode.NOISY_SCORES)] == _OF_THE_QUESTION


def test_no_header_of_an_answer_comes_back_beside_noise() -> None:
    assert (
        response_headers([("X-Score", "0.93"), ("Content-Type", "text/csv")], EndpointMode.NOISY_SCORES) == ()
    )


def test_an_attested_answer_keeps_its_headers_but_cannot_speak_in_our_name() -> None:
    answer = [
        ("Content-Type", "text/csv"),
        ("X-Gatecli-Mode", "attested"),
        ("Connection", "close"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    ]
    assert response_headers(answer, EndpointMode.ATTESTED) == (answer[0], answer[3], answer[4])
