"""What a well-formed report of each format is, read the way its consumers read it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, Draft202012Validator
from markdown_it import MarkdownIt

from gatecli.model.verdict import Verdict
from gatecli.reports.forgiven import forgiveness_of
from gatecli.reports.summary import state

ROOT = Path(__file__).parents[2]

SAMPLE = 50
"""Findings of a report that are held against its schema; more would only take longer."""

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::([^\r\n]*)")
_LIVE = re.compile(r"[@#!]\w|://|www\.|\w@", re.IGNORECASE)


def is_workflow_command(line: str) -> bool:
    """As runners decide it: `::` after white space, or the older `##[` anywhere."""
    return line.lstrip().startswith("::") or re.search(r"##\w*\[", line) is not None


def _state_of(summary: str) -> str:
    return summary.partition(" · ")[0]


def _counting(verdict: Verdict) -> int:
    return sum(item.suppressed is None or item.rule.uncheckable for item in verdict.findings)


@cache
def _json_schema() -> Draft202012Validator:
    return Draft202012Validator(json.loads((ROOT / "docs/schemas/report-v1.json").read_text("utf-8")))


@cache
def _sarif_schema() -> Draft4Validator:
    return Draft4Validator(json.loads((ROOT / "tests/data/sarif-schema-2.1.0.json").read_text("utf-8")))


def check_text(rendered: str, verdict: Verdict) -> bool:
    """Every function here asserts the form, and returns whether the report says that the gate passed."""
    lines = _ANSI.sub("", rendered).splitlines()
    assert len(lines) == rendered.count("\n")
    assert not any(map(is_workflow_command, lines))
    assert _state_of(lines[-1]) == state(verdict)
    return _state_of(lines[-1]) == "open"


def check_json(rendered: str, verdict: Verdict) -> bool:
    report: dict[str, Any] = json.loads(rendered)
    assert len(report["findings"]) == len(verdict.findings)
    _json_schema().validate(report | {"findings": report["findings"][:SAMPLE]})
    assert report["exit_code"] == verdict.exit_code
    assert not any(map(is_workflow_command, rendered.splitlines()))
    return bool(report["verdict"] == "pass")


def check_sarif(rendered: str, verdict: Verdict) -> bool:
    report: dict[str, Any] = json.loads(rendered)
    (run,) = report["runs"]
    results = run["results"]
    _sarif_schema().validate(report | {"runs": [run | {"results": results[:SAMPLE]}]})
    assert len(results) == min(len(verdict.findings), 5000)
    for result in results:
        (location,) = result["locations"]
        assert location["physicalLocation"]["region"]["startLine"] >= 1
        assert re.fullmatch(r"[A-Za-z0-9._~/%:-]+", location["physicalLocation"]["artifactLocation"]["uri"])
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert not any(map(is_workflow_command, rendered.splitlines()))
    return bool(run["properties"]["verdict"] == "pass")


def check_junit(rendered: str, verdict: Verdict) -> bool:
    suites = ET.fromstring(rendered.encode())  # noqa: S314 - this project's own output
    cases = suites.findall("./testsuite/testcase")
    names = [case.attrib["name"] for case in cases]
    assert len(set(names)) == len(names)
    assert all(len(case) <= 1 for case in cases)
    failures, errors = (suites.findall(f".//{kind}") for kind in ("failure", "error"))
    assert len(failures) == sum(
        verdict.closed_by(item) and not item.rule.uncheckable for item in verdict.findings
    )
    assert suites.attrib["failures"] == str(len(failures))
    assert suites.attrib["errors"] == str(len(errors))
    assert not any(map(is_workflow_command, rendered.splitlines()))
    return bool(cases) and not failures and not errors


def check_github(rendered: str, verdict: Verdict) -> bool:
    *lines, summary = rendered.removesuffix("\n").split("\n")
    forgiven = [line for line in lines if line.startswith("forgiven ")]
    assert len(forgiven) == min(1000, len(forgiveness_of(verdict)))
    assert not any(map(is_workflow_command, forgiven))
    commands = lines[: len(lines) - len(forgiven)]
    for command in commands:
        match = _COMMAND.fullmatch(command)
        assert match is not None, command
        properties = dict(part.split("=", 1) for part in match[2].split(","))
        assert properties.keys() <= {"file", "line", "col", "title"}
    for level in ("error", "warning", "notice"):
        assert sum(command.startswith(f"::{level} ") for command in commands) <= 10
    assert not is_workflow_command(summary)
    assert _state_of(summary) == state(verdict)
    return _state_of(summary) == "open"


@dataclass
class _Seen:
    """What a browser would show: tags, link targets, and text outside code."""

    tags: list[str]
    links: list[str]
    prose: list[str]


def _seen(html: str) -> _Seen:
    seen = _Seen([], [], [])
    depth = [0]

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.tags.append(tag)
            seen.links.extend(value or "" for key, value in attrs if key in {"href", "src"})
            depth[0] += tag == "code"

        def handle_endtag(self, tag: str) -> None:
            depth[0] -= tag == "code"

        def handle_data(self, data: str) -> None:
            if not depth[0]:
                seen.prose.append(data)

    reader = Reader()
    reader.feed(html)
    reader.close()
    return seen


_TABLE_TAGS = {"h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "a", "code"}


def check_markdown(rendered: str, verdict: Verdict) -> bool:
    marker, rest = rendered.split("\n", 1)
    assert marker == "<!-- gatecli -->"
    html = MarkdownIt("commonmark").enable("table").render(rest)
    seen = _seen(html)
    assert set(seen.tags) <= _TABLE_TAGS, set(seen.tags) - _TABLE_TAGS
    assert all(re.fullmatch(r"https://gatecli\.dev/rules/#[a-z0-9-]+", link) for link in seen.links)
    live = [text for text in seen.prose if _LIVE.search(text)]
    assert not live, live
    gates = len(verdict.parts) and len(verdict.parts) + 1
    rows = seen.tags.count("tr") - gates
    forgiven = len(forgiveness_of(verdict))
    if "left out for length" not in rendered:
        assert rows == (_counting(verdict) and _counting(verdict) + 1) + (forgiven and forgiven + 1)
    assert seen.tags.count("th") + seen.tags.count("td") == 5 * rows + 6 * gates
    for line in rest.splitlines():
        assert not is_workflow_command(line)
    return f": {state(verdict)}</h2>" in html and state(verdict) == "open"


_PAGE_TEXT = (
    "a b body caption code dd details div dl dt figcaption figure footer h1 h2 h3 h4 head header html li"
)
_PAGE_MORE = "link main meta ol p section small span style summary table tbody td th thead title tr ul"
_PAGE_DRAWING = "circle desc g line path polygon rect svg text"
_PAGE_TAGS = frozenset(f"{_PAGE_TEXT} {_PAGE_MORE} {_PAGE_DRAWING}".split())
_PAGE_LINK = re.compile(r"data:,|https://gatecli\.dev/rules/#[a-z0-9-]+")


def check_html(rendered: str, verdict: Verdict) -> bool:
    doctype, rest = rendered.split("\n", 1)
    assert doctype == "<!DOCTYPE html>"
    page = ET.fromstring(rest.encode())  # noqa: S314 - this project's own output
    tags = [node.tag for node in page.iter()]
    assert set(tags) <= _PAGE_TAGS, set(tags) - _PAGE_TAGS
    for node in page.iter():
        assert not any(name.startswith("on") or name in {"style", "src"} for name in node.attrib)
        assert _PAGE_LINK.fullmatch(node.attrib.get("href", "data:,"))
    seen = _seen(rest)
    assert seen.tags == tags, "a browser reads another page than an XML parser"
    rows = page.findall(".//table[@role='table']/tbody/tr")
    assert len(rows) == min(1000, _counting(verdict)) + min(1000, len(verdict.findings) - _counting(verdict))
    assert page.findtext(".//h1") == state(verdict)
    assert not any(map(is_workflow_command, rendered.splitlines()))
    (body,) = page.findall("body")
    return body.attrib["data-verdict"] == "pass"


CHECKS: dict[str, Callable[[str, Verdict], bool]] = {
    "text": check_text,
    "json": check_json,
    "sarif": check_sarif,
    "junit": check_junit,
    "github": check_github,
    "markdown": check_markdown,
    "html": check_html,
}
