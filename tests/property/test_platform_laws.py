"""Laws of the platforms' paths: no trick of writing makes a question of another path or goes elsewhere."""

from __future__ import annotations

from urllib.parse import urlsplit

from hypothesis import example, given
from hypothesis import strategies as st

from gatecli.model.private_endpoint import EndpointMode, EndpointPlatform
from gatecli.serving.passed_headers import request_headers, response_headers
from gatecli.serving.platforms import OWN_PATHS, PLATFORMS, AddressKind, RouteKind, find_route

_QUESTIONS = {
    EndpointPlatform.SAGEMAKER: "/invocations",
    EndpointPlatform.AZUREML: "/score",
    EndpointPlatform.KSERVE: "/v2/models/churn/infer",
    EndpointPlatform.PLAIN: "/predict/churn",
}
_UPSTREAMS = {
    EndpointPlatform.SAGEMAKER: "http://127.0.0.1:8081/invocations",
    EndpointPlatform.AZUREML: "http://127.0.0.1:8081/score",
    EndpointPlatform.KSERVE: "http://127.0.0.1:8081/team",
    EndpointPlatform.PLAIN: "http://127.0.0.1:8081/predict",
}
platforms = st.sampled_from(list(EndpointPlatform))
methods = st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "CONNECT", "get", "Post"])
# fmt: off
pieces = st.sampled_from(
    [
        "/", "//", ".", "..", "/..", "/../", "/./", "%2e", "%2E%2e", "%2f", "%2F", "%5c", "\\", ";", ":",
        "@", "#", "?", "&", "\r\n", "\n", " ", "\t", "\x00", "http://", "https://evil.example",
        "//evil.example", "metrics", "healthz", "invocations", "INVOCATIONS", "score", "predict", "v1", "v2",
        "models", "churn", ":predict", ":explain", "infer", "ready", "versions", "admin", "a",
        "é", "／", "。",
    ]
)
# fmt: on
targets = st.lists(pieces, max_size=8).map("".join) | st.text(max_size=30)


def _segments(path: str) -> list[str]:
    return path.split("/")[1:]


@given(platforms, methods, targets)
@example(EndpointPlatform.KSERVE, "POST", "/v2/models/../infer")
@example(EndpointPlatform.PLAIN, "POST", "/predict/..")
@example(EndpointPlatform.PLAIN, "POST", "/predict/../admin")
@example(EndpointPlatform.PLAIN, "POST", "/predict/%2e%2e/admin")
@example(EndpointPlatform.PLAIN, "POST", "/predict//evil.example")
@example(EndpointPlatform.SAGEMAKER, "POST", "http://127.0.0.1/invocations")
@example(EndpointPlatform.SAGEMAKER, "POST", "/invocations\n")
def test_no_request_reaches_another_host_or_a_path_outside_the_contract(
    platform: EndpointPlatform, method: str, target: str
) -> None:
    upstream = _UPSTREAMS[platform]
    found = find_route(PLATFORMS[platform], upstream, method, target)
    if found is None or found.url is None:
        return
    own, reached = urlsplit(upstream), urlsplit(found.url)
    assert (reached.scheme, reached.netloc, reached.fragment) == (own.scheme, own.netloc, "")
    assert not {"", ".", ".."} & set(_segments(reached.path.rstrip("/")))
    assert found.url.isascii()
    assert found.url.isprintable()
    assert not set(reached.path) & set(" #%\\;?")
    if found.kind is RouteKind.PREDICT and platform in (EndpointPlatform.PLAIN, EndpointPlatform.KSERVE):
        assert reached.path.startswith(own.path)
    elif found.kind is RouteKind.PREDICT:
        assert reached.path == own.path


@given(
    platforms,
    st.sampled_from(
        [
            lambda path: path + "/",
            lambda path: "/" + path,
            lambda path: "/." + path,
            lambda path: "/x/.." + path,
            lambda path: path.upper(),
            lambda path: path + "%00",
            lambda path: path + ";v=1",
            lambda path: path + "#x",
            lambda path: path + "/.",
            lambda path: path.replace("/", "//"),
            lambda path: path.replace("/", "\\"),
            lambda path: f"/%{ord(path[1]):02x}{path[2:]}",
            lambda path: "http://127.0.0.1:8081" + path,
            lambda path: "//127.0.0.1:8081" + path,
            lambda path: " " + path,
            lambda path: path + "\r",
        ]
    ),
)
def test_a_question_written_in_another_way_is_none(platform: EndpointPlatform, trick: object) -> None:
    assert callable(trick)
    written = trick(_QUESTIONS[platform])
    found = find_route(PLATFORMS[platform], _UPSTREAMS[platform], "POST", written)
    # A plain model is asked at any path below its own, with a slash at the end as well.
    is_slash = platform is EndpointPlatform.PLAIN and written == "/predict/churn/"
    assert (found is not None) == is_slash


@given(platforms, st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#")))
def test_a_query_never_changes_which_path_is_asked(platform: EndpointPlatform, query: str) -> None:
    contract, upstream, path = PLATFORMS[platform], _UPSTREAMS[platform], _QUESTIONS[platform]
    bare = find_route(contract, upstream, "POST", path)
    asked = find_route(contract, upstream, "POST", f"{path}?{query}")
    assert bare is not None
    assert bare.url is not None
    assert asked is not None
    assert asked.kind is bare.kind
    assert asked.url == (f"{bare.url}?{query}" if query else bare.url)


@given(platforms, methods, st.sampled_from(sorted(OWN_PATHS)), st.sampled_from(["", "?a=1", "?"]))
def test_the_proxys_own_paths_never_reach_a_model(
    platform: EndpointPlatform, method: str, path: str, query: str
) -> None:
    for upstream in (_UPSTREAMS[platform], "http://127.0.0.1:8081"):
        found = find_route(PLATFORMS[platform], upstream, method, path + query)
        assert found is None or found.url is None


@given(platforms, targets)
def test_only_a_post_is_a_question(platform: EndpointPlatform, target: str) -> None:
    for method in ("GET", "PUT", "HEAD", "PATCH", "post"):
        found = find_route(PLATFORMS[platform], _UPSTREAMS[platform], method, target)
        assert found is None or found.kind is not RouteKind.PREDICT


def test_a_contract_that_keeps_the_path_is_the_plain_one_alone() -> None:
    kept = [each for each, contract in PLATFORMS.items() if contract.address is AddressKind.PREFIX]
    assert kept == [EndpointPlatform.PLAIN]


names = st.sampled_from(
    ["Connection", "X-A", "x-b", "TE", "Upgrade", "Host", "Accept", "Cookie", "Gatecli-Mode", "X-Ms-Id"]
) | st.text("abXY-", min_size=1, max_size=8)
headers = st.lists(st.tuples(names, st.sampled_from(["x-a", "X-B, close", "cookie", "1", ""])), max_size=8)


@given(headers)
def test_passing_headers_on_twice_changes_nothing(given_headers: list[tuple[str, str]]) -> None:
    for mode in EndpointMode:
        once = request_headers(given_headers, mode)
        assert request_headers(once, mode) == once
        assert set(once) <= set(given_headers)
    assert set(request_headers(given_headers, EndpointMode.VOTES)) <= set(
        request_headers(given_headers, EndpointMode.ATTESTED)
    )
    back = response_headers(given_headers, EndpointMode.ATTESTED)
    assert response_headers(back, EndpointMode.ATTESTED) == back
