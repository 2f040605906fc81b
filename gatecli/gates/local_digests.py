"""The local files that a plan publishes, as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gatecli.checks.terraform.form_matches import files_read
from gatecli.model.plan import Plan
from gatecli.model.policy import PrivacyPolicy
from gatecli.sources.files import ReadError, sha256_of


def local_digests(plan: Plan, folder: Path, policy: PrivacyPolicy) -> Mapping[str, str]:
    """SHA-256 by the path that the plan has; a file that is not there, or not readable, is left out."""
    found: dict[str, str] = {}
    for path in sorted(files_read(plan, policy)):
        try:
            found[path] = sha256_of(folder / path)
        except (ReadError, OSError, ValueError):
            continue
    return found
