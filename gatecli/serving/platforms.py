"""The contracts of the platforms that serve models: routes, limits and readiness, as data.

A path is compared as it came, byte by byte, without decoding, changing case or resolving dots. A path that
the model's server might read differently therefore matches no route, and is never passed on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import SplitResult, urlsplit, urlunsplit

from gatecli.model.private_endpoint import MEBIBYTE, EndpointPlatform


class RouteKind(StrEnum):
    """What a request asks for."""

    PREDICT = "predict"
    """An answer of the model: what the mode of the document is about."""
    LIVE = "live"
    """Whether the process runs. The proxy answers by itself."""
    READY = "ready"
    """Whether a question would be answered. The proxy answers by itself, and asks the model before."""
    METADATA = "metadata"
    """What the server or the model says of itself: passed on in mode `attested` alone."""


class AddressKind(StrEnum):
    """What `upstream.url` names."""

    QUESTION = "question"
    """The one address that takes questions, whatever path the platform calls."""
    BASE = "base"
    """What the path of the request is put behind."""
    PREFIX = "prefix"
    """The address that takes questions, and all below it: the path of the request is kept."""


@dataclass(frozen=True)
class Route:
    """One line of a contract; the whole path must match."""

    method: str
    path: re.Pattern[str]
    kind: RouteKind


@dataclass(frozen=True)
class PlatformContract:
    """What a platform calls, how much it sends, and how long it waits."""

    routes: tuple[Route, ...]
    address: AddressKind
    port: int
    """Where the platform expects the container's server."""
    request_bytes: int
    """The longest body: the platform's own limit, or ours where it publishes none."""
    seconds: int
    """How long the platform waits for an answer, or for the first bytes of a stream."""
    stream_seconds: int
    """How long it waits for the end of a stream."""
    ready_path: str | None
    """Where the model says that it is ready; None where the platform has no such path."""


@dataclass(frozen=True)
class FoundRoute:
    """What one request asks for, and where the model answers it."""

    kind: RouteKind
    url: str | None
    """Of the model, with the query; None where the proxy answers by itself."""


# No percent sign, so nothing is left to decode; no "." or ".." as a whole segment; no empty segment.
_SEGMENT = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9._~+=@,-]+"
_BELOW = rf"(?=/)(?:/{_SEGMENT}(?::[A-Za-z]+)?)*/?"
_QUERY = re.compile(r"[!-\"$-~]*")
_NAME = r"(?!\.{1,2}(?:[/:]|$))[A-Za-z0-9._~-]+"
_V2_MODEL = rf"/v2/models/{_NAME}(?:/versions/{_NAME})?"


def _route(method: str, path: str, kind: RouteKind) -> Route:
    return Route(method, re.compile(path), kind)


# The proxy's own, on every platform: no request for them reaches a model.
OWN_ROUTES = (
    _route("GET", "/healthz", RouteKind.LIVE),
    _route("GET", "/readyz", RouteKind.READY),
)
OWN_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})

# https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html: port 8080, `GET /ping`
# answers 200 within 2 s, `POST /invocations` within 60 s. Up to 25 MB of body, and 8 minutes for a stream:
# https://aws.amazon.com/sagemaker/ai/faqs/ (Model hosting). Serverless endpoints take 4 MB; a batch transform
# takes up to 100 MB and 3600 s if its job says so: raise limits.requestBytes and upstream.seconds there.
# https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html: /execution-parameters.
# InvokeEndpoint is signed by its caller, but the container is not told who that is: the only words of the
# caller that reach it are X-Amzn-SageMaker-Custom-Attributes, which nobody checks.
_SAGEMAKER = PlatformContract(
    routes=(
        _route("GET", "/ping", RouteKind.READY),
        _route("POST", "/invocations", RouteKind.PREDICT),
        _route("GET", "/execution-parameters", RouteKind.METADATA),
    ),
    address=AddressKind.QUESTION,
    port=8080,
    request_bytes=25 * MEBIBYTE,
    seconds=60,
    stream_seconds=8 * 60,
    ready_path="/ping",
)

# https://learn.microsoft.com/azure/machine-learning/how-to-manage-quotas: 180 s at a managed online endpoint
# (300 s on Kubernetes); the deployment's own request_timeout_ms, 5 s by default, ends a request before that.
# No limit of a body is published (5 MB a second is the bandwidth of an endpoint), so the one here is ours.
# https://learn.microsoft.com/azure/machine-learning/how-to-inference-server-http: port 5001, `GET /` says
# that the process runs, `POST /score`, `GET /swagger.json`. A container of one's own says its routes itself,
# in inference_config: /healthz, /readyz and /score.
_AZUREML = PlatformContract(
    routes=(
        _route("GET", "/", RouteKind.LIVE),
        _route("POST", "/score", RouteKind.PREDICT),
        _route("GET", "/swagger\\.json", RouteKind.METADATA),
    ),
    address=AddressKind.QUESTION,
    port=5001,
    request_bytes=10 * MEBIBYTE,
    seconds=180,
    stream_seconds=180,
    ready_path="/",
)

