"""The detector: a text and its key path in, detections out.

Three stages, each far rarer than the one before: the prefilter's cues, then patterns and validators, then,
for what could be reported, the words around it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import accumulate

from gatecli.pii.budget import ScanBudget, unlimited_budget
from gatecli.pii.context import LOWER, Line, Vocabulary, is_doubtful, is_named_by, weigh, words
from gatecli.pii.interface import THRESHOLD, Detection, Entity, Match
from gatecli.pii.matching import Sought, find_sought, readable
from gatecli.pii.prefilter import Prefilter
from gatecli.pii.redaction import normalise_value
from gatecli.pii.resolution import resolve_overlaps

PART = 2**16
"""Characters of a long text that are searched together: whole lines, since no value crosses one."""


class Detector:
    """Finds `entities` whose score reaches `threshold` (0 shows everything that matched)."""

    def __init__(self, entities: tuple[Entity, ...], *, threshold: float = THRESHOLD) -> None:
        self.entities = entities
        self.threshold = threshold
        self.prefilter = Prefilter(entities, threshold)
        self.vocabulary = Vocabulary(entities)
        forms = (pattern for entity in entities for pattern in entity.patterns)
        self.has_foreign_forms = any(pattern.engine != "re" for pattern in forms)
        self._spoken_by_keys = lru_cache(1024)(self.vocabulary.entities_in)
        self._order = {entity.id: number for number, entity in enumerate(entities)}

    def detect(
        self, text: str, context: tuple[str, ...] = (), *, budget: ScanBudget | None = None
    ) -> tuple[Detection, ...]:
        """The personal data in `text` as it stands; `context` is its key path and column names.

        Raises `BudgetSpentError` when `budget` ends first; nothing found so far is returned then.
        """
        budget = budget or unlimited_budget()
        found = (detect_match(match, text, words(context)) for match in self.promising(text, context, budget))
        return resolve_overlaps((each for each in found if each.score >= self.threshold), self._order)

    def promising(self, text: str, context: tuple[str, ...], budget: ScanBudget) -> tuple[Match, ...]:
        """What may be reported of `text`, overlapping and in no order: all of `detect` but its last stage.

        Raises `BudgetSpentError` as `detect` does.
        """
        return tuple(self._promising(readable(text), words(context), budget))

    def _promising(self, text: str, keys: str, budget: ScanBudget) -> Iterator[Match]:
        by_keys = self._spoken_by_keys(keys)
        for start, part in parts(text):
            budget.spend(len(part))
            sought = self._without_nameless(self.prefilter.search_places(part, by_keys), part, keys)
            for match in self._worthwhile(part, keys, sought, budget):
                yield _move_match(match, start)
            spoken, lines = self.vocabulary.lines_that_speak(part, by_keys)
            for match in self._beside_words(lines, keys, spoken, budget):
                yield _move_match(match, start)

    def _without_nameless(self, sought: Sequence[Sought], part: str, keys: str) -> Sequence[Sought]:
        """Without the forms that only their own name raises, where neither keys nor text can be it."""
        nameless = [each for each in sought if not is_named_by(each[1].names, keys)]
        if not nameless:
            return sought
        spoken = self.vocabulary.entities_in(part)
        dropped = {id(each) for each in nameless if each[0].id not in spoken}
        return [each for each in sought if id(each) not in dropped]

    def _beside_words(
        self, lines: Sequence[Line], keys: str, spoken: frozenset[str], budget: ScanBudget
    ) -> Iterator[Match]:
        """What only a word on its own line lets be reported: the lines that speak are searched together."""
        if not lines:
            return
        text = "\n".join([line for _, line in lines])
        sought = self.prefilter.sought_beside(text, spoken)
        begins: list[int] = []
        for match in self._worthwhile(text, keys, sought, budget):
            begins = begins or list(accumulate((len(line) + 1 for _, line in lines), initial=0))
            number = bisect_right(begins, match.start) - 1
            yield _move_match(match, lines[number][0] - begins[number])

    def _worthwhile(
        self, text: str, keys: str, sought: Iterable[Sought], budget: ScanBudget
    ) -> Iterator[Match]:
        for match in find_sought(text, sought, budget, partial(self._is_reported, text, keys)):
            if match.score == match.pattern.score or self._is_reported(text, keys, match):
                yield match

    def _is_reported(self, text: str, keys: str, match: Match) -> bool:
        sure = match.score - LOWER >= self.threshold and not is_doubtful(match, text)
        return sure or weigh(match, text, keys)[0] >= self.threshold


def detect_match(match: Match, text: str, keys: str) -> Detection:
    """What a match means where it stands: its score with the words around it, and why."""
    score, reasons = weigh(match, text, keys)
    return Detection(
        entity=match.entity,
        start=match.start,
        end=match.end,
        score=score,
        validity=match.validity,
        well_known=match.well_known,
        explanation=(_explain_form(match), *reasons),
        normalised=normalise_value(text[match.start : match.end]),
    )


def _explain_form(match: Match) -> str:
    checked = f"; {match.validity}" if match.validity else ""
    pattern = match.pattern
    return f"gatecli {match.entity.label}: form {pattern.name!r} scores {pattern.score:g}{checked}"


def parts(text: str) -> Iterator[tuple[int, str]]:
    """Whole lines of `text` together, and where they begin in it."""
    start, size = 0, len(text)
    while size - start > PART:
        end = text.rfind("\n", start, start + PART) + 1 or text.find("\n", start) + 1 or size
        yield start, text[start:end]
        start = end
    if start < size:
        yield start, text[start:]


def _move_match(match: Match, by: int) -> Match:
    if not by:
        return match
    return Match(
        match.entity,
        match.pattern,
        match.start + by,
        match.end + by,
        match.score,
        match.validity,
        match.well_known,
    )
