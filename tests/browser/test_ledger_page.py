"""The ledger's page in a real browser: it fits, nothing is fetched elsewhere, and everybody can read it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from tests.support.chromium import Page, browser, chromium
from tests.support.ledger_page import serving
from tests.support.page_ledgers import HOSTILE, hostile, many, team

EVIL = quote(f"data {HOSTILE.replace(chr(0x202E), '')}")
PATHS = {
    "team": (
        "/",
        "/dataset?name=customers-2026",
        "/dataset?name=telemetry",
        "/dataset?name=survey-2025",
        "/dataset?name=people&kind=void&from=never",
        "/entry?dataset=customers-2026&number=3",
        "/entry?dataset=people&number=0",
        "/nothing",
    ),
    "hostile": ("/", f"/dataset?name={EVIL}", f"/entry?dataset={EVIL}&number=1"),
    "many": ("/dataset?name=busy", "/dataset?name=busy&subject=query@7"),
}
EVERY = [(ledger, path) for ledger, paths in PATHS.items() for path in paths]
GROUND = {"light": "rgb(246, 247, 249)", "dark": "rgb(14, 19, 25)"}
OVERFLOWING = """[...document.querySelectorAll("body *")].filter(
    node => !node.closest("svg, thead, pre, .skip") && node.getBoundingClientRect().right > innerWidth + 1
).map(node => node.outerHTML.slice(0, 200))"""
OUTSIDE = """[...document.querySelectorAll("figure svg text")].filter(node => {
    const box = node.getBoundingClientRect();
    return box.right > innerWidth || box.left < 0;
}).map(node => node.textContent)"""
OVERLAPPING = """[...document.querySelectorAll("figure svg[role=img]")].flatMap(chart => {
    const box = node => [node.textContent, node.getBoundingClientRect()];
    const texts = [...chart.querySelectorAll("text")].map(box);
    return texts.flatMap(([one, a], at) => texts.slice(at + 1).filter(([_, b]) =>
        a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 2 && b.top < a.bottom - 2
    ).map(([other]) => one + " | " + other));
})"""
SMALLEST = """Math.min(
    ...[...document.querySelectorAll("body *")].map(node => parseFloat(getComputedStyle(node).fontSize))
)"""
OPEN_ALL = 'document.querySelectorAll("details").forEach(node => node.open = true)'
FAINT = """(() => {
    const channels = text => text.match(/[\\d.]+/g).map(Number);
    const linear = v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const light = colour => colour.slice(0, 3).map(v => linear(v / 255)).reduce(
        (sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0
    );
    const ground = node => {
        for (let at = node; at; at = at.parentElement) {
            const [r, g, b, a = 1] = channels(getComputedStyle(at).backgroundColor);
            if (a > 0) return [r, g, b];
        }
        return [255, 255, 255];
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), faint = [];
    while (walker.nextNode()) {
        const node = walker.currentNode.parentElement;
        if (!walker.currentNode.textContent.trim() || node.closest("svg, option")) continue;
        const a = light(channels(getComputedStyle(node).color)), b = light(ground(node));
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) faint.push(walker.currentNode.textContent.trim() + " " + ratio.toFixed(2));
    }
    return faint;
})()"""
"""Texts whose contrast is below 4.5 : 1 (WCAG 2.2, 1.4.3)."""
FOCUSED = """(() => {
    const node = document.activeElement, box = node.getBoundingClientRect(), style = getComputedStyle(node);
    return {
        name: node.id || node.textContent.trim().slice(0, 40) || node.tagName,
        shown: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 || node.matches(".skip"),
        seen: box.width > 0 && box.height > 0 && box.left >= 0 && box.right <= innerWidth + 1,
    };
})()"""


@pytest.fixture(scope="module", name="page")
def opened_page() -> Iterator[Page]:
    program = chromium()
    assert program is not None
    with browser(program) as page:
        yield page


@pytest.fixture(scope="module", name="addresses")
def of_ledgers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("ledgers")
    team(folder / "team.db").close()
    hostile(folder / "hostile.db").close()
    many(folder / "many.db", 200).close()
    with (
        serving(folder / "team.db") as of_team,
        serving(folder / "hostile.db") as of_hostile,
        serving(folder / "many.db") as of_many,
    ):
        yield {"team": of_team, "hostile": of_hostile, "many": of_many}


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def fetched(page: Page, address: str) -> set[str]:
    """Paths that were asked for, and whole addresses of anybody else; the browser's own icons are none."""
    asked = [url for url in page.requests if not url.startswith("data:image/svg+xml")]
    return {urlsplit(url).path if url.startswith(address) else url for url in asked}


