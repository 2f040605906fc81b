"""Opening balances: what was spent on a dataset before its ledger began, from a library's own records.

The readers are those of a release's evidence (`gatecli.sources.evidence`). A file is charged once: its digest
is the subject, so that importing it again changes nothing, and importing it otherwise is a conflict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gatecli.accounting.interface import NoBound, Question
from gatecli.checks.release.recorded_work import is_of_unknown_relation, work_under
from gatecli.errors import UncheckableError, UsageError
from gatecli.gates.charged_work import Book, costs_of_work, kept_work, stabilities
from gatecli.gates.ledger_access import missing_dataset
from gatecli.gates.reserving import refuse_personal_data
from gatecli.model.budget import Neighbouring
from gatecli.model.document import Place
from gatecli.model.ledger import (
    OPENING_PREFIX,
    Account,
    Charge,
    DatasetTerms,
    EntryKind,
    Movement,
    identity_digest,
)
from gatecli.model.mechanism import Mechanism, Sampling
from gatecli.model.number import plain
from gatecli.model.portfolio import clip, total
from gatecli.model.release import Evidence, EvidenceFormat, EvidenceReference
from gatecli.sources.evidence.reader import read_evidence
from gatecli.sources.files import sha256_of

_DIGITS = 32
"""Hexadecimal digits of a file's digest that its subject has."""


@dataclass(frozen=True, slots=True)
class OpeningSource:
    """A file that records what was spent, and what the file cannot say of itself.

    `neighbouring` is the relation that its budgets hold under, `max_contributions` how many of its records
    one unit of the dataset contributes at most, `sampling` how the batches of an Opacus run were drawn.
    """

    file: Path
    format: EvidenceFormat
    neighbouring: Neighbouring | None = None
    max_contributions: int = 1
    sampling: Sampling | None = None


@dataclass(frozen=True, slots=True)
class OpeningBalance:
    """What a file says was spent on a dataset, in mechanisms that accountants can charge.

    `notes` are what a reader should know of how it was counted, one sentence each.
    """

    source: OpeningSource
    sha256: str
    mechanisms: tuple[Mechanism, ...]
    details: Mapping[str, Any]
    notes: tuple[str, ...] = ()


def read_balance(source: OpeningSource, terms: DatasetTerms) -> OpeningBalance:
    """What a file says was spent on a dataset, under the dataset's relation.

    Raises UncheckableError for a file that cannot be read, UsageError where nothing states what its budgets
    depend on.
    """
    path = source.file.resolve()
    evidence = _read(source, path)
    _require_stated(evidence, source, terms)
    sizes = [terms.records] if terms.records else []
    mechanisms = tuple(work_under(evidence, terms.neighbouring, sizes))
    digest = evidence.sha256 or ""
    return OpeningBalance(source, digest, mechanisms, _details(source, evidence, digest), evidence.notes)


def _require_stated(evidence: Evidence, source: OpeningSource, terms: DatasetTerms) -> None:
    """Raise UsageError where a file's budgets depend on what nobody says, or somebody says otherwise."""
    if source.format is EvidenceFormat.AUDIT:
        raise UsageError(
            f"{source.file.name} is an audit, which records nothing that was spent",
            advice="name the file in which the tool recorded what it ran",
        )
    name, said, recorded = source.file.name, source.neighbouring, evidence.neighbouring
    if said is not None and recorded is not None and said is not recorded:
        raise UsageError(f"{name} records {recorded}, not {said}", advice="leave out --neighbouring")
    if any(is_of_unknown_relation(evidence, mechanism) for mechanism in evidence.mechanisms):
        raise UsageError(
            f"{name} does not say which relation its budgets hold under; {terms.name} counts under "
            f"{terms.neighbouring}",
            advice=f"say it: --neighbouring {terms.neighbouring}, if that is what was protected",
        )
    if source.format is EvidenceFormat.OPACUS and source.sampling is None:
        raise UsageError(
            f"{name} does not say how batches were drawn: Opacus writes every run as Poisson sampled",
            advice="say it: --sampling poisson, if the data loader was made with poisson_sampling=True",
        )
    if source.format is not EvidenceFormat.OPACUS and source.sampling is not None:
        raise UsageError("--sampling is for the format opacus", advice="leave it out")


