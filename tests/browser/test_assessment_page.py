"""The impact assessment in a real browser: it fits, nothing is fetched, and hostile names stay text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gatecli.documents.kinds import PIA
from tests.support.chromium import Page, browser, chromium
from tests.support.document_examples import assessment
from tests.support.documented import complete_facts
from tests.support.written_documents import budget_facts, some_facts

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
OVERFLOWING = """[...document.querySelectorAll("body *")].filter(
    node => node.getBoundingClientRect().right > innerWidth + 1
).map(node => node.outerHTML.slice(0, 200))"""
PAGE = replace(PIA, template="pia.html")


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    program = chromium()
    assert program is not None
    with browser(program) as opened:
        yield opened


@pytest.fixture(scope="module", name="files")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    hostile = some_facts(
        HOSTILE, version="x" * 300, datasets=[HOSTILE, "y" * 300], budget=budget_facts(), unit=HOSTILE
    )
    texts = {"complete": assessment(complete_facts(folder), PAGE), "hostile": assessment(hostile, PAGE)}
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, "utf-8")
    return {name: folder / f"{name}.html" for name in texts}


@pytest.mark.parametrize("name", ["complete", "hostile"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_and_fetches_nothing(
    page: Page, files: dict[str, Path], name: str, scheme: str, width: int
) -> None:
    page.show(files[name], width=width, scheme=scheme)
    assert page.complaints == []
    assert [each for each in page.requests if not each.startswith("file:")] == []
    assert page.evaluate(OVERFLOWING) == []


def test_hostile_names_are_text(page: Page, files: dict[str, Path]) -> None:
    page.show(files["hostile"], width=1280, scheme="light")
    assert page.evaluate("document.images.length + document.scripts.length") == 0
    assert page.evaluate("document.title").startswith("Privacy impact assessment of <img")
    assert HOSTILE in page.evaluate("document.body.innerText")


def test_every_question_of_cnil_is_a_heading(page: Page, files: dict[str, Path]) -> None:
    page.show(files["complete"], width=1280, scheme="light")
    numbers = page.evaluate("[...document.querySelectorAll('h4 .number')].map(node => node.textContent)")
    assert len([each for each in numbers if "." not in each]) == 36
