"""Every single-byte change of 200 attestations is refused: each place once, by a byte that is drawn.

The property test tries every place of two of them, and 40 places of each.
"""

from __future__ import annotations

import random
import time

from tests.property.test_attestation_laws import bundle_number, is_refused, with_byte

BUNDLES = 200


def main() -> None:
    """Print how many changes were tried, how many were accepted, and how long each took."""
    draw = random.Random(7)  # noqa: S311 - bytes to change, no secrets
    tried, accepted, started = 0, 0, time.perf_counter()
    for number in range(BUNDLES):
        content = bundle_number(number)
        assert not is_refused(content)
        for place in range(len(content)):
            tried += 1
            accepted += not is_refused(with_byte(content, place, content[place] ^ draw.randrange(1, 256)))
    spent = time.perf_counter() - started
    print(f"{BUNDLES} bundles, {tried} changes, {accepted} accepted, {spent / tried * 1e6:.0f} µs each")
    assert accepted == 0


if __name__ == "__main__":
    main()
