"""A page to look at and to keep: self-contained, without script, and nothing in it is fetched.

Its Content Security Policy permits its own style sheet by hash and nothing else, so that a stranger's
text could not run or fetch anything even if it became markup. It reads as XML too, by which tests know
that no text did.
"""

from __future__ import annotations

from collections.abc import Iterator

from gatecli import package
from gatecli.model.finding import Severity
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.reports.html.checked_subjects import subjects_section
from gatecli.reports.html.findings import findings, forgiven_section
from gatecli.reports.html.markup import Child, Markup, each, element, join_children, lines, table, tile
from gatecli.reports.html.stylesheet import STYLE, STYLE_HASH
from gatecli.reports.interface import Style
from gatecli.reports.summary import gate_state, new_count, plural, state, summary

name = "html"

_POLICY = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'none'"
)
_TONES = {ExitCode.OPEN: "open", ExitCode.CLOSED: "closed"}
_MARKS = {
    "open": "M13 23 L20 30 L32 15",
    "closed": "M14 14 L30 30 M30 14 L14 30",
    "unknown": "M16 17 a6 6 0 1 1 8.5 5.5 c-2 1 -2.5 2 -2.5 4.5 M22 32 v.5",
}


def _tone(verdict: Verdict) -> str:
    if verdict.closed and not verdict.uncheckable:
        return "closed"
    return _TONES.get(verdict.exit_code, "unknown")


def _head(verdict: Verdict) -> Markup:
    return lines(
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("link", rel="icon", href="data:,"),
        element("title", f"{state(verdict)} · gatecli {verdict.gate}"),
        element("style", Markup(STYLE)),
    )


def _state_sentence(verdict: Verdict) -> str:
    """What the state means, in a sentence."""
    if verdict.uncheckable:
        return "Something could not be judged: that is never a pass."
    if verdict.closed:
        closing = sum(map(verdict.closed_by, verdict.findings))
        return f"{plural(closing, 'finding')} {'closes' if closing == 1 else 'close'} this gate."
    if not verdict.checked:
        return "Nothing to check was found: that is never a pass."
    return "Nothing was found that closes this gate."


def _banner(verdict: Verdict, made_at: str) -> Markup:
    tone = _tone(verdict)
    ring = element("circle", cx=22, cy=22, r=20, class_="mark")
    sign = element(
        "svg", ring, element("path", d=_MARKS[tone], class_="mark"), viewBox="0 0 44 44", aria_hidden="true"
    )
    words = element("div", element("h1", state(verdict)), element("p", _state_sentence(verdict)))
    brand = element(
        "p",
        element("b", "gatecli"),
        element("span", " · ".join(filter(None, (f"{verdict.gate} gate", made_at)))),
        class_="brand",
    )
    return element(
        "header",
        Markup("\n"),
        lines(brand, element("div", sign, words, class_=f"banner {tone}")),
        Markup("\n"),
    )


def _tiles(verdict: Verdict) -> Markup:
    counts = [(level, verdict.count(level)) for level in Severity]
    tiles = [
        tile(f"{level.value}s", f"{count:,}", tone=level.value if count else "") for level, count in counts
    ]
    if verdict.baseline is not None:
        tiles.append(tile("new", f"{new_count(verdict):,}"))
    tiles.append(tile("suppressed", f"{verdict.suppressed_count:,}"))
    tiles.append(tile("checked", f"{len(verdict.checked):,}"))
    return each("dl", tiles, class_="tiles counts")


def _gates(verdict: Verdict) -> Markup:
    """A row a gate, where several were run."""
    if not verdict.parts:
        return Markup()
    rows: list[list[Child]] = [
        [part.gate, gate_state(part), *(f"{count:,}" for count in _counts(part))] for part in verdict.parts
    ]
    heads = ["Gate", "State", "Checked", *(f"{level.value.capitalize()}s" for level in Severity)]
    return element(
        "section",
        element("h2", "Gates", id="gates"),
        Markup("\n"),
        table(heads, rows),
        aria_labelledby="gates",
    )


def _counts(part: Verdict) -> Iterator[int]:
    yield len(part.checked)
    yield from (part.count(level) for level in Severity)


def _origin(verdict: Verdict) -> dict[str, str]:
    """Where the policy was read, where that was not the working tree."""
    policy = verdict.policy
    return {"Policy read from": f"{policy.revision} ({policy.commit})"} if policy.revision else {}


def _about(verdict: Verdict, made_at: str) -> Markup:
    facts = {
        **({"Date": made_at} if made_at else {}),
        "Summary": summary(verdict),
        "Policy": verdict.policy.name,
        "Policy SHA-256": verdict.policy.sha256,
        **_origin(verdict),
        "Exit code": str(int(verdict.exit_code)),
        "Tool": f"gatecli {package.VERSION}",
    }
    pairs = [join_children(element("dt", key), element("dd", value)) for key, value in facts.items()]
    never = (
        "The charts hold counts, shares and names of columns. They show no value of a quasi-identifier, and "
        "of a sensitive attribute only values that enough records share."
    )
    pictured = any(item.picture is not None for item in verdict.checked)
    return lines(
        element("h2", "About this report"),
        each("dl", pairs, class_="facts"),
        element("p", never, class_="group") if pictured else None,
    )


def render(verdict: Verdict, style: Style, /) -> str:
    """One HTML page; the style sheet is in it, and it needs nothing else."""
    body = lines(
        _banner(verdict, style.made_at),
        each(
            "main",
            [
                part
                for part in (
                    _tiles(verdict),
                    _gates(verdict),
                    findings(verdict),
                    subjects_section(verdict, style.made_at),
                    forgiven_section(verdict),
                )
                if part
            ],
        ),
        each("footer", [_about(verdict, style.made_at)]),
    )
    page = element(
        "html",
        Markup("\n"),
        each("head", [_head(verdict)]),
        Markup("\n"),
        each("body", [body], data_verdict="pass" if verdict.passed else "fail"),
        Markup("\n"),
        lang="en",
    )
    return f"<!DOCTYPE html>\n{page}\n"
