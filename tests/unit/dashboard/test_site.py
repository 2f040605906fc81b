"""The pages and who gets them, through aiohttp's own client."""

from __future__ import annotations

import asyncio
import base64
import re
from dataclasses import replace
from html import unescape
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import quote

import pytest

from gatecli.dashboard.headers import CONTENT_SECURITY_POLICY, SECURITY_HEADERS
from gatecli.dashboard.settings import PageSettings
from gatecli.dashboard.site import Site
from gatecli.ledger.interface import LedgerUnavailable, Store
from gatecli.ledger.ledger_thread import LedgerThread
from gatecli.package import VERSION
from tests.support.ledger_page import SETTINGS, Client, get, site_of, visit
from tests.support.page_ledgers import HOSTILE, hostile, many, team

TOKEN = "0123456789abcdef"  # noqa: S105 - of these tests
LOCKED = PageSettings(token=TOKEN.encode(), verify_seconds=0)
PAGES = (
    "/",
    "/?name=tele&order=held",
    "/dataset?name=customers-2026",
    "/dataset?name=customers-2026&kind=void",
    "/entry?dataset=customers-2026&number=3",
)
OTHERS = ("/checkpoint", "/metrics", "/style.css", "/icon.svg", "/alerts.yaml", "/grafana.json")
RAW = (
    "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/style.css/../../settings.py", "/static/../access.py",
    "/templates/base.html", "//evil.example/", "/dataset/../../x", "/icon.svg%00.html", "/..%5c..%5cwindows",
)  # fmt: skip


