"""A ledger that is not what was written into it, or where nobody can tell who wrote."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.ledger.verification import Verification
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding

CHAIN_BROKEN = Rule(
    "ledger-chain-broken",
    Severity.ERROR,
    "A ledger is not what was written into it",
    falsehood=True,
    unforgivable=True,
)

ENTRIES_UNSIGNED = Rule(
    "ledger-entries-unsigned", Severity.WARNING, "A ledger has a key, and entries that it did not sign"
)

RULES: tuple[Rule, ...] = (CHAIN_BROKEN, ENTRIES_UNSIGNED)

MEND = (
    "spend nothing from it, keep it as it is, and compare it with the last export or backup "
    "(gatecli ledger diff); whoever could write to it may have changed what was spent"
)


def find_faults(verification: Verification, where: str) -> Iterator[Finding]:
    """One finding for each fault that has a name, and one for those beyond."""
    for fault in verification.faults:
        subject = fault.dataset or verification.ledger
        yield make_finding(
            CHAIN_BROKEN,
            str(fault),
            subject=subject,
            place=Place(where),
            mend=MEND,
            identity=f"{verification.ledger}\0{subject}\0{fault.number}\0{fault.what}",
        )
    if verification.untold:
        yield make_finding(
            CHAIN_BROKEN,
            f"{verification.untold} more faults are not named",
            subject=verification.ledger,
            place=Place(where),
            mend=MEND,
            identity=f"{verification.ledger}\0more",
        )


def find_unsigned(verification: Verification, where: str) -> Iterator[Finding]:
    """Entries that anybody may have written who can write to the store."""
    count = verification.unsigned
    if count:
        which = "1 entry is" if count == 1 else f"{count} entries are"
        yield make_finding(
            ENTRIES_UNSIGNED,
            f"{which} not signed, and the ledger has a key: nobody can tell who wrote",
            subject=verification.ledger,
            place=Place(where),
            mend="name the key wherever the ledger is written to: --key, or --ledger-key of release check",
            identity=verification.ledger,
        )
