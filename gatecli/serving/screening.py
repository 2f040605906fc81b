"""Personal data in the requests and answers of a model's endpoint: refused, masked, or counted.

A pass needs evidence: what cannot be searched is refused where personal data would be refused or masked. No
value leaves this module: neither in a reason nor in a count.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from gatecli.checks import personal_data
from gatecli.checks.personal_data import Hidden, Search, search_leaves
from gatecli.checks.published_values import severity_as_meant
from gatecli.gates.embedded_files import with_embedded_files
from gatecli.model.bounded_memory import BoundedMemory
from gatecli.model.finding import Severity
from gatecli.model.text import LeafReading, RawText
from gatecli.pii.detector import Detector
from gatecli.serving.body_text import CSV, EVENTS, JSON, BodyText, Unsearchable, media_type, texts_of
from gatecli.serving.clean_bodies import (
    CleanForms,
    is_clean_json,
    is_clean_json_by_forms,
    is_clean_table,
    is_clean_text,
)
from gatecli.serving.event_streams import divided_texts, placed_hits, reading_of
from gatecli.serving.masked_bodies import Masked, masked_text
from gatecli.sources.redact import Hit
from gatecli.sources.string_fields.formats import TEXT, format_of, views

Action = Literal["deny", "mask", "audit", "ignore"]
KNOWN_BYTES = 1 << 22
"""Of forms that were proven clean: some thousands."""
INLINE = 1 << 15
"""Bytes of a body that is looked at at once: in less than half a millisecond, where it is clean."""
THREADS = 2
"""Bodies that are searched at once: more would only take turns."""
TINY = 1 << 11
"""Bytes of JSON in which numbers are looked for at once, too: in less than a thread would take to begin."""
_PLAIN = frozenset({"", "identity"})
_UTF_8 = frozenset({"", "utf-8", "utf8"})
_PROOFS: Mapping[str, Callable[[Detector, str], bool]] = MappingProxyType(
    {CSV: is_clean_table, TEXT: is_clean_text}
)
_MOST_TURNS = 3
"""Times that a masked text is masked again where the masks themselves look like something."""


class ScreenOutcome(StrEnum):
    """What was seen in a body, and what follows."""

    IGNORED = "ignored"
    """Nothing was looked for."""
    CLEAN = "clean"
    FOUND = "found"
    """Something was found that is only counted: the body is passed on as it is."""
    MASKED = "masked"
    DENIED = "denied"
    UNSEARCHED = "unsearched"
    """It is of a form that cannot be searched, and is refused."""
    UNKNOWN = "unknown"
    """It was not searched, or not to its end, and is passed on all the same, as nothing is refused."""


_REFUSED = frozenset({ScreenOutcome.DENIED, ScreenOutcome.UNSEARCHED})


@dataclass(frozen=True, slots=True)
class Screened:
    """A body after it was looked at.

    `body` is what may be passed on, b"" where nothing may; it has the content encoding `encoding`. `counts`
    has how many values of each kind were found, by the kind's id; under `deny` a search ends at the first
    that is refused. `reason` says why it was not searched to its end or could not be masked; "" otherwise.
    """

    outcome: ScreenOutcome
    body: bytes = field(default=b"", repr=False)
    encoding: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""

    @property
    def is_refused(self) -> bool:
        """Whether nothing may be passed on."""
        return self.outcome in _REFUSED


class Screen:
    """What is looked for in bodies, and what is done about it.

    What the policy denies or masks is refused or masked, as `action` says; what it warns of or audits is
    counted and passed on; what it ignores is not looked for. Under `audit` everything is counted and passed
    on. It finds what `gatecli pii scan` finds: files inside objects are read as files.
    """

    def __init__(self, search: Search, action: Action) -> None:
        self._search = with_embedded_files(search)
        self.action: Action = action
        self._known: CleanForms = BoundedMemory(KNOWN_BYTES)
        # Threads of its own: a ledger must not wait until bodies are searched.
        self._threads = ThreadPoolExecutor(THREADS, "screen")

    @property
    def searches(self) -> bool:
        """Whether anything is looked for."""
        return self.action != "ignore"

    async def search(self, body: bytes, content_type: str, content_encoding: str = "") -> Screened:
        """The body with what was seen in it; what takes longer than a moment is done in a thread."""
        is_small = len(body) <= INLINE
        if is_small and self._is_soon_clean(body, content_type, content_encoding):
            return self._clean(body, content_encoding)
        judge = self._judge if is_small else self.judge
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, judge, body, content_type, content_encoding)

    def _is_soon_clean(self, body: bytes, content_type: str, content_encoding: str) -> bool:
        """What is proven before a thread would have begun."""
        if self.is_clean(body, content_type, content_encoding):
            return True
        media = media_type(content_type)
        is_plain = media.charset in _UTF_8 and content_encoding in _PLAIN and body.isascii()
        is_tiny = is_plain and media.format == JSON and len(body) <= TINY
        return is_tiny and is_clean_json_by_forms(self._search, body.decode("ascii"))

    def is_clean(self, body: bytes, content_type: str, content_encoding: str = "") -> bool:
        """Whether a body holds nothing that is looked for: a proof, in microseconds for a small body.

        False says nothing: `judge` knows. A body in another character set or encoding is not looked into.
        """
        if self.action == "ignore" or not body:
            return True
        media = media_type(content_type)
        is_plain = media.charset in _UTF_8 and content_encoding in _PLAIN and body.isascii()
        if not is_plain or media.is_opaque or self._search.names is not None:
            return False
        text = body.decode("ascii")
        form = media.format or format_of("-", text[:2000])
        if form == JSON:
            return is_clean_json(self._search.detector, text, self._known)
        proof = _PROOFS.get(form)
        return proof is not None and proof(self._search.detector, text)

    def judge(self, body: bytes, content_type: str, content_encoding: str = "") -> Screened:
        """The body with what was seen in it. No body makes it raise; a large one takes long: for a thread."""
        if self.is_clean(body, content_type, content_encoding):
            return self._clean(body, content_encoding)
        return self._judge(body, content_type, content_encoding)

    def _clean(self, body: bytes, encoding: str) -> Screened:
        return Screened(ScreenOutcome.CLEAN if self.searches else ScreenOutcome.IGNORED, body, encoding)

    def _judge(self, body: bytes, content_type: str, content_encoding: str) -> Screened:
        texts = texts_of(body, content_type, content_encoding)
        if not isinstance(texts, Unsearchable):
            return self._judge_texts(texts, body, content_encoding)
        if self.action == "audit":
            return Screened(ScreenOutcome.UNKNOWN, body, content_encoding, reason=texts.reason)
        return Screened(ScreenOutcome.UNSEARCHED, reason=texts.reason)

    def _judge_texts(self, texts: tuple[BodyText, ...], body: bytes, encoding: str) -> Screened:
        found = [_find(each.raw, self._search, whole=self.action != "deny") for each in texts]
        counts = _most_of(each.counts for each in found)
        reason = next((each.reason for each in found if each.reason), "")
        passed = ScreenOutcome.FOUND if counts else ScreenOutcome.CLEAN
        if self.action == "audit":
            return Screened(ScreenOutcome.UNKNOWN if reason else passed, body, encoding, counts, reason)
        if reason or (self.action == "deny" and any(each.hits for each in found)):
            return Screened(ScreenOutcome.DENIED, counts=counts, reason=reason)
        if not any(each.hits for each in found):
            return Screened(passed, body, encoding, counts)
        masked = self._mask(texts[0], found[0]) if len(texts) == 1 else _TWO_READINGS
        if isinstance(masked, Unsearchable):
            return Screened(ScreenOutcome.DENIED, counts=counts, reason=masked.reason)
        return Screened(ScreenOutcome.MASKED, masked.content, "", counts)

    def _mask(self, text: BodyText, found: Seen) -> Masked | Unsearchable:
        """The text with every value masked, which was searched again and holds none."""
        raw = text.raw if text.is_declared else replace(text.raw, format=found.reading.format)
        for _ in range(_MOST_TURNS):
            masked = masked_text(raw, found.reading, found.hits)
            if isinstance(masked, Unsearchable):
                return masked
            raw, found = masked.raw, _find(masked.raw, self._search)
            if found.reason:
                break
            if not found.hits:
                return masked
        return Unsearchable("what was found cannot be masked")


_TWO_READINGS = Unsearchable("it reads differently in the character set that it names")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one text holds: how often each kind, and where what must not pass stands."""

    reading: LeafReading = field(repr=False)
    counts: Mapping[str, int]
    hits: tuple[Hit, ...] = field(repr=False)
    reason: str = ""