@pytest.fixture(name="ledger", scope="module")
def of_a_team(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("team") / "ledger.db"
    team(file).close()
    return file


@pytest.fixture(name="evil", scope="module")
def of_hostile_texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("hostile") / "ledger.db"
    hostile(file).close()
    return file


def text_of(page: str) -> str:
    """What a reader sees of a page."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


@pytest.mark.parametrize("path", [*PAGES, *OTHERS, "/healthz"])
def test_every_page_is_there_with_its_headers(ledger: Path, path: str) -> None:
    status, text, headers = get(site_of(ledger), path)
    assert status == 200
    assert text
    shown = {name: headers[name] for name in SECURITY_HEADERS if name != "Cache-Control"}
    assert shown == {name: value for name, value in SECURITY_HEADERS.items() if name != "Cache-Control"}
    kept = path in {"/style.css", "/icon.svg"}
    assert headers["Cache-Control"] == ("private, max-age=86400" if kept else "no-store")


def test_the_policy_of_a_page_permits_its_style_and_nothing_that_runs() -> None:
    assert "script" not in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'; style-src 'self';")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_needs_no_script_and_nothing_inline_and_nothing_from_elsewhere(
    ledger: Path, path: str
) -> None:
    _, page, _ = get(site_of(ledger), path)
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|<img|<iframe|<object|<base", page)
    assert [link for link in re.findall(r"<link[^>]*href=\"([^\"]*)", page) if not link.startswith("/")] == []


def test_the_first_page_says_how_full_each_budget_is(ledger: Path) -> None:
    text = text_of(get(site_of(ledger), "/")[1])
    assert "customers-2026 34.2 % held of the budget (8, 1e-5), by gdp; at this rate exhausted in" in text
    assert "guaranteed: ε ≤ 8 at δ = 1e-5, whatever is asked next, while this ledger is the only door" in text
    assert "19 entries 1 lapsed reservation" in text
    assert "Reservations 55 committed, 3 held, 1 void" in text
    assert "Refused 2 by ledger-budget-exceeded , 1 by ledger-unknown-dataset" in text
    assert "Verification none by this page yet" in text


def test_datasets_are_filtered_by_name_and_ordered_by_what_is_held(ledger: Path) -> None:
    def names(query: str) -> list[str]:
        return re.findall(r'<h2><a href="[^"]*">([^<]*)</a></h2>', get(site_of(ledger), f"/?{query}")[1])

    assert names("") == ["clinic", "customers-2026", "people", "survey-2025", "telemetry"]
    assert names("order=held")[:2] == ["telemetry", "customers-2026"]
    assert names("name=C") == ["clinic", "customers-2026"]
    assert names("name=TELE") == ["telemetry"]
    assert "No dataset has “nobody” in its name." in text_of(get(site_of(ledger), "/?name=nobody")[1])


def test_a_dataset_s_page_shows_its_terms_members_reservations_and_entries(ledger: Path) -> None:
    text = text_of(get(site_of(ledger), "/dataset?name=customers-2026")[1])
    for part in (
        "Held 34.2 % of (8, 1e-5)",
        "basic ε spent 9.1 of 8",
        "gdp μ² decides 34.2 %",
        "Unit person Neighbouring add-remove",
        "Charged with it people",
        "uplift-model@1.0.0 2026-10-01T09:00:00Z 2026-10-31 lapsed",
        "12 2026-08-01 09:00:00 void uplift-model@0.9.0 −2.3 %",
    ):
        assert part in text


def test_an_entry_s_page_shows_what_was_declared_and_whether_it_follows(ledger: Path) -> None:
    page = get(site_of(ledger), "/entry?dataset=customers-2026&number=3")[1]
    assert '<a href="https://ci.acme.example/runs/1" rel="noopener noreferrer nofollow">' in page
    assert "evidence 1 › sha256" in text_of(page)
    assert "follows The hash is SHA-256 over the hash before it and the content." in text_of(page)


def test_entries_are_filtered_by_a_plain_form(ledger: Path) -> None:
    page = get(site_of(ledger), "/dataset?name=customers-2026&kind=commit&subject=2.1&from=2026-01-01&to=")[1]
    rows = re.findall(r'<th scope="row" role="rowheader"><a href="/entry[^"]*">(\d+)</a>', page)
    assert rows == ["4"]
    assert '<option value="commit" selected>' in page
    assert 'value="2026-01-01"' in page


def test_pages_of_entries_lead_from_one_to_the_next(tmp_path: Path) -> None:
    many(tmp_path / "ledger.db", 160).close()
    path, numbers = "/dataset?name=busy", list[str]()
    while path:
        page = get(site_of(tmp_path / "ledger.db"), path)[1]
        numbers += re.findall(r'rowheader"><a href="/entry[^"]*">(\d+)</a>', page)
        following = re.search(r'<a rel="next" href="([^"#]*)#entries">Older</a>', page)
        path = unescape(following[1]) if following else ""
    assert numbers == [str(number) for number in reversed(range(161))]


def test_a_day_that_is_none_is_said_beside_all_entries(ledger: Path) -> None:
    status, page, _ = get(site_of(ledger), "/dataset?name=customers-2026&from=soon")
    assert status == 400
    assert "a day is written as 2026-11-29: nothing is left out." in text_of(page)
    assert 'role="alert"' in page


@pytest.mark.parametrize(
    "path",
    [
        "/dataset", "/dataset?name=", "/dataset?name=nobody", "/entry?dataset=customers-2026",
        "/entry?dataset=customers-2026&number=19", "/entry?dataset=nobody&number=0", "/nothing",
        f"/dataset?name={quote('../../etc/passwd')}", "/dataset?name=%00", "/dataset?name=%ed%a0%80",
        "/entry?dataset=%00&number=0",
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_found(ledger: Path, path: str) -> None:
    status, page, headers = get(site_of(ledger), path)
    assert status == 404
    assert "There is no such page, dataset or entry." in text_of(page)
    assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


@pytest.mark.parametrize(
    "path",
    ["/?order=size", "/?page=x", "/entry?dataset=people&number=-1", "/entry?dataset=people&number=1e9"],
)
def test_a_query_that_means_nothing_is_refused_with_a_sentence(ledger: Path, path: str) -> None:
    assert get(site_of(ledger), path)[0] == 400


@pytest.mark.parametrize("path", RAW)
def test_no_path_leads_out_of_the_pages(ledger: Path, path: str) -> None:
    assert raw(site_of(ledger), f"GET {path} HTTP/1.1\r\nHost: localhost\r\n").startswith("HTTP/1.1 404 ")


def raw(site: Site, head: str) -> str:
    """The answer to a request as it is written here."""

    async def use(client: Client) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        writer.write(f"{head}Connection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        return answer.decode("utf-8", "replace")

    return visit(site, use)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/", "/dataset?name=people", "/metrics", "/healthz"])
def test_nothing_but_get_and_head_is_answered(ledger: Path, method: str, path: str) -> None:
    answer = raw(site_of(ledger), f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n")
    assert answer.startswith("HTTP/1.1 405 ")
    assert "\r\nAllow: GET,HEAD\r\n" in answer


@pytest.mark.parametrize("path", [*PAGES, *OTHERS])
def test_head_is_get_without_a_body(ledger: Path, path: str) -> None:
    answer = raw(site_of(ledger), f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\n")
    assert answer.startswith("HTTP/1.1 200 ")
    assert answer.endswith("\r\n\r\n")


@pytest.mark.parametrize("path", [*PAGES, *OTHERS])
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", ""])
def test_a_request_for_another_host_gets_nothing(ledger: Path, path: str, host: str) -> None:
    answer = raw(site_of(ledger), f"GET {path} HTTP/1.1\r\nHost: {host}\r\n")
    assert answer.startswith("HTTP/1.1 421 ")
    assert "customers" not in answer


def test_a_request_without_a_host_gets_nothing(ledger: Path) -> None:
    assert raw(site_of(ledger), "GET / HTTP/1.0\r\n").startswith("HTTP/1.0 421 ")


def test_a_name_that_is_allowed_is_the_page(ledger: Path) -> None:
    site = site_of(ledger, replace(SETTINGS, hosts=frozenset({"ledger.acme.example"})))
    answer = raw(site, "GET / HTTP/1.1\r\nHost: ledger.acme.example:443\r\n")
    assert answer.startswith("HTTP/1.1 200 ")


@pytest.mark.parametrize("path", [*PAGES, *OTHERS, "/nothing"])
@pytest.mark.parametrize("shown", ["", f"Bearer {TOKEN}x", "Basic !", f"Basic {TOKEN}"])
def test_without_the_token_nothing_is_shown(ledger: Path, path: str, shown: str) -> None:
    headers = {"Authorization": shown} if shown else {}
    status, page, given = get(site_of(ledger, LOCKED), path, **headers)
    assert status == 401
    assert given["WWW-Authenticate"].startswith("Basic ")
    assert "customers" not in page
    assert "acme" not in page
    assert VERSION not in page


@pytest.mark.parametrize(
    "shown", [f"Bearer {TOKEN}", "Basic " + base64.b64encode(f"me:{TOKEN}".encode()).decode()]
)
def test_with_the_token_everything_is_shown(ledger: Path, shown: str) -> None:
    for path in (*PAGES, *OTHERS):
        assert get(site_of(ledger, LOCKED), path, Authorization=shown)[0] == 200


def test_health_needs_no_token_and_says_nothing_of_the_ledger(ledger: Path) -> None:
    answer = raw(site_of(ledger, LOCKED), "GET /healthz HTTP/1.1\r\nHost: 10.0.0.7:9464\r\n")
    assert answer.startswith("HTTP/1.1 200 ")
    assert answer.endswith("\r\n\r\nok\n")


def test_a_trusted_proxy_s_user_may_read_and_no_other_client_s(ledger: Path) -> None:
    for networks, status in ((["127.0.0.0/8"], 200), (["10.0.0.0/8"], 403)):
        trusted = tuple(map(ip_network, networks))
        site = site_of(ledger, PageSettings(proxies=trusted, proxy_header="X-User", verify_seconds=0))
        assert get(site, "/", **{"X-User": "ada", "X-Forwarded-For": "10.0.0.1"})[0] == status
    site = site_of(ledger, PageSettings(proxies=(ip_network("127.0.0.0/8"),), proxy_header="X-User"))
    assert get(site, "/")[0] == 403


@pytest.mark.parametrize(
    "path", ["/", "/dataset?name={}", "/entry?dataset={}&number=1", "/dataset?name={}&subject={}"]
)
def test_texts_that_try_to_be_markup_are_texts(evil: Path, path: str) -> None:
    name = quote(f"data {HOSTILE.replace(chr(0x202E), '')}")
    status, page, _ = get(site_of(evil), path.format(name, quote(HOSTILE)))
    assert status == 200
    assert "<script" not in page
    assert "<img" not in page
    assert "\u202e" not in page
    assert "document.title=&#34;owned&#34;" in page


def test_only_an_address_of_the_web_is_a_link(evil: Path) -> None:
    name = quote(f"data {HOSTILE.replace(chr(0x202E), '')}")
    page = get(site_of(evil), f"/entry?dataset={name}&number=1")[1]
    assert "javascript:alert(1)" in page
    assert not re.search(r'href="(javascript|https://a\.example)', page)


@pytest.mark.parametrize(
    "path",
    ["/?name={}", "/?name=%ff%00", "/?page=999999999999999999", "/dataset?name=people&subject={}"],
)
def test_what_a_query_says_is_a_text_too(ledger: Path, path: str) -> None:
    status, page, _ = get(site_of(ledger), path.format(quote('"><script>alert(1)</script>')))
    assert status == 200
    assert "<script" not in page


def unreadable() -> Store:
    raise LedgerUnavailable("the ledger /secret/place.db: the disk cannot be read")


def test_a_ledger_that_cannot_be_read_is_said_without_its_place(ledger: Path) -> None:
    for path in ("/", "/metrics"):
        site = replace(site_of(ledger), pages=LedgerThread(unreadable), scrapes=LedgerThread(unreadable))
        status, page, _ = get(site, path)
        assert status == 503
        assert "The ledger cannot be read now." in text_of(page)
        assert "secret" not in page


def test_a_bug_in_one_page_is_reported_and_shown_without_its_words(ledger: Path) -> None:
    told: list[Exception] = []

    def broken() -> Store:
        raise ValueError("a secret")

    site = replace(site_of(ledger), pages=LedgerThread(broken), report=told.append)
    status, page, headers = get(site, "/")
    assert status == 500
    assert "secret" not in page
    assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert [type(each) for each in told] == [ValueError]
