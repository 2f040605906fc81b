"""One string, seen through every decoding, within a budget: what a document walker calls per leaf."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

from gatecli.pii.batches import views_worth_opening
from gatecli.pii.budget import FORM, BudgetSpentError, ScanBudget, TooDeepError, unlimited_budget
from gatecli.pii.context import words
from gatecli.pii.decoding import READERS, expand
from gatecli.pii.detector import Detector
from gatecli.pii.interface import Detection
from gatecli.pii.json_text import json_views
from gatecli.pii.layout import named_below
from gatecli.pii.raw_text_prefilter import could_match, may_hold
from gatecli.pii.resolution import Spans
from gatecli.pii.views import Reader, View


@dataclass(frozen=True, slots=True)
class TextScan:
    """What one text holds. `incomplete` says why the search ended early; "" when it did not.

    `is_too_deep` says that it ended only at what is encoded too many times over.

    An incomplete scan without detections is no pass: the caller reports `pii-scan-incomplete`.
    """

    detections: tuple[Detection, ...] = ()
    incomplete: str = ""
    is_too_deep: bool = False


def scan(
    detector: Detector,
    text: str,
    context: tuple[str, ...] = (),
    *,
    budget: ScanBudget | None = None,
    readers: Iterable[Reader] = READERS,
) -> TextScan:
    """Everything in `text`, decoded forms too; spans are those of `text` itself.

    The shortest decoding of a place wins, so that a value is reported once. No prefilter foresees what
    other `readers` than ours show.
    """
    if readers is READERS and not may_hold(detector, text):
        return TextScan()
    budget = budget or unlimited_budget()
    found = _Detections()
    try:
        if readers is READERS and not _holds_fields(detector, text, context, budget):
            readers = _WITHOUT_FIELDS
        choose = partial(views_worth_opening, detector, context, budget)
        for view in expand(text, budget, readers=readers, choose=choose):
            for detection in _seen_in(detector, view, context, budget):
                found.add(detection)
            budget.spend(len(view.text) / FORM)
            for named in named_below(view, detector.vocabulary):
                for detection in detector.detect(named.text, context + named.context, budget=budget):
                    found.add(_original(detection, named))
    except BudgetSpentError as spent:
        deep = isinstance(spent, TooDeepError)
        return TextScan(_order_detections(found.detections), spent.reason, deep)
    return TextScan(_order_detections(found.detections))


_WITHOUT_FIELDS = tuple(reader for reader in READERS if reader is not json_views)


def _holds_fields(detector: Detector, text: str, context: tuple[str, ...], budget: ScanBudget) -> bool:
    """Whether a text may be JSON of which a field holds anything: it is a list of addresses at times."""
    if "\\" in text or text.lstrip()[:1] not in {"{", "["}:
        return True  # no JSON, or not what it seems
    spoken = detector.vocabulary.entities_in(words(context))
    return could_match(detector, (text,), budget, spoken)


def _seen_in(detector: Detector, view: View, context: tuple[str, ...], budget: ScanBudget) -> list[Detection]:
    detections = detector.detect(view.text, context + view.context, budget=budget)
    if not view.steps:
        return list(detections)
    return [_original(detection, view) for detection in detections]


def _original(detection: Detection, view: View) -> Detection:
    start, end = view.origin(detection.start, detection.end)
    return replace(detection, start=start, end=end, steps=view.steps)


class _Detections:
    """What was found so far. Of one value at one place one detection stays."""

    def __init__(self) -> None:
        self.detections: list[Detection] = []
        self._plain = Spans()
        self._by_value: defaultdict[str, Spans] = defaultdict(Spans)

    def add(self, new: Detection) -> None:
        """Keep `new` unless its place is known; a structure's key path is better than the bare place."""
        number = self._index_of_known(new)
        if number is None:
            self._keep(new)
        elif _refines(new, known := self.detections[number]):
            self.detections[number] = replace(new, start=known.start, end=known.end)

    def _index_of_known(self, new: Detection) -> int | None:
        """What stands there already: the same value, or in clear what `new` is an echo of."""
        same = self._by_value[new.normalised].at(new.start, new.end)
        return self._plain.at(new.start, new.end) if same is None else same

    def _keep(self, new: Detection) -> None:
        number = len(self.detections)
        self.detections.append(new)
        self._by_value[new.normalised].add(new.start, new.end, number)
        if not new.steps:
            self._plain.add(new.start, new.end, number)


def _refines(new: Detection, known: Detection) -> bool:
    further = new.steps[len(known.steps) :]
    same = new.entity is known.entity and new.normalised == known.normalised
    return same and new.steps[: len(known.steps)] == known.steps and len(further) == 1 and "/" in further[0]


def _order_detections(found: list[Detection]) -> tuple[Detection, ...]:
    return tuple(sorted(found, key=lambda item: (item.start, item.end, item.entity.id, item.normalised)))
