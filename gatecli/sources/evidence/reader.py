"""One evidence file to mechanisms: the table of formats, and the only place that makes findings of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gatecli.model.document import Document, Place
from gatecli.model.finding import Finding, make_finding
from gatecli.model.release import Evidence, EvidenceFormat, EvidenceReference
from gatecli.sources.evidence import (
    audit,
    diffprivlib,
    dp_events,
    flower,
    opacus,
    opendp,
    pipeline_dp,
    smartnoise,
    table,
    tf_privacy,
    tumult,
)
from gatecli.sources.evidence.content import load_budget, load_json, load_state, load_statement
from gatecli.sources.evidence.reading import EvidenceReading, Refused
from gatecli.sources.evidence.rules import EVIDENCE_UNREADABLE
from gatecli.sources.files import MissingFileError, ReadError, sha256_of
from gatecli.sources.interface import Loaded


@dataclass(frozen=True, slots=True)
class _Format:
    load: Callable[[Path, str], Document]
    read: Callable[[object], EvidenceReading]


FORMATS: dict[EvidenceFormat, _Format] = {
    EvidenceFormat.OPACUS: _Format(load_state, opacus.read),
    EvidenceFormat.DP_ACCOUNTING: _Format(load_json, dp_events.read),
    EvidenceFormat.TF_PRIVACY: _Format(load_statement, tf_privacy.read),
    EvidenceFormat.OPENDP: _Format(load_json, opendp.read),
    EvidenceFormat.TUMULT: _Format(load_json, tumult.read),
    EvidenceFormat.DIFFPRIVLIB: _Format(load_budget, diffprivlib.read),
    EvidenceFormat.SMARTNOISE: _Format(load_json, smartnoise.read),
    EvidenceFormat.PIPELINE_DP: _Format(load_statement, pipeline_dp.read),
    EvidenceFormat.TABLE: _Format(load_json, table.read),
    EvidenceFormat.FLOWER: _Format(load_json, flower.read),
    EvidenceFormat.AUDIT: _Format(load_json, audit.read),
}

_MEND = "write it by gatecli.evidence.write(…), or in the form that docs/evidence.md shows for {format}"


def read_evidence(reference: EvidenceReference, base: Path, place: Place, subject: str) -> Loaded[Evidence]:
    """What the file of `reference` records; its path is relative to `base`, and stays below it.

    `place` is where the declaration names the file, `subject` the release. Nothing of the file is ever
    run. A file that is absent, outside, unreadable or not of its format gives no value and one finding
    of `release-evidence-unreadable`, which leads to exit code 4.
    """
    path = base / reference.path
    if problem := _outside(path, base):
        return _lost_evidence(reference, f"{reference.path} {problem}", _INSIDE, place, subject)
    file = Place(path.as_posix())
    try:
        document = FORMATS[reference.format].load(path, path.as_posix())
    except MissingFileError as error:
        return _lost_evidence(reference, f"{reference.path} {error.problem}", error.mend, place, subject)
    except ReadError as error:
        return _lost_evidence(
            reference, f"{reference.path} {error.problem}", error.mend, _at(file, error), subject
        )
    except Refused as error:
        return _refused_evidence(reference, error, file, subject)
    try:
        reading = FORMATS[reference.format].read(document.data)
    except Refused as error:
        return _refused_evidence(reference, error, _place(document, error.pointer), subject)
    digest = sha256_of(path) if reference.sha256 is not None else None
    return Loaded((_evidence(reference, _place(document, ""), reading, digest),))


_INSIDE = "put the file in the declaration's folder or below, so that the evidence travels with the release"


def _outside(path: Path, base: Path) -> str:
    """Why a path may not be read: links and dots are followed first."""
    try:
        inside = path.resolve().is_relative_to(base.resolve())
    except (OSError, RuntimeError):  # a loop of links; RuntimeError before Python 3.13
        return "is a loop of symbolic links"
    except ValueError:
        return "has a name that no file can have"
    return "" if inside else "is outside of the declaration's folder"


def _at(file: Place, error: ReadError) -> Place:
    at = error.position
    return file if at is None else Place(file.path, at.line, at.column)


def _place(document: Document, pointer: str) -> Place:
    """The place in a text; in a checkpoint, which has no lines, the pointer alone."""
    return document.place(pointer) if document.values else Place(document.path, pointer=pointer)


def _evidence(
    reference: EvidenceReference, place: Place, reading: EvidenceReading, digest: str | None
) -> Evidence:
    return Evidence(
        reference,
        place,
        reading.mechanisms,
        reading.stated,
        reading.neighbouring,
        reading.notes,
        reading.sensitivity,
        digest,
        reading.audits,
        table=reading.table,
        federated=reading.federated,
    )


def _refused_evidence(
    reference: EvidenceReference, error: Refused, place: Place, subject: str
) -> Loaded[Evidence]:
    sentence = f"{reference.path} is not {reference.format} evidence: {error.sentence}"
    mend = error.mend or _MEND.format(format=reference.format)
    return _lost_evidence(reference, sentence, mend, place, subject)


def _lost_evidence(
    reference: EvidenceReference, sentence: str, mend: str, place: Place, subject: str
) -> Loaded[Evidence]:
    identity = f"{subject}\0{reference.format}\0{reference.path}"
    finding: Finding = make_finding(
        EVIDENCE_UNREADABLE, sentence, subject=subject, place=place, mend=mend, identity=identity
    )
    return Loaded(findings=(finding,))
