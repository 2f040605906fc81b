"""JSON that has one meaning: no key twice, no float, no number that readers disagree about."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from gatecli.errors import UncheckableError

MOST_DIGITS = 19
LONGEST = 16 * 2**20
DEEPEST = 60


class InvalidBundle(UncheckableError):
    """A file is not an attestation that can be read whole."""


def canonical_bytes(value: object) -> bytes:
    """The one text of a JSON value: sorted keys, no blanks, ASCII, no float."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    ).encode()


def load_json(text: bytes, what: str) -> Any:
    """The value of a JSON text in UTF-8. Raises InvalidBundle, which calls the text `what`."""
    if len(text) > LONGEST:
        raise invalid_bundle(what, f"it is larger than {LONGEST // 2**20} MiB")
    try:
        value = json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_refuse_float,
            parse_int=_whole_number,
            parse_constant=_refuse_float,
        )
    except RecursionError:
        raise invalid_bundle(what, "it is nested too deeply") from None
    except _Ambiguous as error:
        raise invalid_bundle(what, str(error)) from None
    except ValueError:
        raise invalid_bundle(what, "it is not JSON in UTF-8") from None
    if _holds_half_a_character(text, value):
        raise invalid_bundle(what, "it holds half a character")
    if _depth(value) > DEEPEST:
        raise invalid_bundle(what, "it is nested too deeply")
    return value


def invalid_bundle(what: str, why: str) -> InvalidBundle:
    """What is raised where `what` cannot be read."""
    return InvalidBundle(
        f"{what} cannot be read: {why}", advice="ask for the file again; gatecli attest writes one"
    )


class _Ambiguous(Exception):
    """Readers would not agree on what a text says."""


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Ambiguous("it holds a key twice")
    return found


def _holds_half_a_character(text: bytes, value: Any) -> bool:
    """Whether an escape is one half of a pair: readers make different characters of it."""
    if b"\\ud" not in text.lower():
        return False
    return any("\ud800" <= letter <= "\udfff" for letter in json.dumps(value, ensure_ascii=False))


def _refuse_float(_text: str) -> Any:
    raise _Ambiguous("it holds a number that is not whole")


def _whole_number(text: str) -> int:
    if len(text) > MOST_DIGITS or text == "-0":
        raise _Ambiguous("it holds a number that not every reader holds")
    return int(text)


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level:
        depth += 1
        level = [
            item
            for each in level
            if isinstance(each, (dict, list))
            for item in (each.values() if isinstance(each, dict) else each)
        ]
    return depth
