"""From a release to the facts that its documents state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gatecli.errors import UncheckableError, UsageError
from gatecli.gates.attested_files import file_digest
from gatecli.gates.concealment import without_values
from gatecli.gates.document_facts import facts_of, verdict_facts
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.release import judge_releases, request_for, require_existing
from gatecli.gates.reserving import LedgerUse
from gatecli.model.documents import DocumentFacts
from gatecli.sources.discovery import find_declarations


@dataclass(frozen=True, slots=True)
class DocumentedRelease:
    """A release, by the path of its declaration or of its folder, and who judges it.

    `attestation` is a file that attests the verdict.
    """

    path: Path
    terms: JudgementTerms
    ledger: LedgerUse | None = None
    attestation: Path | None = None


def document_facts(asked: DocumentedRelease) -> DocumentFacts:
    """The facts of the one release at a path, whether the gate is open for it or closed.

    Raises UsageError where there is not one, or where its names hold personal data; UncheckableError for what
    cannot be read.
    """
    require_existing([asked.path])
    found = facts_at(sorted(find_declarations([asked.path])), asked.terms, asked.ledger)
    if len(found) != 1:
        raise UsageError(
            f"{asked.path} declares {len(found)} releases, and a document is about one",
            advice="name the folder, or the declaration, of one release",
        )
    facts = found[0]
    _refuse_personal_data(facts)
    return facts if asked.attestation is None else replace(facts, attestation=file_digest(asked.attestation))


def facts_at(
    declarations: list[Path], terms: JudgementTerms, ledger: LedgerUse | None
) -> tuple[DocumentFacts, ...]:
    """The facts of every release in these files. Raises UncheckableError for one that cannot be read."""
    request = request_for(declarations, terms, ledger)
    for problem in request.problems:
        raise UncheckableError(f"{problem.place}: {problem.message}", advice=problem.remediation)
    judged = judge_releases(request)
    verdict = verdict_facts(judged.verdict)
    return tuple(
        replace(facts_of(subject, costs, terms.policy, charged), verdict=verdict)
        for subject, costs, charged in zip(request.releases, judged.costs, judged.charged, strict=True)
    )


def _refuse_personal_data(facts: DocumentFacts) -> None:
    """A document is kept for years and shown to many: no person is named in what is generated of it."""
    release = facts.release.model_dump(mode="json", by_alias=True)
    waivers = facts.verdict.waivers if facts.verdict else ()
    texts = [
        facts.path,
        *facts.tiers,
        facts.policy.name,
        *(each.name for each in waivers),
        *_texts_in(release),
    ]
    if any(without_values(text) != text for text in texts):
        raise UsageError(
            "the document would hold personal data",
            advice="name releases, datasets, columns and files without it",
        )


_FIGURE = re.compile(r"[0-9a-fA-F]{64}|-?[0-9]+([./][0-9]+)?(e-?[0-9]+)?")


def _texts_in(data: object) -> Iterator[str]:
    """Every text of plain data, without digests and numbers."""
    match data:
        case str():
            if not _FIGURE.fullmatch(data):
                yield data
        case dict():
            for key, value in data.items():
                yield from (*_texts_in(key), *_texts_in(value))
        case list():
            for item in data:
                yield from _texts_in(item)
