"""Plaintext personal data: what stands in a text, where, and how to get it out.

No finding holds a detected value: it names the kind, the place, a mask and a fingerprint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from gatecli.checks.object_names import NAME_KEYS, subjects_of
from gatecli.checks.policy_entities import entities_of_policy
from gatecli.checks.published_values import mend_of, severity_as_meant
from gatecli.model.divided import LISTED, divided_lists, may_divide
from gatecli.model.document import Place, pointer_of
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.policy import PiiRules, TestValues
from gatecli.model.text import Leaf, LeafKind, RawText
from gatecli.pii.batches import CleanTexts, texts_worth_searching
from gatecli.pii.budget import BudgetSpentError, Limits, ScanBudget
from gatecli.pii.decoding import READERS
from gatecli.pii.detector import Detector
from gatecli.pii.interface import PERSON_NAME, Detection, Entity, NameFinder
from gatecli.pii.raw_text_prefilter import could_match, may_hold
from gatecli.pii.redaction import mask_value, redact_text, value_hash
from gatecli.pii.scanning import scan
from gatecli.pii.views import Reader

PII_SCAN_INCOMPLETE = Rule(
    "pii-scan-incomplete",
    Severity.ERROR,
    "A text could not be searched to its end within the budget of work and size",
    uncheckable=True,
)

PII_ENCODED_TOO_DEEPLY = Rule(
    "pii-encoded-too-deeply",
    Severity.ERROR,
    "A value is encoded more times over than is looked into",
)

PII_NOT_SEARCHED = Rule(
    "pii-not-searched", Severity.NOTE, "Something was found that could not be searched", coverage=True
)


def entity_phrase(entity: Entity) -> str:
    """The entity in a sentence, with its article: `an IBAN`, `a US Social Security number`."""
    vowel = entity.label[0] in "aeiouAEIOU" and not entity.label.startswith(("US ", "UK "))
    return f"{'an' if vowel else 'a'} {entity.label}"


def rule_of(entity: Entity) -> Rule:
    """The rule that an entity's findings are of."""
    name = entity_phrase(entity)
    return Rule(entity.rule, Severity.ERROR, f"{name[0].upper()}{name[1:]} is in plain text")


_SEVERITIES: Mapping[str, Severity | None] = {
    "deny": Severity.ERROR,
    "mask": Severity.ERROR,
    "warn": Severity.WARNING,
    "audit": Severity.NOTE,
    "ignore": None,
}

_SECONDS = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60)}
STEPS = 20_000_000
"""Steps of work that `pii.timeBudget` means by a second: what one core of a server of 2024 does in it."""
_EDGED = frozenset({"yaml", "json", "json-lines", "csv"})
"""Formats in which the neighbours of a value are none that a pattern takes for a part of it."""

_LONGEST_WAY = 300
"""Characters of how a value was decoded that a message shows."""

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class EmbeddedFile:
    """A leaf that is a file of its own: the readers of its format, or why it holds no text."""

    readers: tuple[Reader, ...] = ()
    unread: str = ""


def no_file(_leaf: Leaf) -> EmbeddedFile | None:
    """Every leaf is a text like any other."""
    return None


def stopped_clock() -> float:
    """No clock: of a search that has no limit in time."""
    return 0.0


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, what it means, and what one text may cost.

    `key` is the organisation's fingerprint key; without one a fingerprint tells eight bits of a value.
    `clock` gives seconds that only grow, for `limits.seconds`.
    """

    detector: Detector
    severities: Mapping[str, Severity]
    limits: Limits
    clock: Clock = stopped_clock
    key: bytes = b""
    names: NameFinder | None = None
    all_rows: bool = False
    """Whether every row of a table is searched, and not a sample."""
    test_values: TestValues = "note"
    embedded: Callable[[Leaf], EmbeddedFile | None] = no_file
    """Which leaf is a file; whoever knows the formats says so (`gatecli.gates.embedded_files`)."""
    clean: CleanTexts = field(default_factory=CleanTexts)
    """What a search of objects remembers of others."""


def search_of(
    rules: PiiRules,
    key: bytes = b"",
    names: NameFinder | None = None,
    *,
    unset_test_values: TestValues = "note",
) -> Search:
    """The search a policy asks for; with `names`, for personal names too, which are warnings.

    Its work is bounded, its time is not: whoever must answer by a time gives it `limits.seconds` and a clock.
    `unset_test_values` is what a published test value is where the rules do not say.

    Raises ConfigurationError for a pack or an entity there is not.
    """
    actions = {PERSON_NAME.id: "warn", **rules.entities}
    known = entities_of_policy(rules)
    wanted = [entity for entity in known if actions.get(entity.id) != "ignore"]
    meant = {entity.id: _SEVERITIES[actions.get(entity.id, "deny")] for entity in (*wanted, PERSON_NAME)}
    severities = {entity: severity for entity, severity in meant.items() if severity is not None}
    limits = Limits(steps=_steps(rules.time_budget), depth=rules.max_decoding_depth, named=rules.time_budget)
    finder = names if PERSON_NAME.id in severities else None
    test_values = rules.test_values or unset_test_values
    return Search(Detector(tuple(wanted)), severities, limits, key=key, names=finder, test_values=test_values)


def _steps(text: str) -> int:
    unit = text.lstrip("0123456789.")
    return int(Decimal(text.removesuffix(unit)) * _SECONDS[unit] * STEPS)


def is_clean(search: Search, texts: Sequence[str], format_: str) -> bool:
    """Whether no text, decoded or not, can hold anything: a proof, so that it need not be parsed.

    `texts` are all that a file of this format shows. What takes more work than the budget is not clean.
    """
    if search.names is not None or (format_ in LISTED and any(map(may_divide, texts))):
        return False
    if format_ not in _EDGED:
        return not any(may_hold(search.detector, text) for text in texts)
    try:
        return not could_match(search.detector, texts, ScanBudget(search.limits, search.clock))
    except BudgetSpentError:
        return False


@dataclass(frozen=True, slots=True)
class Hidden:
    """Personal data in a leaf, for callers that mask it."""

    leaf: Leaf
    detection: Detection

    @property
    def identity(self) -> tuple[str, str]:
        """The rule and the value, wherever it stands. Never shown."""
        return self.detection.rule, self.detection.normalised


@dataclass(frozen=True, slots=True)
class Unopened:
    """A leaf of which something was not decoded, and why."""

    leaf: Leaf = field(repr=False)
    reason: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A leaf that holds no text, and why."""

    leaf: Leaf = field(repr=False)
    reason: str


