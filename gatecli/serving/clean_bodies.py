"""A cheap proof that a body holds nothing that is looked for, for the thread that answers everybody.

Feature vectors are lists of decimal fractions, in which a search would find nothing and takes long to say
so: no form of a number begins behind a decimal point, and one that is a fraction itself is reported only
where a word tells what it is (`gatecli.pii.context.is_fraction`). Tests hold this to a whole search.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, NoReturn

from gatecli.checks.personal_data import Search
from gatecli.model.bounded_memory import BoundedMemory
from gatecli.model.text import joined_items, number_text
from gatecli.pii.budget import BudgetSpentError, ScanBudget
from gatecli.pii.detector import Detector
from gatecli.pii.raw_text_prefilter import could_match, may_hold

_FRACTION = r"-?(?:0\.[0-9]{1,20}|(?=[0-9.]{3,18}(?![0-9.]))[1-9][0-9]{0,3}\.[0-9]+)(?:[eE]-[0-9]{1,3})?"
"""A number below 10,000 with a fraction, of fewer digits than the one number that a fraction may be."""
_IN_JSON = re.compile(rf"(?<![^\[,:\s]){_FRACTION}(?![^\],}}\s])")
_IN_TABLE = re.compile(rf"(?<![^,;\t|\r\n]){_FRACTION}(?![^,;\t|\r\n])")


CleanForms = BoundedMemory[tuple[bytes, bool], bool]
"""Documents without their fractions that were proven clean, by digest: of a vector its form alone.

Also whether there were any: a `null` that was there from the start says nothing of a fraction in its place.
"""


def is_clean_json(detector: Detector, text: str, known: CleanForms | None = None) -> bool:
    """Whether a text is one JSON document in which no search could find anything.

    What remains without fractions is the same for all vectors of one form, and is then proven once.
    """
    if detector.has_foreign_forms:
        return False
    shorter, left_out = _without_fractions(text)
    form = blake2b(shorter.encode("utf-8", "surrogatepass"), digest_size=16).digest(), left_out > 0
    if known is not None and known.get(form):
        return True
    shown, is_named = _leaf_texts(detector, text, shorter, left_out)
    is_clean = shown is not None and not may_hold(detector, shown)
    if known is not None and is_clean and not is_named:
        known.put(form, value=True, size=0)
    return is_clean


def is_clean_json_by_forms(search: Search, text: str) -> bool:
    """The same, where the forms of numbers are looked for, and not what they have in common: for a thread.

    Of what is escaped `could_match` knows nothing.
    """
    if search.names is not None or "\\" in text:
        return False
    if search.detector.has_foreign_forms:
        return False
    shown, _ = _leaf_texts(search.detector, text, *_without_fractions(text))
    try:
        budget = ScanBudget(search.limits, search.clock)
        return shown is not None and not could_match(search.detector, (shown,), budget)
    except BudgetSpentError:
        return False


def _leaf_texts(detector: Detector, text: str, shorter: str, left_out: int) -> tuple[str | None, bool]:
    """All that the leaves of a JSON document show, each once on a line; None where it is none.

    Also whether a word tells what its fractions are, so that they are among them.
    """
    texts = _texts_in(shorter)
    is_named = bool(texts is not None and left_out and detector.vocabulary.entities_in("\n".join(texts)))
    if is_named:
        texts = _texts_in(text)
    return (None if texts is None else "\n".join(sorted(texts))), is_named


def is_clean_table(detector: Detector, text: str) -> bool:
    """The same of a table without quoted cells."""
    if detector.has_foreign_forms or '"' in text:
        return False
    shorter, left_out = _IN_TABLE.subn("", text)
    is_named = left_out and detector.vocabulary.entities_in(shorter)
    return not may_hold(detector, text if is_named else shorter)


def is_clean_text(detector: Detector, text: str) -> bool:
    """The same of a text without a form."""
    return not (detector.has_foreign_forms or may_hold(detector, text))


def _without_fractions(text: str) -> tuple[str, int]:
    """JSON with `null` for every such number outside of its strings, and how many there were."""
    if "\\" in text:
        return text, 0  # a quote may be none
    pieces = text.split('"')
    between, count = _IN_JSON.subn("null", '"'.join(pieces[::2]))
    if not count:
        return text, 0
    pieces[::2] = between.split('"')
    return '"'.join(pieces), count


class _Members(list[tuple[str, Any]]):
    """An object with all its keys, repeated ones too."""


def _texts_in(text: str) -> set[str] | None:
    """Every text that a leaf has, and every list of short numbers as one; None where it is no JSON."""
    try:
        data = json.loads(
            text,
            object_pairs_hook=_Members,
            parse_int=str,
            parse_float=number_text,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError):
        return None
    return set(_walk(data))


def _refuse(_word: str) -> NoReturn:
    raise ValueError("no JSON")


def _walk(data: object) -> Iterator[str]:
    pending = [data]
    for value in pending:
        if isinstance(value, str):
            yield value
        elif isinstance(value, _Members):
            for key, item in value:
                yield key
                pending.append(item)
        elif isinstance(value, list):
            yield joined_items(_first_texts(value))
            pending.extend(item for item in value if item is not None)


def _first_texts(items: list[Any]) -> list[str]:
    """The texts with which a list begins."""
    found: list[str] = []
    for item in items:
        if not item or not isinstance(item, str):
            break
        found.append(item)
    return found