def _find(raw: RawText, search: Search, *, whole: bool = True) -> Seen:
    """What a text holds; unless it is searched whole, up to the first value that must not pass."""
    if _is_plainly_clean(raw, search):
        return Seen(LeafReading(raw.format, ()), {}, ())
    reading = reading_of(raw)
    divided = divided_texts(reading.leaves) if raw.format == EVENTS else {}
    counts: dict[str, int] = {}
    hits: list[Hit] = []
    for seen in search_leaves((*reading.leaves, *divided), search):
        if not isinstance(seen, Hidden):
            reason = seen if isinstance(seen, str) else seen.reason
            return Seen(reading, counts, tuple(hits), f"it was not searched to its end: {reason}")
        placed = placed_hits(seen, divided)
        if not placed:
            continue
        entity = seen.detection.entity.id
        counts[entity] = counts.get(entity, 0) + 1
        if _severity(seen, search) is Severity.ERROR:
            hits += placed
            if not whole:
                break
    return Seen(reading, counts, tuple(hits))


def _is_plainly_clean(raw: RawText, search: Search) -> bool:
    if raw.format == JSON:
        return is_clean_json_by_forms(search, raw.text)
    plain = None if raw.format in {TEXT, EVENTS} else views(raw)
    return plain is not None and personal_data.is_clean(search, plain, raw.format)


def _severity(seen: Hidden, search: Search) -> Severity:
    own = search.severities[seen.detection.entity.id]
    return severity_as_meant(own, search.test_values, well_known=seen.detection.well_known)


def _most_of(counted: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """What the readings of one body hold: of each kind as often as the one that shows it most."""
    most: dict[str, int] = {}
    for counts in counted:
        for entity, count in counts.items():
            most[entity] = max(count, most.get(entity, 0))
    return dict(sorted(most.items()))