Seen = Hidden | Unopened | Unread | str
"""What a search comes upon; a text says why it ended early."""


def search_leaves(leaves: Sequence[Leaf], search: Search) -> Iterator[Seen]:
    """Everything that the leaves of one text hold, in their order; last, why the search ended early."""
    if search.names is not None:
        values = (leaf for leaf in leaves if leaf.kind is not LeafKind.KEY)
        yield from (Hidden(leaf, name) for leaf in values for name in search.names(leaf.text))
    leaves = (*leaves, *divided_lists(leaves))
    budget = ScanBudget(search.limits, search.clock)
    files = {index: file for index, leaf in enumerate(leaves) if (file := search.embedded(leaf)) is not None}
    texts = [leaf.text for leaf in leaves]
    wanted = {
        *texts_worth_searching(search.detector, texts, lambda index: leaves[index].words(), budget),
        *files,
    }
    for index in sorted(wanted):
        leaf, file = leaves[index], files.get(index)
        if file is not None and file.unread:
            yield Unread(leaf, file.unread)
            continue
        readers = (*file.readers, *READERS) if file is not None else READERS
        seen = scan(search.detector, leaf.text, leaf.words(), budget=budget, readers=readers)
        for detection in seen.detections:
            yield Hidden(leaf, detection)
        if seen.is_too_deep:
            yield Unopened(leaf, seen.incomplete)
        elif seen.incomplete:
            yield seen.incomplete
            return


def find_personal_data(raw: RawText, leaves: tuple[Leaf, ...], search: Search) -> Iterator[Finding]:
    """The findings of one text; where `raw` has no text (a parsed object) they have no line."""
    return (finding for finding, _ in find_hidden(raw, leaves, search))


def find_hidden(
    raw: RawText, leaves: tuple[Leaf, ...], search: Search
) -> Iterator[tuple[Finding, Hidden | None]]:
    """The findings of one text, each with what it is about: for whoever masks it, or compares two texts.

    A search that ended early gives a finding about nothing, last.
    """
    everything = list(search_leaves(leaves, search))
    hidden = [seen for seen in everything if isinstance(seen, Hidden)]
    names = masked_names(hidden)
    subjects = subjects_of(leaves, raw.path, names) if everything else {}
    for seen in everything:
        if isinstance(seen, str):
            yield _incomplete(raw, seen), None
            continue
        start, end = _span(raw, seen)
        if end <= raw.overlap and raw.text:
            continue
        subject, base = subjects.get(seen.leaf.document, (raw.path, ()))
        spot = _Spot(subject, base, _shown_keys(seen.leaf.keys, names))
        if isinstance(seen, Hidden):
            yield _finding(raw, seen, search, spot, start), seen
        else:
            yield _unknown(raw, seen, spot, start), None


@dataclass(frozen=True, slots=True)
class _Spot:
    """Whose finding it is; where its document begins; and the keys to it, as they may be shown."""

    subject: str
    base: tuple[str, ...]
    keys: tuple[str | int, ...]

    def own_keys(self) -> tuple[str | int, ...]:
        """The keys inside the object that the finding is about."""
        base = self.base
        return self.keys[len(base) :] if self.keys[: len(base)] == base else self.keys

    def pointer(self, leaf: Leaf) -> str | None:
        return None if leaf.pointer is None else pointer_of(self.keys)


def masked_names(hidden: Iterable[Hidden]) -> dict[str, str]:
    """Keys and object names that hold personal data themselves, and how a place may name them."""
    held: dict[str, list[Detection]] = {}
    for seen in hidden:
        if seen.leaf.kind is LeafKind.KEY or seen.leaf.keys in NAME_KEYS:
            held.setdefault(seen.leaf.text, []).append(seen.detection)
    return {name: redact_text(name, detections) for name, detections in held.items()}


