"""Context: the words of key paths and of the text around a match, compared as whole words."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from itertools import accumulate

from gatecli.pii.interface import Entity, Match, Strength

RAISE = 0.4
LOWER = 0.35
DOUBTFUL = 0.3
"""What a number scores that is rather something else: one decimal fraction in a hundred passes two checks."""
BEFORE = 64
AFTER = 24

NAME, LABEL = 4, 2
"""Words at the end of a key path that are a value's name, and before a value that may deny it."""
_FILLERS = frozenset({
    "a", "an", "and", "at", "are", "code", "for", "is", "its", "my", "no", "nr", "num", "number", "nummer",
    "numero", "número", "of", "on", "or", "the", "their", "value", "was", "your",
})  # fmt: skip
"""Words between a name and its value that say nothing."""
MOST_TOKENS = 2**16
"""Words without a meaning that are remembered: of a text's words few are new."""
LONGEST_TOKEN = 64
"""Letters of a token that is remembered: a process that runs for months meets many that are longer."""
_DIGIT = re.compile("[0-9]")
_FRACTION = re.compile(r"[0-9]++\.[0-9]++")

_SMALL = "a-zß-öø-ſ"
_WORD = re.compile(rf"[A-ZÀ-ÖØ-Þ]+(?![{_SMALL}])|[A-ZÀ-ÖØ-Þ]?[{_SMALL}]+|[^\x00-ſ]+")
_LINE_END = re.compile(r"[^\n]*")
_LETTERS_ALONE = bytes(
    byte if chr(byte).isascii() and (chr(byte).isalpha() or byte == 0x0A) else 0x20 for byte in range(256)
)
"""The letters and the line ends: lines that differ in their numbers alone are the same."""

NEGATIVE: tuple[str, ...] = (
    "image", "digest", "sha", "md", "hash", "checksum", "resource version", "uid", "uuid", "guid", "port",
    "timestamp", "build", "revision", "generation", "etag", "nonce", "trace", "span", "commit", "bytes",
    "memory", "size", "nanos", "millis", "epoch", "isbn", "issn", "ean", "gtin", "sku", "upc", "latitude",
    "longitude", "semver", "offset", "creation time", "seed", "cidr", "api version", "price",
    "run as user", "run as group", "fs group", "groups", "seconds", "timeout", "replicas", "limit", "quota",
    "gid", "inode",
)  # fmt: skip
"""Keys whose numbers are no person's."""


def words(texts: Iterable[str]) -> str:
    """All words of `texts`, lower case, camelCase and snake_case split, framed by single spaces."""
    found = [word.lower() for text in texts for word in _WORD.findall(text)]
    return f" {' '.join(found)} "


def around(text: str, start: int, end: int) -> tuple[str, str]:
    """The rest of the match's own line, before and after it, within bounds that cut no ASCII word."""
    begin, stop = max(0, start - BEFORE), min(len(text), end + AFTER)
    while 0 < begin < start and _is_letter(text[begin - 1]) and _is_letter(text[begin]):
        begin += 1
    while end < stop < len(text) and _is_letter(text[stop - 1]) and _is_letter(text[stop]):
        stop -= 1
    return text[begin:start].rpartition("\n")[2], text[end:stop].partition("\n")[0]


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


def held_candidates(candidates: tuple[str, ...], haystack: str) -> tuple[str, ...]:
    """Those of `candidates` that the text holds; words of scripts without spaces match anywhere."""
    return tuple(word for word, sought in _search_forms(candidates) if sought in haystack)


