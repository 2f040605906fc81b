"""The small grammar that all patterns are written in: boundaries, separators, cues.

Every expression is linear: repeats are bounded, neighbours in a sequence are disjoint, and the first
item is a character class, so that the search skips to it quickly. A boundary is therefore checked
behind the first character, not in front of it.
"""

from __future__ import annotations

from gatecli.pii.interface import Cue

WORD = "0-9A-Za-z"
ANY_SEPARATOR = "[ ./_-]{0,3}"
"""Between the digits of a number that somebody wants to hide."""
CUE_SEPARATOR = "[ ()./_:+-]{0,3}"
"""What a cue forgives between two digits: more than any pattern."""


def bounded_pattern(first: str, rest: str, *, before: str = WORD, after: str = WORD) -> str:
    """`first` (a character class) and `rest`, not inside a longer word or a decimal fraction."""
    start = rf"[{first}](?<![{before}].)(?<![0-9]\..)"
    return rf"{start}{rest}(?![{after}])(?!\.[0-9])"


def digits(count: int) -> Cue:
    """The cue of `count` digits, however they are separated."""
    return Cue(rf"[0-9](?:{CUE_SEPARATOR}[0-9]){{{count - 1}}}", (b"0" * count,), "squeezed")
