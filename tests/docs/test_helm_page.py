"""The page about the chart, and its own README: what they show is accepted, what they count is so."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.admission.chart.test_monitoring import ALERTS
from tests.support import helm
from tests.support.chart_files import CHART, PAGES, ROOT

COMPARISON = (ROOT / "docs" / "admission-comparison.md").read_text("utf-8")
SCHEMA = json.loads((CHART / "values.schema.json").read_text("utf-8"))


def shown() -> Iterator[tuple[str, list[str]]]:
    """Each page, and the words of each command of helm in its blocks."""
    for page in (*PAGES, ROOT / "docs" / "admission-comparison.md"):
        for block in re.findall(r"^```\w*\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line.removeprefix("$ "), comments=True)
                if words[:1] == ["helm"]:
                    yield page.name, words[1:]


def sets(words: list[str]) -> list[str]:
    """The values that a command sets, with a digest in place of an ellipsis."""
    pairs = pairwise(words)
    given = [value.replace("…", "0f4b" * 16) for option, value in pairs if option == "--set"]
    return [part for value in given for part in ("--set", value)]


@pytest.mark.parametrize(("page", "words"), list(shown()))
def test_a_command_is_one_that_helm_knows(page: str, words: list[str]) -> None:
    known = helm.run(words[0], "--help").stdout
    for option in [word for word in words if word.startswith("--")]:
        assert f"{option} " in known or f"{option}\n" in known, option
    if words[0] in {"install", "upgrade", "template"}:
        assert Path(ROOT, words[2]) == CHART
        assert helm.template(None, *sets(words))


def test_an_example_between_the_lines_is_accepted() -> None:
    text = (ROOT / "docs" / "admission-helm.md").read_text("utf-8")
    examples = re.findall(r"`--set ([^`]+)`", text)
    assert len(examples) >= 2
    for each in examples:
        assert helm.template(None, "--set", *shlex.split(each))


def test_every_value_that_a_page_names_is_one() -> None:
    names = set(SCHEMA["properties"])
    for page in (ROOT / "docs" / "admission-helm.md", ROOT / "docs" / "admission-operations.md"):
        for group, key in re.findall(r"`(\w+)\.(\w+)`", page.read_text("utf-8")):
            if group in names and group != "policy":
                assert key in SCHEMA["properties"][group]["properties"], f"{group}.{key}"


def test_the_comparison_counts_what_there_is() -> None:
    assert f"| alerts | {len(ALERTS)}, each tried" in COMPARISON
    assert (
        f"{len(SCHEMA['properties']['settings']['properties'])} settings of the process by name" in COMPARISON
    )
