"""What a person reads: bounded, printable, and without a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from admission.review.objects import LAST_APPLIED
from gatecli.checks.personal_data import Hidden, entity_phrase
from gatecli.gates.objects import Seen
from gatecli.model.document import pointer_of
from gatecli.model.finding import Finding
from gatecli.pii.redaction import mask_value

LONGEST_MESSAGE = 8_000
LONGEST_WARNING = 256
"""Characters of one warning that the API server passes on; of all together, `LONGEST_WARNINGS`."""
LONGEST_WARNINGS = 4_096
LONGEST_PLACE = 400
LONGEST_ANNOTATION = 4_000

_UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"

_REMOVE = "Remove it, or ask for a PrivacyWaiver."
_REMOVE_COPY = (
    "Remove this annotation, a copy of an earlier version which kubectl apply writes anew, "
    "or ask for a PrivacyWaiver."
)
_ADVICE = (
    (pointer_of(LAST_APPLIED), _REMOVE_COPY),
    ("/metadata/", _REMOVE),
    ("", "Move it to a Secret, or ask for a PrivacyWaiver."),
)
_NO_SECRET = (
    *_ADVICE[:-1],
    ("", "Keep it outside the cluster, where the workload fetches it, or ask for a PrivacyWaiver."),
)
"""Where the policy searches the data of Secrets too, or the value stands in a Secret already."""


def denial(seen: Sequence[Seen], limit: int, *, takes_secrets: bool = True) -> str:
    """One line for each finding, `limit` at most; then how many more there are.

    `takes_secrets` says that a Secret with the value would be let in.
    """
    advice = _ADVICE if takes_secrets else _NO_SECRET
    lines = [_sentence(*each, advice) for each in seen[:limit]]
    while len(lines) > 1 and sum(map(len, lines)) + len(lines) > LONGEST_MESSAGE - 40:
        lines.pop()
    more = len(seen) - len(lines)
    text = "\n".join([_cut(line, LONGEST_MESSAGE - 40) for line in lines])
    return f"{text}\nand {more} more" if more > 0 else text


def _sentence(finding: Finding, hidden: Hidden | None, table: Sequence[tuple[str, str]]) -> str:
    if hidden is None:
        mend = f" ({finding.remediation})" if finding.remediation else ""
        return clean(f"{finding.rule.id}: {finding.message}{mend}. gatecli explain {finding.rule.id}")
    where = finding.place.pointer or "/"
    advice = next(text for part, text in table if part in where)
    return f"{locate_finding(finding, hidden)}. {advice} gatecli explain {finding.rule.id}"


def locate_finding(finding: Finding, hidden: Hidden | None) -> str:
    """`pii-us-ssn at /data/note (a US Social Security number, *********99)`."""
    if hidden is None:
        return clean(f"{finding.rule.id}: {finding.message}")
    detection = hidden.detection
    where = _cut(clean(finding.place.pointer or "/"), LONGEST_PLACE)
    what = f"{entity_phrase(detection.entity)}, {mask_value(detection.normalised)}"
    return clean(f"{finding.rule.id} at {where} ({what})")


def warnings_of(texts: Iterable[str]) -> tuple[str, ...]:
    """As many warnings, each once and cut to size, as the API server passes on; last, how many more."""
    wanted = [_cut(clean(text), LONGEST_WARNING) for text in dict.fromkeys(texts)]
    if sum(map(len, wanted)) <= LONGEST_WARNINGS:
        return tuple(wanted)
    kept = list(_within(wanted, LONGEST_WARNINGS - 40))
    return (*kept, f"gatecli: and {len(wanted) - len(kept)} more")


def _within(texts: Iterable[str], size: int) -> Iterator[str]:
    for text in texts:
        size -= len(text)
        if size < 0:
            return
        yield text


def annotation_of(findings: Sequence[Finding]) -> str:
    """Rule, place and fingerprint of each finding, for the audit log."""
    lines = [
        clean(f"{finding.rule.id} {_cut(finding.place.pointer or '-', LONGEST_PLACE)} {finding.fingerprint}")
        for finding in findings
    ]
    kept = list(_within(lines, LONGEST_ANNOTATION - 2 * len(lines[:200]) - 40))
    more = len(lines) - len(kept)
    return "; ".join([*kept, f"and {more} more"] if more else kept)


def clean(text: str) -> str:
    """Printable characters of one line: names are a stranger's, and end in a terminal and a header."""
    if text.isprintable():
        return text
    return "".join([character if character.isprintable() else _UNPRINTABLE for character in text])


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else text[: size - 1] + "…"
