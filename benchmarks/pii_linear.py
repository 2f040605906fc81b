"""The search for personal data takes time in proportion to the text, also where the text attacks it.

Four times the text may take eight times as long, measured in the same run; the steps are counted by
`tests/unit/pii/test_linear_time.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from gatecli.pii.decoding import READERS, may_hide
from gatecli.pii.detector import Detector
from gatecli.pii.entities import all_entities, default_entities
from gatecli.pii.interface import EntityPattern
from gatecli.pii.matching import compile_pattern
from gatecli.pii.prefilter import Prefilter
from gatecli.pii.views import whole
from gatecli.sources.string_fields.formats import read_leaves
from tests.support.attacks import ATTACKS, REPEATED_LINES, digits
from tests.support.leaves import raw_text

SMALL = 2**13
MOST = 8.0
SLACK = 0.05
"""Seconds that the machine may lose to others."""


def seconds(work: Callable[[str], object], text: str) -> float:
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        work(text)
        best = min(best, time.process_time() - started)
    return best


def growth(name: str, work: Callable[[str], object], small: str, large: str) -> float:
    """How many times longer the fourfold text takes; asserts that it is no more than `MOST`."""
    once, four = seconds(work, small), seconds(work, large)
    assert four <= MOST * once + SLACK, f"{name}: {once:.3f} s, then {four:.3f} s on {large[:20]!r}…"
    return four / once


def worst(name: str, work: Callable[[str], object]) -> float:
    """Over all attacks."""
    return max(
        growth(name, work, attack * (SMALL // len(attack)), attack * (4 * SMALL // len(attack)))
        for attack in ATTACKS
    )


def search(pattern: EntityPattern) -> Callable[[str], object]:
    return lambda text: sum(1 for _ in compile_pattern(pattern.regex).finditer(text))


def main() -> None:
    detector, prefilter = Detector(default_entities()), Prefilter(all_entities())
    for entity in all_entities():
        for pattern in entity.patterns:
            worst(f"{entity.id} {pattern.name}", search(pattern))
    print(f"{sum(len(entity.patterns) for entity in all_entities())} forms: linear on {len(ATTACKS)} attacks")
    worst("prefilter", prefilter.may_match)
    worst("decoding", may_hide)
    for reader in READERS:
        worst(reader.__name__, lambda text, reader=reader: list(reader(whole(text))))  # type: ignore[misc]
    print(f"prefilter and {len(READERS)} readers: linear")
    for path, line in REPEATED_LINES:
        growth(path, lambda text, path=path: read_leaves(raw_text(path, text)), line * 4_000, line * 16_000)  # type: ignore[misc]
    print(f"{len(REPEATED_LINES)} kinds of lines in files: linear")
    ratio = growth("dense digits", detector.detect, digits(2**17), digits(2**19))
    print(f"512 KiB of dense digits: {ratio:.1f}× the time of 128 KiB")
    line = "mario.rossi@posta.it "
    print(f"1,000 addresses: {growth('many', detector.detect, line * 250, line * 1000):.1f}× of 250")
    run = "".join(str(number * 7919 % 10) for number in range(2**20))
    print(f"a mebibyte of digits in one run: {seconds(detector.detect, run):.2f} s")


if __name__ == "__main__":
    main()
