"""What was not searched, or not to its end: a finding that says so, and never a silent pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gatecli.checks.personal_data import PII_NOT_SEARCHED, PII_SCAN_INCOMPLETE
from gatecli.model.document import Place
from gatecli.model.finding import Finding, make_finding
from gatecli.model.text import Skipped

NAMED = 3
"""Members of an archive that a note names."""

_MENDS: Mapping[str, str] = {
    "a pointer of Git LFS": "git lfs pull, and scan again",
    "a submodule": "git submodule update --init, and scan again",
    "a symbolic link": "scan its target, or replace the link by the file",
    "a loop of symbolic links": "remove the link",
    "encrypted": "decrypt it and scan that, or leave it out with --exclude",
    "damaged": "restore it, or leave it out with --exclude",
    "reading": "install what is missing, and scan again",
}
"""By how the reason begins."""

_OTHERWISE = "look into it with a tool that knows its format, or leave it out with --exclude"


def find_unsearched(path: str, reason: str, pointer: str | None = None) -> Finding:
    """A note that something was not searched, and why; it is known again by its place."""
    return make_finding(
        PII_NOT_SEARCHED,
        f"{path}{pointer or ''} was not searched: {reason}",
        subject=path,
        place=Place(path, pointer=pointer),
        mend=_mend(reason),
        identity=f"{path}\0{pointer or ''}",
    )


def _mend(reason: str) -> str:
    return next((mend for start, mend in _MENDS.items() if reason.startswith(start)), _OTHERWISE)


def find_unsearched_files(path: str, skipped: Sequence[Skipped]) -> Iterator[Finding]:
    """Notes on what `path` is or holds and was not searched: one, for an archive one for each reason."""
    reasons: dict[str, list[Skipped]] = {}
    for each in skipped:
        kind = each.reason if each.path == path else each.reason.partition(":")[0]
        reasons.setdefault(kind, []).append(each)
    for kind, members in reasons.items():
        first = members[0]
        yield (
            find_unsearched(first.path, first.reason) if len(members) == 1 else _members(path, kind, members)
        )


def _members(path: str, kind: str, members: Sequence[Skipped]) -> Finding:
    names = ", ".join(each.path.removeprefix(f"{path}!") for each in members[:NAMED])
    more = f" and {len(members) - NAMED:,} more" if len(members) > NAMED else ""
    return make_finding(
        PII_NOT_SEARCHED,
        f"{len(members):,} members of {path} were not searched: {kind} ({names}{more})",
        subject=path,
        place=Place(path),
        mend=_mend(kind),
        identity=f"{path}\0{kind}",
    )


def find_incomplete(path: str, reason: str) -> Finding:
    """That a packed file was not searched to its end, because it is larger than the bounds."""
    return make_finding(
        PII_SCAN_INCOMPLETE,
        f"{path} was not searched to its end: {reason}",
        subject=path,
        place=Place(path),
        mend="unpack it and scan the folder, or leave it out with --exclude",
    )
