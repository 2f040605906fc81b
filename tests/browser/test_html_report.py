"""The page in a real browser: nothing is fetched, nothing overflows, and it looks like something."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gatecli.model.verdict import Verdict
from gatecli.reports.html import rendering
from gatecli.reports.interface import Style
from tests.support.chromium import Page, browser, chromium
from tests.support.pictures import census
from tests.support.verdicts import CASES, HOSTILE_TEXTS, hostile

LONG = "a_very_long_column_name_without_any_break_" * 8
VERDICTS: dict[str, Callable[[], Verdict]] = {
    "anonymity": lambda: census(4_000),
    "release": CASES["closed"],
    "everything": CASES["uncheckable"],
    "suppressed": CASES["suppressed"],
    "wide": CASES["wide"],
    "hostile": lambda: hostile(" ".join(HOSTILE_TEXTS)),
    "long": lambda: hostile(LONG),
}
GROUND = {"light": "rgb(246, 247, 249)", "dark": "rgb(14, 19, 25)"}
OVERFLOWING = """[...document.querySelectorAll("body *")].filter(
    node => !node.closest("svg, thead") && node.getBoundingClientRect().right > innerWidth + 1
).map(node => node.outerHTML.slice(0, 200))"""
OUTSIDE = """[...document.querySelectorAll("figure svg text")].filter(node => {
    const box = node.getBoundingClientRect();
    return box.right > innerWidth || box.left < 0;
}).map(node => node.textContent)"""
OPEN_ALL = 'document.querySelectorAll("details").forEach(node => node.open = true)'


@pytest.fixture(scope="module", name="page")
def opened_page() -> Iterator[Page]:
    program = chromium()
    assert program is not None
    with browser(program) as page:
        yield page


@pytest.fixture(scope="module", name="files")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    return {name: write(folder / f"{name}.html", build()) for name, build in VERDICTS.items()}


def write(path: Path, verdict: Verdict) -> Path:
    path.write_text(rendering.render(verdict, Style()), "utf-8")
    return path


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@pytest.mark.parametrize("name", VERDICTS)
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_fits_its_window_and_fetches_nothing(
    page: Page, files: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    page.show(files[name], width=width, scheme=scheme)
    assert page.requests == [files[name].as_uri()]
    assert page.complaints == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == GROUND[scheme]
    page.evaluate(OPEN_ALL)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate(OUTSIDE) == []
    drawn_width, drawn_height = size_of(page.screenshot())
    assert drawn_width == width
    assert drawn_height > 400


def test_words_over_words_would_be_seen(page: Page, files: dict[str, Path]) -> None:
    """Labels of one chart do not overlap on a phone."""
    page.show(files["anonymity"], width=360, scheme="light")
    overlapping = page.evaluate("""[...document.querySelectorAll("figure svg[role=img]")].flatMap(chart => {
        const box = node => [node.textContent, node.getBoundingClientRect()];
        const texts = [...chart.querySelectorAll("text")].map(box);
        return texts.flatMap(([one, a], at) => texts.slice(at + 1).filter(([_, b]) =>
            a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 2 && b.top < a.bottom - 2
        ).map(([other]) => one + " | " + other));
    })""")
    assert overlapping == []


def test_no_text_is_smaller_than_eleven_pixels(page: Page, files: dict[str, Path]) -> None:
    page.show(files["anonymity"], width=360, scheme="light")
    sizes = page.evaluate(
        '[...document.querySelectorAll("body *")].map(node => parseFloat(getComputedStyle(node).fontSize))'
    )
    assert min(sizes) >= 11


def test_script_and_foreign_style_cannot_run_in_a_page(
    page: Page, files: dict[str, Path], tmp_path: Path
) -> None:
    """Even if a text became markup, the page's own policy stops it."""
    evil = '<script>document.title = "owned"</script><img src="https://evil.example/x" onerror="alert(1)">'
    broken = files["release"].read_text("utf-8").replace("<main>", f"<main>{evil}")
    path = tmp_path / "broken.html"
    path.write_text(broken, "utf-8")
    page.show(path, width=1280, scheme="light")
    assert page.evaluate("document.title") == "closed · gatecli release"
    assert any("Content Security Policy" in said for said in page.complaints)


def test_a_page_prints(page: Page, files: dict[str, Path]) -> None:
    page.show(files["anonymity"], width=1280, scheme="dark", media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf().startswith(b"%PDF-")


def test_a_card_longer_than_a_sheet_leaves_no_sheet_empty_before_it(
    page: Page, files: dict[str, Path]
) -> None:
    page.show(files["anonymity"], width=1280, scheme="light", media="print")
    assert page.evaluate('getComputedStyle(document.querySelector(".card")).breakInside') == "auto"
