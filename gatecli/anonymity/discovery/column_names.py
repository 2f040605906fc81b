"""What a column's name betrays: words of many languages, and the role they give."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from gatecli.anonymity.discovery import name_words


class Role(StrEnum):
    """What a column is to somebody who wants to know whose row it is."""

    DIRECT_IDENTIFIER = "direct-identifier"
    """It names a person by itself."""
    QUASI_IDENTIFIER = "quasi-identifier"
    """Others know it of a person, and together with others it singles one out (Dalenius 1986)."""
    SENSITIVE = "sensitive"
    """What must not be learnt about a person."""
    OTHER = "other"


LONG_HEAD = 7
"""Letters of a word that is understood as the end of a longer one: `Nettoeinkommen`."""

_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def words_of(name: str) -> tuple[str, ...]:
    """The words of a column name, in lower case: `nativeCountry`, `native-country` → native, country."""
    plain = unicodedata.normalize("NFKC", name)
    return tuple(word.lower() for word in _WORD.findall(_HUMP.sub(" ", plain)))


_TYPED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "æ": "ae", "ø": "oe"})
_PLAIN = str.maketrans({"ß": "ss", "ł": "l", "ı": "i", "ø": "o", "đ": "d", "æ": "ae"})
_ACCENT = re.compile("[\u0300-\u036f]")


def spellings(phrase: str) -> tuple[str, ...]:
    """A phrase as it is, and as keyboards without its letters write it: `größe`, `grosse`, `groesse`."""
    plain = _ACCENT.sub("", unicodedata.normalize("NFD", phrase.translate(_PLAIN)))
    return tuple(dict.fromkeys((phrase, unicodedata.normalize("NFC", plain), phrase.translate(_TYPED))))


def phrases(text: str) -> tuple[tuple[str, ...], ...]:
    """The phrases of a vocabulary, each as its words; separated by bars, or words by blanks."""
    return tuple(tuple(phrase.split()) for phrase in text.split("|"))


def _table() -> dict[tuple[str, ...], Role]:
    by_role = (
        (name_words.SENSITIVE, Role.SENSITIVE),
        (name_words.QUASI, Role.QUASI_IDENTIFIER),
        (name_words.DIRECT, Role.DIRECT_IDENTIFIER),
    )
    exact = {phrase: role for text, role in by_role for phrase in phrases(text)}
    spelt = {
        tuple(spelling.split()): role
        for phrase, role in exact.items()
        for spelling in spellings(" ".join(phrase))
    }
    return spelt | exact


ROLES = _table()
"""Role by phrase, in words; one phrase has one role."""

_LONGEST = max(map(len, ROLES))
_KNOWN = frozenset(word for phrase in ROLES for word in phrase)
_ROOTS, _PREFIXES, _ENDINGS = (
    frozenset(text.split()) for text in (name_words.ROOTS, name_words.PREFIXES, name_words.ENDINGS)
)
_PEOPLE, _NUMBERS, _THINGS, _MEASURES = (
    frozenset(word for phrase in phrases(text) for word in phrase)
    for text in (
        "|".join(spellings(name_words.PEOPLE)),
        name_words.NUMBERS,
        name_words.THINGS,
        name_words.MEASURES,
    )
)
_ROWS, _NOTES = frozenset(phrases(name_words.ROWS)), frozenset(phrases(name_words.NOTES))
_NAMES = frozenset({"name", "names"})
_LEADING = frozenset(name_words.LEADING_NUMBERS.split())
_GENERAL = frozenset(name_words.GENERAL.split())
_AFTER = _NUMBERS | _NAMES | _ENDINGS
FLAGS = frozenset(name_words.FLAGS.split())
_HEADS = tuple(sorted(phrase[0] for phrase in ROLES if len(phrase) == 1 and len(phrase[0]) >= LONG_HEAD))


def role_of_name(name: str) -> tuple[Role, str] | None:
    """The role that a name betrays, and the phrase that does; None where no word is known.

    The longest known phrase decides, of phrases of one length the last: `patient_birth_date` is a
    birth date, `name_of_city` a city. A number or a name is a direct identifier where it is a person's:
    `hadm_id`, not `drug_name`; of a place, it is the place. Scripts that write no spaces are searched for
    their words.
    """
    words = words_of(name)
    found = _longest_phrase(words) or _longest_phrase(_parts(words))
    if found is None or found[1] in _NAMES:
        found = _owner(_parts(words)) or found
    if found is None:
        return _role_of_unspaced(words)
    is_measure = found[0] is Role.QUASI_IDENTIFIER and not _MEASURES.isdisjoint(
        {*words} - {*found[1].split()}
    )
    return None if is_measure or found[0] is Role.OTHER else found


def _longest_phrase(words: tuple[str, ...]) -> tuple[Role, str] | None:
    for length in range(min(_LONGEST, len(words)), 0, -1):
        for start in range(len(words) - length, -1, -1):
            phrase = words[start : start + length]
            if phrase in ROLES and not _says_less(phrase, words[start + length :]):
                return ROLES[phrase], " ".join(phrase)
    return None


def _says_less(phrase: tuple[str, ...], following: tuple[str, ...]) -> bool:
    """Whether a general word is only what the words behind it are about."""
    return len(phrase) == 1 and phrase[0] in _GENERAL and not _AFTER.issuperset(following)


def _owner(words: tuple[str, ...]) -> tuple[Role, str] | None:
    """Whose number or name it is, where the last word says that it is one, or the first a number."""
    *owners, last = words or ("",)
    if owners and owners[0] in _LEADING and last in _PEOPLE:
        return Role.DIRECT_IDENTIFIER, " ".join(words)
    if last not in _NUMBERS | _NAMES:
        return None
    if not owners:
        return (Role.DIRECT_IDENTIFIER, last) if last in {"id", "uuid", "guid", "identifier"} else None
    if owners[-1] in _PEOPLE:
        return Role.DIRECT_IDENTIFIER, " ".join(words[-2:])
    known = ROLES.get((owners[-1],))
    if known is not None and known is not Role.DIRECT_IDENTIFIER:
        return known, owners[-1]
    return (Role.OTHER, last) if owners[-1] in _THINGS else None


def _parts(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words without digits behind them, and those that are written together apart: `schoolid`."""
    return tuple(part for word in words for part in _split(word))


