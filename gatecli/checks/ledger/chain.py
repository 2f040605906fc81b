"""A ledger that is not what was written into it."""

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

RULES: tuple[Rule, ...] = (CHAIN_BROKEN,)

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