def _read(source: OpeningSource, path: Path) -> Evidence:
    """The evidence in a file; its digest is taken before and after, so that it is of what was read."""
    before = _digest_of(source, path)
    reference = EvidenceReference(
        format=source.format,
        path=path.name,
        sha256=before,
        neighbouring=source.neighbouring,
        sampling=source.sampling if source.format is EvidenceFormat.OPACUS else None,
    )
    loaded = read_evidence(reference, path.parent, Place(path.name), path.name)
    for finding in loaded.findings:
        raise UncheckableError(finding.message, advice=finding.remediation)
    (evidence,) = loaded.values
    if evidence.sha256 != before:
        raise UncheckableError(
            f"{path.name} changed while it was read", advice="try again when it is written"
        )
    return evidence


def _digest_of(source: OpeningSource, path: Path) -> str:
    if not path.is_file():
        raise UncheckableError(
            f"{source.file} is not a file", advice="name the file that records what was spent"
        )
    try:
        return sha256_of(path)
    except OSError as error:
        raise UncheckableError(f"cannot read {source.file}: {error.strerror or error}") from None


def _details(source: OpeningSource, evidence: Evidence, digest: str) -> Mapping[str, Any]:
    """What the entry says; numbers are text, and the file's own numbers stay in the file."""
    kinds = Counter(mechanism.kind for mechanism in evidence.mechanisms)
    stated = evidence.stated
    return MappingProxyType(
        {
            "format": source.format.value,
            "sha256": digest,
            "neighbouring": source.neighbouring.value if source.neighbouring else None,
            "maxContributions": source.max_contributions,
            "sampling": source.sampling.value if source.sampling else None,
            "mechanisms": dict(sorted(kinds.items())),
            "stated": [plain(stated.epsilon), plain(stated.delta)] if stated else None,
        }
    )


def opening_balance_movement(balance: OpeningBalance, dataset: str, book: Book, at: str) -> Movement:
    """The movement that charges a dataset, and its parents, with an opening balance.

    Raises UncheckableError where nothing bounds what was spent, UsageError where there is no such dataset,
    or the entry would hold personal data.
    """
    own = account_of(dataset, book)
    question = Question(
        balance.mechanisms, own.terms.budget.delta, own.terms.neighbouring, balance.source.max_contributions
    )
    changes = stabilities([own], book)
    charges = tuple(
        _charge(question, stability, account_of(name, book), balance)
        for name, stability in sorted(changes.items())
    )
    movement = Movement(
        EntryKind.OPENING,
        subject_of(dataset, balance.sha256),
        at,
        charges,
        identity_digest({"dataset": dataset, **balance.details}),
        {**balance.details, "work": kept_work([question]), "stability": changes},
    )
    refuse_personal_data(movement)
    return movement


def subject_of(dataset: str, sha256: str) -> str:
    """The subject of an opening balance: one file is one balance of a dataset."""
    return f"{OPENING_PREFIX}{dataset}@{sha256[:_DIGITS]}"


def account_of(name: str, book: Book) -> Account:
    """The account of a dataset, closed or not: what was charged before may be asked for again."""
    account = book.account(name)
    if account is None:
        raise missing_dataset(book.store, name)
    return account


def _charge(question: Question, stability: int, account: Account, balance: OpeningBalance) -> Charge:
    """Mechanism by mechanism: nobody knows whether they were fixed before the first output was seen."""
    spent = []
    for mechanism in question.mechanisms:
        alone = replace(question, mechanisms=(mechanism,))
        amounts = costs_of_work([((alone,), stability)], account.terms)
        if isinstance(amounts, NoBound):
            raise UncheckableError(
                f"nothing bounds what {balance.source.file.name} records: {'; '.join(amounts.reasons)}",
                advice="the budget of such data is spent: do not count it as nothing",
            )
        spent.append(amounts)
    return Charge(account.terms.name, clip(total(spent), account.terms.limits))
