"""Every check of the gate of job definitions, and every rule that it can report."""

from __future__ import annotations

from gatecli.checks.cloud.interface import JobCheck
from gatecli.model.finding import Rule

JOB_CHECKS: tuple[JobCheck, ...] = ()

RULES: tuple[Rule, ...] = tuple(dict.fromkeys(rule for check in JOB_CHECKS for rule in check.rules))
"""Each once; what a reader alone can report is in `gatecli.sources.jobs.interface`."""
