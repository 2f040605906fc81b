"""`gatecli.check_repository`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from gatecli import gates
from gatecli.gates.evidence_reports import read_evidence
from gatecli.gates.repository import RepositoryRequest
from gatecli.gates.repository import check_repository as check
from gatecli.gates.used_ledger import used_ledger
from gatecli.library.calls import File, Verdict, begin, clock, end, environment
from gatecli.model.finding import Severity
from gatecli.model.policy import GateName, PrivacyPolicy


def check_repository(
    path: File = ".",
    *,
    only: Sequence[GateName] = (),
    skip: Sequence[GateName] = (),
    exclude: Sequence[str] = (),
    all_rows: bool = False,
    changed_since: str | None = None,
    evidence: Sequence[File] = (),
    plan: bool = False,
    policy: PrivacyPolicy | File | None = None,
    waivers: Sequence[File] = (),
    today: date | None = None,
    fail_on: Severity = Severity.ERROR,
    baseline: File | None = None,
    policy_from: str | None = None,
    ledger: str | None = None,
) -> Verdict:
    """Run every gate over what a folder holds, and give one verdict: `gatecli check`.

    `only` and `skip` name gates, and outweigh the policy's. `exclude` are patterns as in .gitignore.
    `all_rows` searches every row of a table for personal data, and not a sample.
    `changed_since` narrows the search for personal data to what changed since a git revision. `evidence` is
    that of `check_plan`. `plan` also plans the Terraform folders that the policy names, which runs programs.
    The other parameters are those of `check_release`. Nothing is kept in a cache.

    Raises GatecliError for a folder that is not there, and where no gate is left.
    """
    root = Path(path)
    call = begin(root, policy, waivers, today, fail_on, baseline, policy_from)
    with used_ledger(ledger, call.moment) as use:
        request = RepositoryRequest(
            root,
            call.terms,
            clock,
            tuple(map(gates.GateName, only)),
            tuple(map(gates.GateName, skip)),
            exclude,
            changed_since,
            read_evidence([Path(file) for file in evidence], call.moment),
            environment() if plan else None,
            all_rows=all_rows,
            ledger=use,
        )
        return end(check(request))
