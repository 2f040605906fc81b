"""The gate for personal data of a run: every text, or those that changed."""

from __future__ import annotations

from gatecli.cli.checking.run import Run
from gatecli.cli.scanning import Scanned, recalled, say_what_was_not_scanned
from gatecli.gate import judge_personal_data
from gatecli.model.inline import apply_allowances
from gatecli.model.verdict import Verdict


def pii(run: Run) -> Verdict:
    """What could not be looked into is said here, whichever file it would have been."""
    shelf = run.cache.shelf("pii", run.policy_digest)
    seen = Scanned(run.tree, tuple(recalled(file, run.search, shelf) for file in run.changed))
    findings = apply_allowances(seen.findings, seen.allowances, run.session.terms["today"])
    given = run.session.options
    if not given.quiet:
        say_what_was_not_scanned(seen, given.verbose)
    return judge_personal_data(
        findings, seen.checked, run.policy, run.session.bundle.waivers, **run.session.terms
    )
