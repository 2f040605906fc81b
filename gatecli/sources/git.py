"""What git knows of a working tree: tracked files, what a branch changed, and what stood in a revision.

The program is run with argument lists only, never through a shell, with a time-out, and without what a
stranger's repository could make it run.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from gatecli.errors import UncheckableError, UsageError

_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false")
_SECONDS = 60


def repository_of(folder: Path) -> Path | None:
    """The top of the working tree that `folder` is in: the nearest parent with a `.git`."""
    absolute = Path(os.path.abspath(folder))  # noqa: PTH100 - lexical: a link must not move the root
    return next((at for at in (absolute, *absolute.parents) if os.path.lexists(at / ".git")), None)


def git_folder(root: Path) -> Path:
    """The folder that all working trees of the repository share; `.git` may be a file that names it."""
    place = root / ".git"
    if place.is_file():
        place = root / place.read_text(errors="surrogateescape").removeprefix("gitdir:").strip()
        common = place / "commondir"
        if common.is_file():
            place = place / common.read_text(errors="surrogateescape").strip()
    return place


def tracked_files(root: Path, folder: Path) -> frozenset[Path]:
    """The files below `folder` that git tracks, as absolute paths. Raises `UncheckableError`."""
    return _paths(root, "ls-files", "-z", "--", _inside(root, folder))


def changed_files(root: Path, revision: str) -> frozenset[Path]:
    """What a branch changed since it left `revision`, as absolute paths.

    Committed, staged, unstaged and untracked files count, deleted ones do not; a renamed one counts
    under its new name. Raises `UsageError` for a revision that git does not know, `UncheckableError`
    where git cannot be asked.
    """
    start = commit_of(root, revision)
    base = run_git(root, "merge-base", start, "HEAD")
    if base.returncode == 0:
        start = base.stdout.decode("ascii", "replace").split()[0]
    options = ("--name-only", "--no-renames", "--no-ext-diff", "--ignore-submodules", "--diff-filter=d", "-z")
    changed = _paths(root, "diff", *options, start, "--")
    return changed | _paths(root, "ls-files", "-z", "--others", "--exclude-standard", "--")


def is_tracked(root: Path, path: Path) -> bool:
    """Whether git tracks `path`, or something below it: a submodule too. Raises `UncheckableError`."""
    return bool(_paths(root, "ls-files", "-z", "--", _inside(root, path)))


def is_submodule(root: Path, commit: str, path: Path) -> bool:
    """Whether another repository stands at `path` in a commit. Raises `UncheckableError`."""
    listed = _output(root, "ls-tree", "-z", commit, "--", os.path.relpath(path, root))
    return listed.startswith(b"160000 ")


def renamed_files(root: Path, commit: str) -> dict[Path, Path]:
    """What a file of the working tree was called in a commit, where git takes it for a renamed one.

    Paths are absolute. Raises `UncheckableError`.
    """
    options = ("--name-status", "--find-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules")
    output = _output(root, "diff", *options, "--diff-filter=R", "-z", commit, "--")
    parts = [root / os.fsdecode(name) for name in output.split(b"\0") if name]
    # Each is a score, the old name and the new one.
    return dict(zip(parts[2::3], parts[1::3], strict=True))


def commit_of(root: Path, revision: str) -> str:
    """The commit that a revision names.

    Raises `UsageError` for one that git does not know, `UncheckableError` where git cannot be asked.
    """
    if not revision or revision.startswith("-") or not revision.isprintable():
        raise UsageError(f"{revision[:80]!r} is not a revision", advice="name a branch, a tag or a commit")
    wanted = f"{revision}^{{commit}}"
    asked = run_git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", wanted)
    # git 2.24 to 2.29 echo the option itself; the answer is the last line.
    lines = asked.stdout.decode("ascii", "replace").split()
    if asked.returncode != 0 or not lines:
        reason = _stdout_text(asked)
        if reason:
            raise UncheckableError(f"git cannot read {root}: {reason}", advice="fix that first")
        advice = "name a branch, a tag or a commit; fetch it first in a shallow clone"
        raise UsageError(f"git knows no revision {revision[:80]!r} in {root}", advice=advice)
    return lines[-1]


def _inside(root: Path, folder: Path) -> str:
    relative = os.path.relpath(os.path.abspath(folder), root)  # noqa: PTH100 - lexical, as above
    return f":(literal,top){'' if relative == '.' else relative}"


def _paths(root: Path, *arguments: str) -> frozenset[Path]:
    output = _output(root, *arguments)
    return frozenset(root / os.fsdecode(name) for name in output.split(b"\0") if name)


def _output(root: Path, *arguments: str) -> bytes:
    asked = run_git(root, *arguments)
    if asked.returncode != 0:
        reason = _stdout_text(asked) or f"exit code {asked.returncode}"
        raise UncheckableError(f"git {arguments[0]} failed in {root}: {reason}", advice="fix that first")
    return asked.stdout


def _stdout_text(asked: subprocess.CompletedProcess[bytes]) -> str:
    return " ".join(asked.stderr.decode("utf-8", "replace").split("\n")[:1])[:200]


def run_git(root: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """What git answers, whatever it is. Raises `UncheckableError` where there is none."""
    command = ["git", "--no-optional-locks", "--no-pager", *_SAFE, "-C", str(root), *arguments]
    try:
        return subprocess.run(  # noqa: S603 - a list, no shell; every argument is ours or resolved
            command, input=stdin, capture_output=True, timeout=_SECONDS, check=False
        )
    except FileNotFoundError as error:
        advice = "install git, or scan without it (--no-gitignore, no --changed-since, no --policy-from)"
        raise UncheckableError("git is not installed", advice=advice) from error
    except subprocess.TimeoutExpired as error:
        raise UncheckableError(f"git did not answer in {_SECONDS} s in {root}", advice="try again") from error
