"""Ledgers for the page: a team's year, one of many entries, and one of hostile texts.

`python -m tests.support.page_ledgers team FILE` writes one, to look at with `gatecli ledger serve`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from gatecli.ledger.checkpoints import make_checkpoint
from gatecli.ledger.interface import LedgerIdentity, Store
from gatecli.ledger.opening import create_store
from gatecli.ledger.sqlite import SqliteStore
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.ledger import Charge, DatasetTerms, EntryKind, Movement, Parent, identity_digest
from gatecli.model.portfolio import DELTA_UNITS, MEASURE_UNITS, NOTHING, Amounts, limit_in_units

IDENTITY = LedgerIdentity("4f" * 16, "acme.example/privacy", "2026-01-05T08:00:00Z")
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SHARE = 10**10
"""An amount of each measure: a hundredth of ε = 1."""
HOSTILE = '"><script>document.title="owned"</script><img src=https://evil.example/x onerror=alert(1)>\u202e'


def limits_of(epsilon: int = 8) -> Amounts:
    """Limits like those of (ε, 1e-5); only their shares matter here."""
    units, slack = epsilon * MEASURE_UNITS, limit_in_units(Fraction(1, 300_000), DELTA_UNITS)
    return Amounts(units, slack, units // 3, slack, units // 2, units // 2, units // 2, units // 2, slack)


def terms(name: str, epsilon: int = 8, **given: Any) -> DatasetTerms:
    budget = Budget(Fraction(epsilon), Fraction(1, 100_000))
    plain = DatasetTerms(name, "person", Neighbouring.ADD_REMOVE, budget, limits_of(epsilon), records=60_000)
    return replace(plain, **given)


def charge(hundredths: int) -> Amounts:
    """A release of ε = `hundredths` / 100: its μ² is a tenth of that, its Rényi ε a fifth."""
    loss, slack = hundredths * SHARE, hundredths * 10**7
    return Amounts(loss, slack, loss // 10, slack, loss // 5, loss // 5, loss // 4, 3 * loss // 10, slack)


def written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def details(number: int) -> dict[str, Any]:
    return {
        "declaration": identity_digest({"release": number}),
        "evidence": [
            {"format": "opacus", "path": "accountant.json", "sha256": identity_digest({"evidence": number})},
            {"format": "report", "url": f"https://ci.acme.example/runs/{number}"},
        ],
        "mechanisms": [{"kind": "dp-sgd", "noiseMultiplier": "1.1", "steps": 14040}],
    }


def movement(
    kind: EntryKind, subject: str, at: datetime, charges: dict[str, Amounts], **more: Any
) -> Movement:
    return Movement(
        kind,
        subject,
        written(at),
        tuple(Charge(name, amounts) for name, amounts in charges.items()),
        identity_digest({"subject": subject, "kind": kind.value if kind is not EntryKind.RESERVE else ""}),
        more.pop("details", {}),
        **more,
    )


def take(
    store: Store, subject: str, hundredths: int, datasets: Iterable[str], at: datetime, **more: Any
) -> None:
    """Reserve it for thirty days."""
    charges = {name: charge(hundredths) for name in datasets}
    reserved = movement(EntryKind.RESERVE, subject, at, charges, **more)
    store.move(reserved, lapses=(at + timedelta(days=30)).date().isoformat())


def publish(store: Store, subject: str, datasets: Iterable[str], at: datetime) -> None:
    store.move(movement(EntryKind.COMMIT, subject, at, dict.fromkeys(datasets, NOTHING)))


def give_back(store: Store, subject: str, hundredths: int, datasets: Iterable[str], at: datetime) -> None:
    taken = {name: -charge(hundredths) for name in datasets}
    store.move(movement(EntryKind.VOID, subject, at, taken, details={"reason": "the run broke off"}))


def create(place: Path | str) -> Store:
    """An empty ledger in a file, which does not wait for the disk, or on a server."""
    store = create_store(str(place), IDENTITY, replay=True)
    if isinstance(store, SqliteStore):
        store._connection.execute("PRAGMA synchronous = OFF")
    return store


def team(place: Path | str) -> Store:
    """A team's year: datasets that are half full, nearly full, new, closed and charged with another."""
    store = create(place)
    start = datetime(2026, 1, 12, 9, tzinfo=UTC)
    for each in (
        terms("people", 20),
        terms("customers-2026", parents=(Parent("people"),)),
        terms("telemetry", 3, unit="device"),
        terms("clinic", 2, neighbouring=Neighbouring.REPLACE_ONE, schema_sha256="ab" * 32),
        terms("survey-2025", 1),
    ):
        store.add_dataset(each, written(start))
    for at, act in sorted(a_year(store, start), key=lambda each: each[0]):
        act(at)
    store.close_dataset("survey-2025", written(NOW - timedelta(days=100)))
    for rule in ("ledger-budget-exceeded", "ledger-budget-exceeded", "ledger-unknown-dataset"):
        store.note_refusal(rule, written(NOW))
    return store