def _shown_keys(keys: tuple[str | int, ...], names: Mapping[str, str]) -> tuple[str | int, ...]:
    if not names:
        return keys
    return tuple([names.get(key, key) if isinstance(key, str) else key for key in keys])


def _span(raw: RawText, seen: Hidden | Unopened | Unread) -> tuple[int, int]:
    if not raw.text:
        return -1, -1
    if not isinstance(seen, Hidden):
        return seen.leaf.start, seen.leaf.end
    return seen.leaf.span(raw.text, seen.detection.start, seen.detection.end)


def _finding(raw: RawText, seen: Hidden, search: Search, spot: _Spot, start: int) -> Finding:
    detection, pointer = seen.detection, spot.pointer(seen.leaf)
    place = _place(raw, seen.leaf, pointer, start)
    entity = detection.entity
    finding = make_finding(
        rule_of(entity),
        _message(pointer, detection, search),
        subject=spot.subject,
        place=place,
        mend=mend_of(pointer, detection, search.test_values),
        identity=_identity(seen, search.key, spot),
    )
    own = search.severities[entity.id]
    severity = severity_as_meant(own, search.test_values, well_known=detection.well_known)
    return replace(finding, severity=severity)


def _place(raw: RawText, leaf: Leaf, pointer: str | None, start: int) -> Place:
    at = raw.position(start) if start >= 0 else None
    line, column = (at.line, at.column) if at else (None, None)
    return Place(raw.path, line, column, pointer, leaf.document)


UNKNOWN: Mapping[type[Unopened | Unread], tuple[Rule, str]] = {
    Unopened: (
        PII_ENCODED_TOO_DEEPLY,
        "raise pii.maxDecodingDepth in the policy, or waive it by its fingerprint",
    ),
    Unread: (PII_NOT_SEARCHED, "look into it with a tool that knows its format, or leave it out"),
}
"""What is wrong with what a search cannot know, and how it is mended."""


def _unknown(raw: RawText, seen: Unopened | Unread, spot: _Spot, start: int) -> Finding:
    """What is not known is told by its place and its digest, so that a waiver holds for these bytes alone."""
    pointer = spot.pointer(seen.leaf)
    rule, mend = UNKNOWN[type(seen)]
    digest = hashlib.sha256(seen.leaf.text.encode("utf-8", "surrogatepass")).hexdigest()
    return make_finding(
        rule,
        f"{pointer or raw.path}  {seen.reason}",
        subject=spot.subject,
        place=_place(raw, seen.leaf, pointer, start),
        mend=mend,
        identity=f"{spot.subject}\0{pointer_of(spot.own_keys())}\0{digest}",
    )


def _message(pointer: str | None, detection: Detection, search: Search) -> str:
    where = f"{pointer}  " if pointer else ""
    sure = f" ({detection.validity})" if detection.validity else ""
    known = ", a published test value" if detection.well_known else ""
    decoded = f", after decoding {_way(detection, search)}" if detection.steps else ""
    what = f"{entity_phrase(detection.entity)}{sure}{known}{decoded}"
    return f"{where}holds {what}: {mask_value(detection.normalised)}"


def _way(detection: Detection, search: Search) -> str:
    """How a value was decoded; the keys of a document inside a text may hold personal data themselves."""
    path = detection.path
    if len(path) > _LONGEST_WAY:
        path = path[:_LONGEST_WAY].rpartition("/")[0] + "/…"
    return redact_text(path, scan(search.detector, path).detections)


def _identity(seen: Hidden, key: bytes, spot: _Spot) -> str:
    """With a key: the value, wherever it stands. Without: its place, and eight bits of the value.

    A number has few possible values, so an unkeyed hash would tell it (docs/adr/0005-fingerprints.md).
    """
    normalised = seen.detection.normalised
    if key:
        return value_hash(normalised, key)
    keys = spot.own_keys()
    place = (
        pointer_of(keys) if seen.leaf.pointer is not None else "/".join(seen.leaf.words(seen.detection.start))
    )
    tag = hashlib.sha256(normalised.encode("utf-8", "surrogatepass")).hexdigest()[:2]
    return f"{spot.subject}\0{place}\0{tag}"


_SPLIT = "split the file"
_MENDS = (
    ("the work budget", "raise pii.timeBudget in the policy, or split the file"),
    (
        "the clock",
        "raise the webhook's GATECLI_ADMISSION_SCAN_SECONDS, give it more CPU, or split the object",
    ),
)
"""By how the reason begins."""


def _incomplete(raw: RawText, reason: str) -> Finding:
    return make_finding(
        PII_SCAN_INCOMPLETE,
        f"{raw.path} was not searched to its end: {reason}",
        subject=raw.path,
        place=Place(raw.path, raw.line, raw.column),
        mend=next((mend for start, mend in _MENDS if reason.startswith(start)), _SPLIT),
    )
