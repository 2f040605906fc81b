"""The contracts of the platforms: what each one calls, and where the model answers it."""

from __future__ import annotations

import pytest

from gatecli.model.private_endpoint import MEBIBYTE, EndpointPlatform
from gatecli.serving.platforms import PLATFORMS, FoundRoute, RouteKind, find_route, ready_url

_UPSTREAM = {
    "sagemaker": "http://127.0.0.1:8081/invocations",
    "azureml": "http://127.0.0.1:8081/score",
    "kserve": "http://127.0.0.1:8081",
    "plain": "http://127.0.0.1:8081/predict",
}


def _find(platform: str, method: str, target: str, upstream: str | None = None) -> FoundRoute | None:
    contract = PLATFORMS[EndpointPlatform(platform)]
    return find_route(contract, upstream or _UPSTREAM[platform], method, target)


@pytest.mark.parametrize(
    ("platform", "target", "path"),
    [
        ("sagemaker", "/invocations", "/invocations"),
        ("azureml", "/score", "/score"),
        ("kserve", "/v1/models/churn:predict", "/v1/models/churn:predict"),
        ("kserve", "/v2/models/churn/infer", "/v2/models/churn/infer"),
        ("kserve", "/v2/models/churn/versions/7/infer", "/v2/models/churn/versions/7/infer"),
        ("plain", "/predict", "/predict"),
        ("plain", "/predict/churn:raw", "/predict/churn:raw"),
        ("plain", "/predict/", "/predict/"),
    ],
)
def test_a_question_reaches_the_model(platform: str, target: str, path: str) -> None:
    assert _find(platform, "POST", target) == FoundRoute(RouteKind.PREDICT, f"http://127.0.0.1:8081{path}")


@pytest.mark.parametrize(
    ("platform", "target", "kind"),
    [
        ("sagemaker", "/ping", RouteKind.READY),
        ("azureml", "/", RouteKind.LIVE),
        ("kserve", "/", RouteKind.LIVE),
        ("kserve", "/v2/health/live", RouteKind.LIVE),
        ("kserve", "/v2/health/ready", RouteKind.READY),
        ("kserve", "/v2/models/churn/ready", RouteKind.READY),
        ("kserve", "/v2/models/churn/versions/7/ready", RouteKind.READY),
        *[(each.value, "/healthz", RouteKind.LIVE) for each in EndpointPlatform],
        *[(each.value, "/readyz", RouteKind.READY) for each in EndpointPlatform],
    ],
)
def test_the_proxy_answers_by_itself_how_it_is(platform: str, target: str, kind: RouteKind) -> None:
    assert _find(platform, "GET", target) == FoundRoute(kind, None)


@pytest.mark.parametrize(
    ("platform", "target"),
    [
        ("sagemaker", "/execution-parameters"),
        ("azureml", "/swagger.json"),
        ("kserve", "/v1/models"),
        ("kserve", "/v1/models/churn"),
        ("kserve", "/v2"),
        ("kserve", "/v2/models/churn"),
        ("kserve", "/v2/models/churn/versions/7"),
    ],
)
def test_what_a_model_says_of_itself_is_asked_of_it(platform: str, target: str) -> None:
    found = FoundRoute(RouteKind.METADATA, f"http://127.0.0.1:8081{target}")
    assert _find(platform, "GET", target) == found


@pytest.mark.parametrize(
    ("platform", "method", "target"),
    [
        ("sagemaker", "GET", "/invocations"),
        ("sagemaker", "post", "/invocations"),
        ("sagemaker", "POST", "/ping"),
        ("sagemaker", "POST", "/models/other/invoke"),
        ("azureml", "POST", "/"),
        ("azureml", "POST", "/score/"),
        ("azureml", "OPTIONS", "*"),
        ("kserve", "POST", "/v1/models/churn:explain"),
        ("kserve", "POST", "/v2/repository/models/churn/load"),
        ("kserve", "POST", "/v2/models/churn/unload"),
        ("kserve", "POST", "/v2/models/../infer"),
        ("kserve", "POST", "/v1/models/..:predict"),
        ("plain", "POST", "/"),
        ("plain", "POST", "/predictions"),
        ("plain", "POST", "/admin"),
        ("plain", "GET", "/predict"),
        ("plain", "POST", "?a=1"),
    ],
)
def test_nothing_else_is_a_request_of_the_platform(platform: str, method: str, target: str) -> None:
    assert _find(platform, method, target) is None


@pytest.mark.parametrize("platform", list(EndpointPlatform))
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_the_paths_of_the_proxy_are_never_the_models(
    platform: EndpointPlatform, method: str, path: str
) -> None:
    found = find_route(PLATFORMS[platform], "http://127.0.0.1:8081", method, path)
    assert found is None or found.url is None


def test_sagemakers_question_goes_to_whatever_address_the_document_names() -> None:
    url = "http://127.0.0.1:8081/v1/models/churn:predict"
    assert _find("sagemaker", "POST", "/invocations", url) == FoundRoute(RouteKind.PREDICT, url)


def test_a_query_is_passed_on_behind_the_documents_own() -> None:
    found = _find("azureml", "POST", "/score?verbose=1", "http://model:5001/score?version=2")
    assert found == FoundRoute(RouteKind.PREDICT, "http://model:5001/score?version=2&verbose=1")


def test_a_path_of_kserve_is_put_behind_the_base() -> None:
    found = _find("kserve", "POST", "/v2/models/churn/infer", "https://models.internal/team/")
    assert found == FoundRoute(RouteKind.PREDICT, "https://models.internal/team/v2/models/churn/infer")


def test_every_path_is_below_a_plain_model_without_one() -> None:
    found = _find("plain", "POST", "/anything/at-all", "http://model:9000")
    assert found == FoundRoute(RouteKind.PREDICT, "http://model:9000/anything/at-all")


@pytest.mark.parametrize(
    ("platform", "url"),
    [
        ("sagemaker", "http://127.0.0.1:8081/ping"),
        ("azureml", "http://127.0.0.1:8081/"),
        ("kserve", "http://127.0.0.1:8081/v2/health/ready"),
        ("plain", None),
    ],
)
def test_the_model_is_asked_whether_it_is_ready(platform: str, url: str | None) -> None:
    assert ready_url(PLATFORMS[EndpointPlatform(platform)], _UPSTREAM[platform]) == url


def test_a_base_with_a_path_is_asked_below_it() -> None:
    contract = PLATFORMS[EndpointPlatform.KSERVE]
    assert ready_url(contract, "http://models/team/") == "http://models/team/v2/health/ready"


def test_every_platform_has_its_contract_and_limits() -> None:
    assert set(PLATFORMS) == set(EndpointPlatform)
    limits = {
        platform.value: (contract.port, contract.request_bytes // MEBIBYTE, contract.seconds)
        for platform, contract in PLATFORMS.items()
    }
    assert limits == {
        "sagemaker": (8080, 25, 60),
        "azureml": (5001, 10, 180),
        "kserve": (8080, 10, 60),
        "plain": (8080, 10, 60),
    }