# https://kserve.github.io/website/docs/concepts/architecture/data-plane/: v1 and v2 (the Open Inference
# Protocol), whose strings are case-sensitive. `:explain` is not here: an explanation shows data that the
# model was trained on, where its explainer kept some. The protocols have no limits;
# a client of KServe waits 60 s.
_KSERVE = PlatformContract(
    routes=(
        _route("GET", "/", RouteKind.LIVE),
        _route("GET", "/v1/models", RouteKind.METADATA),
        _route("GET", f"/v1/models/{_NAME}", RouteKind.METADATA),
        _route("POST", f"/v1/models/{_NAME}:predict", RouteKind.PREDICT),
        _route("GET", "/v2", RouteKind.METADATA),
        _route("GET", "/v2/health/live", RouteKind.LIVE),
        _route("GET", "/v2/health/ready", RouteKind.READY),
        _route("GET", _V2_MODEL, RouteKind.METADATA),
        _route("GET", f"{_V2_MODEL}/ready", RouteKind.READY),
        _route("POST", f"{_V2_MODEL}/infer", RouteKind.PREDICT),
    ),
    address=AddressKind.BASE,
    port=8080,
    request_bytes=10 * MEBIBYTE,
    seconds=60,
    stream_seconds=60,
    ready_path="/v2/health/ready",
)

# No contract but HTTP: a POST to the model's address, or below it. The limits are ours.
_PLAIN = PlatformContract(
    routes=(_route("POST", _BELOW, RouteKind.PREDICT),),
    address=AddressKind.PREFIX,
    port=8080,
    request_bytes=10 * MEBIBYTE,
    seconds=60,
    stream_seconds=60,
    ready_path=None,
)

PLATFORMS: Mapping[EndpointPlatform, PlatformContract] = MappingProxyType(
    {
        EndpointPlatform.SAGEMAKER: _SAGEMAKER,
        EndpointPlatform.AZUREML: _AZUREML,
        EndpointPlatform.KSERVE: _KSERVE,
        EndpointPlatform.PLAIN: _PLAIN,
    }
)


def find_route(contract: PlatformContract, upstream: str, method: str, target: str) -> FoundRoute | None:
    """What `METHOD TARGET` asks for; None where the contract has no such request.

    `target` is the request's, as it was sent: the path and the query, nothing decoded (aiohttp's
    `request.raw_path`, not `request.path`). `upstream` is the document's `upstream.url`. The query is part of
    the question: who keeps answers by their question, or screens it, has to look at the query as well.
    """
    path, _, query = target.partition("?")
    if not _QUERY.fullmatch(query):
        return None
    for route in (*OWN_ROUTES, *contract.routes):
        if route.method == method and route.path.fullmatch(path):
            return _route_of(contract.address, route.kind, urlsplit(upstream), path, query)
    return None


def _route_of(
    address: AddressKind, kind: RouteKind, own: SplitResult, path: str, query: str
) -> FoundRoute | None:
    if kind in (RouteKind.LIVE, RouteKind.READY):
        return FoundRoute(kind, None)
    if path in OWN_PATHS or (address is AddressKind.PREFIX and not _is_below(path, own.path)):
        return None
    if address is AddressKind.BASE:
        path = own.path.rstrip("/") + path
    elif address is AddressKind.QUESTION and kind is RouteKind.PREDICT:
        path = own.path or "/"
    asked = "&".join(each for each in (own.query, query) if each)
    return FoundRoute(kind, urlunsplit((own.scheme, own.netloc, path, asked, "")))


def _is_below(path: str, own: str) -> bool:
    """Whether `path` is the model's own, or one below it."""
    return path == (own or "/") or path.startswith(own.rstrip("/") + "/")


def ready_url(contract: PlatformContract, upstream: str) -> str | None:
    """Where the model answers 200 once it is ready; None where the platform has no such path."""
    if contract.ready_path is None:
        return None
    own = urlsplit(upstream)
    base = own.path.rstrip("/") if contract.address is AddressKind.BASE else ""
    return urlunsplit((own.scheme, own.netloc, base + contract.ready_path, "", ""))
