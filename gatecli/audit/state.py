"""Tests that go on from run to run, kept in a file.

**Why the sum of several runs is one test.** A test's events are chosen in its first run, from samples that
are never tested on, and kept here. Every later run adds the counts of new draws, from seeds that no earlier
run used (the number of the batch is part of the seed), and looks at the wealth of all of them. That is the
same product of factors, in the same order, as one long run would have made (see `gatecli.audit.betting`),
which may be looked at at any time. A mechanism that draws from a generator of its own may draw the same again
in every process; so each run is known by its first draws, and one that begins as an earlier one adds nothing.
Between two runs nothing may be chosen again: what was chosen is read,
not found anew.

**What a test is of.** The key is the SHA-256 of what the mechanism is (`gatecli.audit.identity`), its inputs
and its claim. When one of them changes, another test begins, with a wealth of 1: what was drawn from other
code says nothing about this code. Each digest has an error of α of its own. Who deletes the file and tries
until something is found has made many tests.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from gatecli.audit.attack import AuditProgress
from gatecli.audit.betting import PairCounts
from gatecli.audit.events import Event, Witness, event_data, read_event
from gatecli.audit.features import MOST_CELLS, Layout
from gatecli.audit.neighbours import Pair
from gatecli.audit.outputs import WIDEST
from gatecli.errors import ConfigurationError, UncheckableError
from gatecli.model.audit import AuditClaim

STATE_SCHEMA = "gatecli/audit-state/v2"


class StateFile:
    """Tests by their key: the digest of what is tested, the error α, and the method.

    Raises ConfigurationError where the file is not such a one, and UncheckableError where it cannot be
    written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tests, self._starts = _read(path)

    def progress(self, digest: str, alpha: Fraction, method: str) -> AuditProgress | None:
        """The test that was begun; None where there is none."""
        data = self._tests.get(_key(digest, alpha, method))
        if data is None:
            return None
        try:
            return read_progress(data)
        except (KeyError, TypeError, ValueError, IndexError):
            raise self._damage() from None

    def keep(self, digest: str, alpha: Fraction, method: str, progress: AuditProgress) -> None:
        """Write a test's progress: whole or not at all."""
        self._tests[_key(digest, alpha, method)] = progress_data(progress)
        self._write()

    def starts(self, digest: str) -> tuple[str, ...]:
        """By what the runs are known in which this mechanism was tested, in their order."""
        found = self._starts.get(digest, [])
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            raise self._damage()
        return tuple(found)

    def add_start(self, digest: str, start: str) -> None:
        """Another run has begun; written with its first progress."""
        self._starts[digest] = [*self.starts(digest), start]

    def _damage(self) -> ConfigurationError:
        return ConfigurationError(
            f"{self._path}: a test in it is damaged", advice="restore the file, or begin anew without it"
        )

    def _write(self) -> None:
        data = {"schema": STATE_SCHEMA, "starts": self._starts, "tests": self._tests}
        text = json.dumps(data, indent=1, sort_keys=True) + "\n"
        try:
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", dir=self._path.parent, prefix=f".{self._path.name}.", delete=False
            ) as file:
                file.write(text)
            Path(file.name).replace(self._path)
        except OSError as error:
            raise UncheckableError(
                f"{self._path} cannot be written: {error.strerror}",
                advice="choose a writable place for --state",
            ) from None


def digest_of(code: Sequence[bytes], claim: AuditClaim, pairs: Sequence[Pair]) -> str:
    """The SHA-256 that a result is bound to: of the code, the claim and the inputs."""
    whole = hashlib.sha256()
    neighbouring = claim.neighbouring.value if claim.neighbouring else ""
    head = [str(claim.epsilon), str(claim.delta), neighbouring]
    inputs = [part for pair in pairs for part in pair.contents()]
    for part in (*code, *(each.encode() for each in head), *inputs):
        whole.update(len(part).to_bytes(8) + part)
    return whole.hexdigest()


def progress_data(progress: AuditProgress) -> dict[str, Any]:
    """A test's progress as JSON holds it."""
    layout = progress.layout
    return {
        "pair": progress.pair,
        "layout": {
            "cells": list(layout.cells),
            "flat": layout.is_flat,
            "atoms": [each.hex() for each in layout.atoms],
            "lattice": layout.is_lattice,
        },
        "events": [event_data(each) for each in progress.events],
        "counts": [[each.both, each.first, each.second, each.neither] for each in progress.counts],
        "batches": progress.batches,
        "refuted": progress.is_refuted,
        "texts": [[code, text] for code, text in progress.texts],
    }


def read_progress(data: Mapping[str, Any]) -> AuditProgress:
    """What `progress_data` wrote. Raises KeyError, TypeError, ValueError or IndexError on anything else."""
    layout = data["layout"]
    atoms = tuple(float.fromhex(each) for each in layout["atoms"])
    counts = tuple(PairCounts(*(_count(number) for number in each)) for each in data["counts"])
    events = tuple(read_event(each) for each in data["events"])
    if not events or len(events) != len(counts) or len({each.samples for each in counts}) != 1:
        raise ValueError("events and counts differ")
    cells = tuple(_count(each) for each in layout["cells"])
    read = Layout(cells, bool(layout["flat"]), atoms, bool(layout["lattice"]))
    if len(cells) > MOST_CELLS or max(cells, default=0) >= WIDEST:
        raise ValueError("no output has these cells")
    if not all(_fits(each, len(read.names)) for each in events):
        raise ValueError("an event asks for a column that is not there")
    return AuditProgress(
        _count(data["pair"]),
        read,
        events,
        counts,
        _count(data["batches"]),
        tuple((float(code), str(text)) for code, text in data["texts"]),
        bool(data["refuted"]),
    )


def _fits(event: Event, columns: int) -> bool:
    source = event.source
    if not isinstance(source, Witness):
        return 0 < source.width <= WIDEST
    is_inside = all(0 <= step.column < columns for step in source.steps)
    return is_inside and len(source.steps) == len(source.weights) > 0


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("a count is a whole number")
    return value


def _key(digest: str, alpha: Fraction, method: str) -> str:
    return f"{digest} {alpha} {method}"


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tests, and by what the runs of each mechanism are known."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}, {}
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        data = None
    if (
        not isinstance(data, dict)
        or data.get("schema") != STATE_SCHEMA
        or not all(isinstance(data.get(name), dict) for name in ("starts", "tests"))
    ):
        raise ConfigurationError(
            f"{path} is not a file of audit state", advice="name a new file, or the one that --state wrote"
        )
    return data["tests"], data["starts"]