def a_year(store: Store, start: datetime) -> Iterator[tuple[datetime, Callable[[datetime], object]]]:
    """What happens, and when."""
    both, hour = ("customers-2026", "people"), timedelta(hours=1)
    for number in range(7):
        at, subject = start + timedelta(days=40 * number + 3), f"churn-classifier@2.{number}.0"
        cost, said = 90 + 30 * (number % 3), details(number)
        yield at, partial(take, store, subject, cost, both, details=said)
        yield at + 2 * hour, partial(publish, store, subject, both)
    yield start + timedelta(days=200), partial(take, store, "uplift-model@0.9.0", 60, both)
    yield start + timedelta(days=201), partial(give_back, store, "uplift-model@0.9.0", 60, both)
    yield start + timedelta(days=262), partial(take, store, "uplift-model@1.0.0", 60, both)
    yield NOW - timedelta(days=2), partial(take, store, "segments@1.0.0", 40, both)
    for number in range(48):
        at, subject = start + timedelta(days=6 * number), f"crash-rates@{number}"
        yield at, partial(take, store, subject, 18, ("telemetry",))
        yield at + hour, partial(publish, store, subject, ("telemetry",))
    yield NOW - timedelta(days=9), partial(take, store, "readmission@1.0.0", 80, ("clinic",))
    yield NOW - timedelta(days=4), lambda at: make_checkpoint(store, None, written(at))


def hostile(file: Path) -> Store:
    """Names and contents that try to be markup."""
    store = create(file)
    name = f"data {HOSTILE.replace(chr(0x202E), '')}"
    store.add_dataset(terms(name, unit=HOSTILE), written(NOW - timedelta(days=9)))
    said = {"note": HOSTILE, "evidence": [{"url": "javascript:alert(1)"}, {"url": 'https://a.example/"onx='}]}
    take(store, f"model {HOSTILE}", 9, (name,), NOW - timedelta(days=8), details=said)
    store.note_refusal("<b>rule</b>", written(NOW))
    return store


def many(file: Path, entries: int = 10_000) -> Store:
    """One dataset of many entries: releases that are reserved and committed."""
    store = create(file)
    start = NOW - timedelta(days=330)
    store.add_dataset(terms("busy", 100), written(start))
    for number, at in enumerate(moments(start, NOW, entries // 2)):
        take(store, f"query@{number}", 1, ("busy",), at, details=details(number))
        publish(store, f"query@{number}", ("busy",), at)
    store.sequence()
    return store


def moments(start: datetime, end: datetime, count: int) -> Iterator[datetime]:
    return (start + (end - start) * number / count for number in range(count))


if __name__ == "__main__":
    made: dict[str, Callable[[Path], Store]] = {"team": team, "many": many, "hostile": hostile}
    made[sys.argv[1]](Path(sys.argv[2])).close()