def _split(word: str) -> tuple[str, ...]:
    if word in _KNOWN or word in _NUMBERS:
        return (word,)
    plain = re.sub(r"\d", "", word)
    if plain in _KNOWN:
        return (plain,)
    for at in range(1, len(plain)):
        first, rest = plain[:at], plain[at:]
        if (first in _ROOTS | _PEOPLE and rest in _ENDINGS) or (first in _PREFIXES and rest in _ROOTS):
            return first, rest
    return (next((head for head in _HEADS if plain.endswith(head)), word),)


def is_row_number_name(name: str) -> bool:
    """Whether a name says that its column only numbers the rows."""
    words = words_of(name)
    return words in _ROWS or words[:1] == ("unnamed",) or not words


def is_name_of_notes(name: str) -> bool:
    """Whether a name says that its column holds free text."""
    words = words_of(name)
    return words in _NOTES or words[-1:] in _NOTES


def is_name_of_flag(name: str) -> bool:
    """Whether a name is itself what some people are: `black`, `nevermarried`, `nwhite`."""
    return not FLAGS.isdisjoint(_parts(words_of(name)))


def is_name_of_people(name: str) -> bool:
    """Whether a name is a word for a person, so that numbers in its column are theirs."""
    words = words_of(name)
    return len(words) == 1 and words[0] in _PEOPLE


def _role_of_unspaced(words: tuple[str, ...]) -> tuple[Role, str] | None:
    known = [
        (phrase[0], role)
        for phrase, role in ROLES.items()
        if len(phrase[0]) > 1 and not phrase[0].isascii() and any(phrase[0] in word for word in words)
    ]
    wide = [(word, role) for word, role in known if ord(word[0]) >= 0x2E80]
    if not wide:
        return None
    word, role = max(wide, key=lambda item: (len(item[0]), item[0]))
    return role, word