@cache
def _search_forms(candidates: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((word, f" {word} " if word.isascii() else word) for word in candidates)


Line = tuple[int, str]
"""Where a line of a text begins, and the line."""


class Vocabulary:
    """Which of some entities a text speaks of: else no context word of theirs counts in it."""

    def __init__(self, entities: Iterable[Entity]) -> None:
        phrases = {entity.id: [frozenset(word.split()) for word in entity.context] for entity in entities}
        self._plain = {entity: _of_script(held, ascii_=True) for entity, held in phrases.items()}
        self._other = {entity: _of_script(held, ascii_=False) for entity, held in phrases.items()}
        self._words = frozenset(word for held in self._plain.values() for phrase in held for word in phrase)
        self._spoken_by_words = lru_cache(4096)(self._speaking)
        self._words_in = lru_cache(MOST_TOKENS)(self._find_words)
        self._silent: set[bytes] = set()

    def entities_in(self, text: str) -> frozenset[str]:
        """The ids of the entities of which a context word may stand in `text`."""
        plain = self._spoken_by(self._telling_tokens(_letters(text)).values())
        return plain if text.isascii() else plain | self._spoken_otherwise(text.lower())

    def lines_that_speak(self, text: str, known: frozenset[str]) -> tuple[frozenset[str], list[Line]]:
        """The entities beside those `known` that lines of `text` may speak of, and the lines that do."""
        letters = _letters(text)
        tokens = self._telling_tokens(letters)
        foreign = frozenset[str]() if text.isascii() else self._spoken_otherwise(text.lower())
        spoken = self._spoken_by(tokens.values()) | foreign
        if spoken <= known:
            return frozenset(), []
        lines = text.split("\n")
        here = {number: self._spoken_by(told) for number, told in _lines_with(letters, tokens).items()}
        if foreign:
            for number, line in enumerate(lines):
                if not line.isascii():
                    here[number] = here.get(number, frozenset()) | self._spoken_otherwise(line.lower())
        speaking = sorted(number for number, said in here.items() if not said <= known)
        begins = list(accumulate((len(line) + 1 for line in lines), initial=0)) if speaking else []
        return spoken - known, [(begins[number], lines[number]) for number in speaking]

    def _spoken_by(self, told: Iterable[frozenset[str]]) -> frozenset[str]:
        return self._spoken_by_words(frozenset[str]().union(*told))

    def _telling_tokens(self, letters: bytes) -> dict[bytes, frozenset[str]]:
        """The tokens of `letters` that hold context words, and which; most were met before and hold none."""
        found: dict[bytes, frozenset[str]] = {}
        for token in set(letters.split()) - self._silent:
            short = len(token) <= LONGEST_TOKEN
            if told := (self._words_in if short else self._find_words)(token):
                found[token] = told
            elif short and len(self._silent) < MOST_TOKENS:
                self._silent.add(token)
        return found

    def _find_words(self, token: bytes) -> frozenset[str]:
        return frozenset(word.lower() for word in _WORD.findall(token.decode("ascii"))) & self._words

    def _speaking(self, found: frozenset[str]) -> frozenset[str]:
        return frozenset(
            entity for entity, phrases in self._plain.items() if any(phrase <= found for phrase in phrases)
        )

    def _spoken_otherwise(self, text: str) -> frozenset[str]:
        """Words with letters that are not ASCII count wherever they stand."""
        return frozenset(
            entity
            for entity, phrases in self._other.items()
            if any(all(part in text for part in phrase) for phrase in phrases)
        )


def _lines_with(letters: bytes, tokens: Mapping[bytes, frozenset[str]]) -> dict[int, list[frozenset[str]]]:
    """By the number of a line, what its tokens tell."""
    spaced = b" " + letters.replace(b"\n", b" \n ") + b" "
    ends = list(accumulate(map(len, spaced.splitlines(keepends=True))))
    found: dict[int, list[frozenset[str]]] = {}
    for token, told in tokens.items():
        word = b" " + token + b" "
        at = spaced.find(word)
        while at >= 0:
            number = bisect_right(ends, at)
            found.setdefault(number, []).append(told)
            at = spaced.find(word, ends[number])
    return found


def _letters(text: str) -> bytes:
    return text.encode("ascii", "replace").translate(_LETTERS_ALONE)


def _of_script(phrases: list[frozenset[str]], *, ascii_: bool) -> tuple[frozenset[str], ...]:
    return tuple(phrase for phrase in phrases if "".join(phrase).isascii() is ascii_)


def weigh(match: Match, text: str, keys: str) -> tuple[float, tuple[str, ...]]:
    """The score with context, and one sentence for each word that counted.

    `keys` is `words(path)`. A negative word counts only from the key path, never beside a positive
    one, and never against a number that proves itself by checks and structure.
    """
    if match.pattern.names:
        return _weigh_named(match, text, keys)
    haystack = keys + words(around(text, match.start, match.end))
    positive = held_candidates(match.entity.context, haystack)
    if positive:
        return min(1.0, match.score + RAISE), (f"raised by context: {', '.join(positive)}",)
    negative = _negative(match.entity, haystack, keys)
    if negative:
        return max(0.0, match.score - LOWER), (f"lowered by context: {', '.join(negative)}",)
    if is_doubtful(match, text):
        return min(match.score, DOUBTFUL), ("lowered as no word says what it is",)
    return match.score, ()


def is_doubtful(match: Match, text: str) -> bool:
    """Whether a match is rather a decimal fraction, or what its form doubts."""
    doubt = match.pattern.doubt
    return is_fraction(match, text) or (doubt is not None and doubt(text, match.start, match.end))


def is_fraction(match: Match, text: str) -> bool:
    """Whether a match is also a decimal fraction, and no structure proves that it is none."""
    proven = match.entity.strength is Strength.STRUCTURED
    return not proven and _FRACTION.fullmatch(text, match.start, match.end) is not None


def _weigh_named(match: Match, text: str, keys: str) -> tuple[float, tuple[str, ...]]:
    """The score of a number that only its name tells from any other; a negative word outweighs that."""
    label = words((_DIGIT.split(around(text, match.start, match.end)[0])[-1],))
    last = _last_words(keys, NAME)
    positive = held_candidates(match.pattern.names, last) or _names_at_end(match.pattern.names, label)
    if positive and not _negative(match.entity, last + _last_words(label, LABEL), keys):
        return min(1.0, match.score + RAISE), (f"raised by context: {', '.join(positive)}",)
    return match.score, ()


@lru_cache(maxsize=4096)
def is_named_by(names: tuple[str, ...], keys: str) -> bool:
    """Whether a key path names its value so; `names` without one need none."""
    return not names or bool(held_candidates(names, _last_words(keys, NAME)))


def _names_at_end(names: tuple[str, ...], label: str) -> tuple[str, ...]:
    """Those of `names` that a label ends in, but for words that say nothing: `PESEL number is`."""
    said = label.split()
    ends = set(accumulate(reversed(said), _before))
    while said and said[-1] in _FILLERS:
        said.pop()
    ends.update(accumulate(reversed(said), _before))
    return tuple(name for name in names if name in ends)


def _before(phrase: str, word: str) -> str:
    return f"{word} {phrase}"


def _last_words(spaced: str, count: int) -> str:
    return f" {' '.join(spaced.split()[-count:])} "


def _negative(entity: Entity, haystack: str, keys: str) -> tuple[str, ...]:
    if entity.strength is Strength.STRUCTURED:
        return ()
    return _negative_keys(keys) + held_candidates(entity.negative_context, haystack)


@lru_cache(maxsize=64)
def _negative_keys(keys: str) -> tuple[str, ...]:
    return held_candidates(NEGATIVE, keys)
