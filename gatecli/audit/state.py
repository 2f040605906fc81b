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

import fcntl
import hashlib
import json
import math
import os
import struct
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

from gatecli.audit.attack import LARGEST_BATCH, AuditProgress
from gatecli.audit.betting import PairCounts
from gatecli.audit.choice import MOST_EVENTS
from gatecli.audit.events import Event, Witness, event_data, read_event
from gatecli.audit.features import MOST_CELLS, Layout
from gatecli.audit.json_data import read_json_file
from gatecli.audit.neighbours import Pair
from gatecli.audit.outputs import WIDEST, CellKind
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
            read = read_progress(data)
            if read.layout.is_lattice != (method == "lattice"):
                raise ValueError("a test by another method")
        except DAMAGE:
            raise self._damage() from None
        return read

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

    def keep(self, digest: str, alpha: Fraction, method: str, progress: AuditProgress) -> None:
        """Write a test's progress, whole or not at all, beside what others have written meanwhile."""
        key = _key(digest, alpha, method)
        self._tests[key] = progress_data(progress)
        ours = {key: self._tests[key]}, {digest: self._starts[digest]} if digest in self._starts else {}
        try:
            with _lock(self._path.parent):
                tests, starts = (
                    {**theirs, **own} for theirs, own in zip(_read(self._path), ours, strict=True)
                )
                data = {"schema": STATE_SCHEMA, "starts": starts, "tests": tests}
                _replace(self._path, json.dumps(data, indent=1, sort_keys=True))
        except OSError as error:
            raise UncheckableError(
                f"{self._path} cannot be written: {error.strerror}",
                advice="choose a writable place for --state",
            ) from None


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """One writer of state files in a folder at a time; the lock leaves no file, and ends with its process."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems have no locks: there, the last writer wins
            fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _replace(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        try:
            file.write(f"{text}\n")
            file.flush()
            Path(file.name).replace(path.resolve())
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


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


DAMAGE = (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError)
"""What `read_progress` raises on what `progress_data` did not write."""


def read_progress(data: Mapping[str, Any]) -> AuditProgress:
    """What `progress_data` wrote. Raises one of `DAMAGE` on anything else, also where its parts contradict
    each other.
    """
    layout = _read_layout(data["layout"])
    counts = tuple(PairCounts(*(_count(number) for number in each)) for each in data["counts"])
    events = tuple(read_event(each) for each in data["events"])
    batches, is_refuted = _count(data["batches"]), _truth(data["refuted"])
    if not 0 < len(events) <= MOST_EVENTS or len(events) != len(counts):
        raise ValueError("events and counts differ")
    (samples,) = {each.samples for each in counts}
    if not batches <= samples <= batches * LARGEST_BATCH or (is_refuted and not samples):
        raise ValueError("samples and batches differ")
    if not all(_fits(each, layout) for each in events):
        raise ValueError("an event asks for a column that is not there")
    texts = tuple((_finite(float(code)), str(text)) for code, text in data["texts"])
    return AuditProgress(_count(data["pair"]), layout, events, counts, batches, texts, is_refuted)


def _read_layout(data: Mapping[str, Any]) -> Layout:
    atoms = tuple(float.fromhex(each) for each in data["atoms"])
    cells, is_flat = tuple(_count(each) for each in data["cells"]), _truth(data["flat"])
    if len(cells) > MOST_CELLS or max(cells, default=0) >= WIDEST or (is_flat and len(cells) != 1):
        raise ValueError("no output has these cells")
    if any(map(math.isnan, atoms)):
        raise ValueError("an atom is a number")
    return Layout(cells, is_flat, atoms, _truth(data["lattice"]))


def _fits(event: Event, layout: Layout) -> bool:
    source = event.source
    if not isinstance(source, Witness):
        return 0 < source.width <= WIDEST and all(_is_outcome(key, source.width) for key in source.keys)
    is_inside = all(0 <= step.column < len(layout.names) for step in source.steps)
    numbers = (source.threshold, *source.weights)
    return is_inside and len(source.steps) == len(source.weights) > 0 and all(map(math.isfinite, numbers))


def _is_outcome(key: bytes, width: int) -> bool:
    cells = struct.unpack(f"{2 * width}d", key) if len(key) == 16 * width else (math.nan,)
    return not any(map(math.isnan, cells)) and {*cells[width:]} <= set(map(float, CellKind))


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise ValueError("a count is a whole number")
    return value


def _key(digest: str, alpha: Fraction, method: str) -> str:
    return f"{digest} {alpha} {method}"


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tests, and by what the runs of each mechanism are known."""
    advice = "name a new file, or the one that --state wrote"
    try:
        data = read_json_file(path)
    except FileNotFoundError:
        return {}, {}
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}", advice=advice) from None
    except ValueError as error:
        raise ConfigurationError(f"{path} is not a file of audit state: it {error}", advice=advice) from None
    if (
        not isinstance(data, dict)
        or data.get("schema") != STATE_SCHEMA
        or not all(isinstance(data.get(name), dict) for name in ("starts", "tests"))
    ):
        raise ConfigurationError(f"{path} is not a file of audit state", advice=advice)
    return data["tests"], data["starts"]