@pytest.mark.parametrize(("ledger", "path"), EVERY)
@pytest.mark.parametrize("width", [320, 800, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_fits_its_window_and_fetches_nothing_elsewhere(
    page: Page, addresses: dict[str, str], ledger: str, path: str, width: int, scheme: str
) -> None:
    address = addresses[ledger]
    page.show(f"{address}{path}", width=width, scheme=scheme)
    assert fetched(page, address) <= {urlsplit(path).path, "/style.css", "/icon.svg"}
    unexpected = [said for said in page.complaints if "Failed to load resource" not in said]
    assert unexpected == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == GROUND[scheme]
    page.evaluate(OPEN_ALL)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for what in (OVERFLOWING, OUTSIDE, OVERLAPPING, FAINT):
        assert page.evaluate(what) == []
    assert page.evaluate(SMALLEST) >= 11
    assert size_of(page.screenshot())[0] == width


@pytest.mark.parametrize("path", PATHS["hostile"])
def test_texts_of_the_ledger_run_nothing(page: Page, addresses: dict[str, str], path: str) -> None:
    page.show(f"{addresses['hostile']}{path}", width=1200, scheme="light")
    assert page.evaluate("document.title").endswith("· gatecli ledger")
    assert page.evaluate("document.images.length + document.scripts.length") == 0
    assert page.complaints == []


@pytest.mark.parametrize(
    ("name", "attribute", "value"),
    [
        ("script", "textContent", "window.owned = 1"),
        ("img", "src", "https://evil.example/x"),
        ("iframe", "src", "/"),
        ("p", "style", "color: red"),
        ("p", "onclick", "window.owned = 1"),
    ],
)
def test_the_policy_stops_what_got_into_a_page(
    page: Page, addresses: dict[str, str], name: str, attribute: str, value: str
) -> None:
    page.show(f"{addresses['team']}/", width=1200, scheme="light")
    page.evaluate(f"""(() => {{
        const node = document.createElement("{name}");
        if ("{attribute}" === "textContent") node.textContent = "{value}";
        else node.setAttribute("{attribute}", "{value}");
        document.body.append(node);
        node.click();
    }})()""")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("window.owned") is None
    assert any("Content Security Policy" in said for said in page.complaints)


def tabbed(page: Page, most: int) -> list[dict[str, Any]]:
    """What the focus comes to, one Tab after the other."""
    found = []
    for _ in range(most):
        for kind in ("keyDown", "keyUp"):
            page.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        found.append(page.evaluate(FOCUSED))
    return found


def press_enter(page: Page) -> None:
    key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
    page.call("Input.dispatchKeyEvent", type="keyDown", text="\r", **key)
    page.call("Input.dispatchKeyEvent", type="keyUp", **key)


def test_the_keyboard_comes_to_everything_in_order_and_shows_where_it_is(
    page: Page, addresses: dict[str, str]
) -> None:
    page.show(f"{addresses['team']}/", width=1200, scheme="light")
    stops = tabbed(page, 10)
    assert [stop["name"] for stop in stops] == [
        "Skip to the content", "gatecli ledger acme.example/privacy", "name", "order", "Show", "clinic",
        "customers-2026", "people", "survey-2025", "telemetry",
    ]  # fmt: skip
    assert [stop for stop in stops if not (stop["shown"] and stop["seen"])] == []


def test_the_first_stop_leads_past_the_head(page: Page, addresses: dict[str, str]) -> None:
    page.show(f"{addresses['team']}/dataset?name=customers-2026", width=320, scheme="dark")
    tabbed(page, 1)
    press_enter(page)
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_form_is_sent_from_the_keyboard(page: Page, addresses: dict[str, str]) -> None:
    page.show(f"{addresses['team']}/dataset?name=customers-2026", width=800, scheme="light")
    page.evaluate('document.getElementById("subject").focus()')
    page.call("Input.insertText", text="uplift")
    page.events.clear()
    press_enter(page)
    page.wait_for("Page.loadEventFired")
    assert page.evaluate("location.search") == "?name=customers-2026&kind=&subject=uplift&from=&to="
    rows = 'document.querySelectorAll("#entries ~ div tbody tr").length'
    assert page.evaluate(rows) == 3


def accessible(page: Page) -> list[tuple[str, str]]:
    """Role and name of everything that a screen reader is told."""
    page.call("Accessibility.enable")
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    return [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"] and "role" in node
    ]


@pytest.mark.parametrize("width", [320, 1200])
def test_a_screen_reader_is_told_what_the_dataset_s_page_is_made_of(
    page: Page, addresses: dict[str, str], width: int
) -> None:
    page.show(f"{addresses['team']}/dataset?name=customers-2026", width=width, scheme="light")
    told = accessible(page)
    for part in (
        ("banner", ""),
        ("navigation", "Ledger"),
        ("main", ""),
        ("contentinfo", ""),
        ("heading", "customers-2026"),
        ("region", "Held"),
        ("form", "Filter entries"),
        ("table", "What each member holds of its limits"),
        ("table", "Reservations that are neither committed nor void"),
        ("columnheader", "Subject"),
        ("searchbox", "Subject"),
        ("Date", "From"),
    ):
        assert part in told
    assert [name for role, name in told if role == "row"]
    (image,) = [name for role, name in told if role in {"image", "img"}]
    assert image == "History and forecast"
    unnamed = {"link", "button", "combobox", "searchbox", "table", "form", "navigation", "region", "image"}
    assert [role for role, name in told if role in unnamed and not name] == []


def test_a_screen_reader_is_told_each_dataset_of_the_first_page(
    page: Page, addresses: dict[str, str]
) -> None:
    page.show(f"{addresses['team']}/", width=1200, scheme="light")
    told = accessible(page)
    assert ("list", "Datasets") in told
    links = {name for role, name in told if role == "link"}
    assert links >= {"clinic", "customers-2026", "people", "survey-2025", "telemetry"}
    headings = '[...document.querySelectorAll("h1, h2, h3")].map(node => Number(node.tagName[1]))'
    levels = page.evaluate(headings)
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize(("ledger", "path"), EVERY)
def test_no_id_is_there_twice_and_every_label_has_its_field(
    page: Page, addresses: dict[str, str], ledger: str, path: str
) -> None:
    page.show(f"{addresses[ledger]}{path}", width=1200, scheme="light")
    ids = page.evaluate('[...document.querySelectorAll("[id]")].map(node => node.id)')
    assert len(ids) == len(set(ids))
    assert page.evaluate('[...document.querySelectorAll("label")].every(node => node.control)')
    assert page.evaluate("document.documentElement.lang") == "en"
