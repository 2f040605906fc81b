"""The release gate of a run: every declaration, and models that none covers."""

from __future__ import annotations

from gatecli.cli.checking.run import Run
from gatecli.gate import judge_releases
from gatecli.model.verdict import Verdict
from gatecli.sources.discovery import models_among
from gatecli.sources.release import releases_of


def release(run: Run) -> Verdict:
    """What changed or not: a promise is about the whole model, and its files are held to their digests."""
    releases = releases_of(run.declared)
    return judge_releases(
        releases.values,
        releases.findings,
        run.policy,
        run.session.bundle.waivers,
        models=models_among(run.searched, run.declared),
        **run.session.terms,
    )
