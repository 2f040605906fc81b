"""`gatecli.check_release`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from gatecli.gates.release import check_releases, request_for, require_existing
from gatecli.gates.used_ledger import used_ledger
from gatecli.library.calls import File, Verdict, begin, end, paths_of
from gatecli.model.finding import Severity
from gatecli.model.policy import PrivacyPolicy


def check_release(
    path: File | Sequence[File] = ".",
    *,
    policy: PrivacyPolicy | File | None = None,
    waivers: Sequence[File] = (),
    today: date | None = None,
    fail_on: Severity = Severity.ERROR,
    baseline: File | None = None,
    policy_from: str | None = None,
    ledger: str | None = None,
    reserve: bool = False,
) -> Verdict:
    """Check that model releases keep the privacy (ε, δ) that they declare: `gatecli release check`.

    `path` names declarations, or folders to find them in. ε is recomputed from the mechanisms that the
    declaration describes, in the neighbouring relation that it states.

    `policy` is a policy, or its file; None takes the nearest gatecli.yaml from `path` upward, else the
    shipped one. `waivers` are files of more PrivacyWaivers. `today` is the day that waivers are held
    against (default: the day in UTC). `fail_on` is the least severity that closes the gate. `baseline` is a
    file of findings that are known. With `policy_from`, a revision of git, policy, waivers, baseline and
    inline allowances are those of that revision, and what is added to them here is a finding. With `ledger`,
    the file or URL of a budget ledger, releases must also fit into what is left of their datasets' budgets;
    with `reserve` what passes is charged there in the same step.

    Raises GatecliError for what stops the whole run, such as a path that is not there.
    """
    paths = paths_of(path)
    require_existing(paths)
    call = begin(paths[0], policy, waivers, today, fail_on, baseline, policy_from)
    with used_ledger(ledger, call.moment, reserves=reserve) as use:
        return end(check_releases(request_for(paths, call.terms, use)))
