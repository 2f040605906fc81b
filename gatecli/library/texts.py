"""`gatecli.scan`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from gatecli.gates.pii import Selection, check_texts, request_for
from gatecli.library.calls import File, Verdict, begin, end, paths_of
from gatecli.model.finding import Severity
from gatecli.model.policy import PrivacyPolicy


def scan(
    path: File | Sequence[File],
    *,
    exclude: Sequence[str] = (),
    changed_since: str | None = None,
    all_files: bool = False,
    all_rows: bool = False,
    policy: PrivacyPolicy | File | None = None,
    waivers: Sequence[File] = (),
    today: date | None = None,
    fail_on: Severity = Severity.ERROR,
    baseline: File | None = None,
    policy_from: str | None = None,
) -> Verdict:
    """Find personal data that is in plain text in files and folders: `gatecli pii scan`.

    `exclude` are patterns as in .gitignore. `changed_since` narrows the search to what changed since a git
    revision. `all_files` also searches what .gitignore leaves out, `all_rows` every row of a table and not a
    sample. The other parameters are those of
    `check_release`. A file that cannot be read is a finding. Raises GatecliError where git does not answer.
    """
    paths = paths_of(path)
    call = begin(paths[0], policy, waivers, today, fail_on, baseline, policy_from)
    selection = Selection(exclude, changed_since, respect_gitignore=not all_files)
    return end(
        check_texts(request_for(paths, call.terms, replace(call.search, all_rows=all_rows), selection))
    )
