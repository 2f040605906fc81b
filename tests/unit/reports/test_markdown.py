from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from gatecli.model.document import Place
from gatecli.model.verdict import combine, decide
from gatecli.reports import markdown
from gatecli.reports.interface import Style
from tests.support.report_checks import check_markdown
from tests.support.verdicts import CASES, POLICY, many, understated


@pytest.mark.parametrize(
    "text", ["|", "`", "``|`", "\\|", "\\", "a`b|c\\", " ", "", "||", "x `", "<b>", "&amp;"]
)
def test_code_shows_exactly_its_text(text: str) -> None:
    html = (
        MarkdownIt("commonmark")
        .enable("table")
        .render(f"| a | b |\n|---|---|\n| {markdown.code(text)} | end |")
    )
    shown = html.split("<tbody>")[1].replace("<code>", "").replace("</code>", "")
    escaped = text.strip().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f"<td>{escaped}</td>\n<td>end</td>" in shown


@pytest.mark.parametrize(
    "word",
    [
        "@team",
        "#1",
        "acme/app#12",
        "GH-7",
        "https://e.example",
        "www.e.example",
        "a@b.example",
        "!4",
        ":tada:",
    ],
)
def test_a_word_that_a_forge_would_link_is_code(word: str) -> None:
    assert markdown.inline(f"see {word} now") == f"see `{word}` now"


def test_prose_stays_prose() -> None:
    sentence = "declares ε = 1.0, but 14040 steps (σ = 1.1) cost 2.38 at δ = 1e-05"
    assert markdown.inline(sentence) == sentence


def test_what_means_something_to_markdown_is_referenced() -> None:
    assert markdown.inline("*a* <b> [c](d) `e` | \\ & ~f~ $g$") == (
        "&#42;a&#42; &lt;b&gt; &#91;c&#93;(d) &#96;e&#96; &#124; &#92; &amp; &#126;f&#126; &#36;g&#36;"
    )


def test_an_open_gate_has_no_table() -> None:
    assert markdown.render(CASES["open"](), Style()) == (
        "<!-- gatecli -->\n## gatecli release: open\n\nopen · policy default · checked 1 release\n"
    )


@pytest.mark.parametrize("limit", [4_096, 20_000, markdown.COMMENT_LIMIT])
def test_a_report_is_cut_between_rows_and_says_how_many_are_left_out(limit: int) -> None:
    verdict = many(1_000)
    rendered = markdown.render(verdict, Style(), limit=limit)
    rows = rendered.count("\n| error ")
    assert limit - 500 < len(rendered.encode()) <= limit
    assert f"{1_000 - rows} more findings left out for length" in rendered
    check_markdown(rendered, verdict)


CUT = ("数据泄露 ", "🔒 ", "e\u0301\u0323 ", "```\n| a |\n", "<!-- ~~~ ")
LIMITS = (4_096, 20_000, markdown.COMMENT_LIMIT)


@pytest.mark.parametrize(
    ("limit", "text"), [*itertools.product(LIMITS, CUT), (markdown.SUMMARY_LIMIT, "".join(CUT))]
)
def test_a_cut_counts_bytes_and_splits_no_table_fence_or_character(limit: int, text: str) -> None:
    findings = tuple(
        replace(understated(at + 1), message=text * (at % 90 + 1), subject=f"m {at}")
        for at in range(limit // 300)
    )
    one = decide("release", POLICY, (), findings)
    verdict = combine((one, decide("pii", POLICY, (), ())))
    rendered = markdown.render(verdict, Style(), limit=limit)
    assert limit - 3_500 < len(rendered.encode()) <= limit
    assert not any(line.lstrip().startswith(("```", "~~~")) for line in rendered.splitlines())
    check_markdown(rendered, verdict)


def test_the_gates_of_a_run_come_before_its_findings() -> None:
    lines = markdown.render(CASES["gates"](), Style()).splitlines()
    assert lines.index("| release | closed | 1 | 1 | 1 | 0 |") < lines.index(
        "| --- | --- | --- | --- | --- |"
    )


def test_what_is_new_stands_under_a_heading_of_its_own() -> None:
    rendered = markdown.render(CASES["compared"](), Style())
    assert "\n### New since the baseline\n" in rendered
    assert "dp-understated-epsilon" not in rendered.partition("### Forgiven")[0]


def test_one_endless_finding_does_not_crowd_out_the_others() -> None:
    endless = "|\U000e0041<" * 100_000
    first = replace(understated(), place=Place("a" + endless), message=endless, remediation=endless)
    second = replace(understated(), place=Place("b"))
    verdict = decide("release", POLICY, (), (first, second))
    rendered = markdown.render(verdict, Style(), limit=markdown.COMMENT_LIMIT)
    assert rendered.count("\n| error ") == 2
    assert len(rendered.encode()) <= markdown.COMMENT_LIMIT


def test_a_limit_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 4096 bytes"):
        markdown.render(CASES["open"](), Style(), limit=100)
