"""Which files a scan is about: named files, and folders walked in one stable order."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gatecli.errors import UncheckableError
from gatecli.model.finding import Finding
from gatecli.model.text import Skipped
from gatecli.sources.files import MissingFileError, ReadError, read_bytes
from gatecli.sources.git import changed_files, git_folder, repository_of, tracked_files
from gatecli.sources.ignore import IgnorePattern, decision, patterns_of
from gatecli.sources.scan_rules import unreadable

_IGNORE_BYTES = 2**20
_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(frozen=True, slots=True)
class Tree:
    """The files to scan, sorted; what was passed over and why; what could not be looked into.

    `links` are the symbolic links in folders that lead to no folder: nothing is read through them here,
    and something that is looked for by its name may be one. `left_out` are the files and whole folders
    that patterns of a policy matched, as they are shown. `notes` are sentences on what narrowed the search.
    """

    files: tuple[Path, ...] = ()
    links: tuple[Path, ...] = ()
    left_out: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Rules:
    """Patterns, relative to the folder they speak of."""

    folder: str
    patterns: tuple[IgnorePattern, ...]

    def decide(self, absolute: str, *, folder: bool) -> bool | None:
        inside = absolute[len(self.folder) + 1 :].replace(os.sep, "/")
        return decision(self.patterns, inside, folder=folder)


@dataclass(slots=True)
class _Walk:
    """One folder being walked; `kept` and `links` map absolute to shown paths."""

    root: Path
    exclude: _Rules
    policy: _Rules
    respect_gitignore: bool
    kept: dict[str, Path] = field(default_factory=dict)
    links: dict[str, Path] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    ignored_any: bool = False


def find_files(
    paths: Iterable[Path],
    *,
    exclude: Sequence[str] = (),
    left_out: tuple[Path, Sequence[str]] = (Path(), ()),
    respect_gitignore: bool = True,
    changed_since: str | None = None,
) -> Tree:
    """The files that `paths` name, and those in the folders that they name.

    A named file is always in, through a link too. In a folder, links are not followed, `.git` is left
    out, `exclude` takes patterns of .gitignore relative to that folder, and so do the repository's
    .gitignore files and .git/info/exclude. `left_out` are more such patterns, and the folder that they are
    relative to: what they match is listed. What git tracks is in although they name it, and outside a
    repository a .gitignore hides nothing. With
    `changed_since` only what changed since that revision is left. Raises `UsageError` for a bad
    revision and `UncheckableError` where git must be asked and cannot answer.
    """
    places = tuple(paths)
    base, named = left_out
    policy = _Rules(_absolute(base).rstrip(os.sep), patterns_of("\n".join(named)))
    kept: dict[str, Path] = {}
    links: dict[str, Path] = {}
    unwanted: dict[str, None] = {}
    skipped: dict[str, Skipped] = {}
    findings: dict[str, Finding] = {}
    notes: list[str] = []
    for path in places:
        own = _Rules(_absolute(path).rstrip(os.sep), patterns_of("\n".join(exclude)))
        walk = _Walk(path, own, policy, respect_gitignore)
        notes += _visit(walk)
        for absolute, shown in walk.kept.items():
            kept.setdefault(absolute, shown)
        links |= walk.links
        unwanted |= dict.fromkeys(walk.left_out)
        skipped.update((item.path, item) for item in walk.skipped)
        findings.update((item.place.path, item) for item in walk.findings)
    if changed_since is not None:
        kept = _changed_paths(kept, places, changed_since)
    return Tree(
        _order_paths(kept.values()),
        _order_paths(links.values()),
        tuple(sorted(unwanted)),
        tuple(skipped[path] for path in sorted(skipped)),
        tuple(findings[path] for path in sorted(findings)),
        tuple(dict.fromkeys(notes)),
    )


def changed_among(files: Iterable[Path], root: Path, revision: str) -> tuple[Path, ...]:
    """Those of `files` below `root` that changed since a revision. Raises as `find_files` does."""
    return tuple(_changed_paths({_absolute(file): file for file in files}, [root], revision).values())


def _order_paths(paths: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(sorted(paths, key=lambda path: path.parts))


def _visit(walk: _Walk) -> Iterator[str]:
    """Fill `walk`; yields notes."""
    path = walk.root
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        walk.findings.append(_unread(path, error))
        return
    if not stat.S_ISDIR(mode):
        # A named pipe or device is for the reader to refuse: it was asked for by name.
        walk.kept[_absolute(path)] = path
        return
    repository = repository_of(path)
    # Outside a repository nobody can say what was committed although it is ignored.
    walk.respect_gitignore = walk.respect_gitignore and repository is not None
    above = repository / ".gitmodules" if repository is not None else path
    if repository is not None and above.is_file() and not repository.samefile(path):
        _note_submodules(walk, repository, path)
    _descend(walk, _rules_above(repository, path) if walk.respect_gitignore else ())
    if walk.ignored_any and repository is not None:
        try:
            tracked = tracked_files(repository, path)
        except UncheckableError as error:
            yield f"{error.message}; tracked files that .gitignore names are not scanned"
            return
        _add_tracked(walk, tracked)


def _absolute(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - lexical: links are not followed


def _unread(path: Path, error: OSError | ValueError) -> Finding:
    shown = shown_path(path)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return unreadable(shown, MissingFileError("does not exist", "check the path"))
    reason = error.strerror if isinstance(error, OSError) else "its name holds a NUL"
    problem = f"cannot be looked into: {(reason or 'unknown error').lower()}"
    return unreadable(shown, ReadError(problem, "make it readable for the user that runs the gate"))


def shown_path(path: Path) -> str:
    """A path as text that can be printed, whatever bytes its name has."""
    return path.as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _rules_above(repository: Path | None, folder: Path) -> tuple[_Rules, ...]:
    """The rules of a repository that reach into `folder`, weakest first."""
    if repository is None:
        return ()
    try:
        exclude = git_folder(repository) / "info" / "exclude"
    except OSError:
        exclude = repository / ".git" / "info" / "exclude"
    above = Path(_absolute(folder)).parents
    folders = [at for at in reversed(above) if at.is_relative_to(repository)]
    found = [_rules(exclude, repository), *(_rules(at / ".gitignore", at) for at in folders)]
    return tuple(rules for rules in found if rules.patterns)


def _rules(file: Path, folder: Path) -> _Rules:
    """The rules in an ignore file; none where it cannot be read: then more is scanned, not less."""
    try:
        content = b"" if file.is_symlink() else read_bytes(file, _IGNORE_BYTES)
    except ReadError:
        content = b""
    return _Rules(_absolute(folder).rstrip(os.sep), patterns_of(content.decode("utf-8", "surrogateescape")))


def _descend(walk: _Walk, above: tuple[_Rules, ...]) -> None:
    pending = [(walk.root, _absolute(walk.root).rstrip(os.sep), above)]
    while pending:
        folder, absolute, rules = pending.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            walk.findings.append(_unread(folder, error))
            continue
        names = {entry.name for entry in entries}
        if ".gitmodules" in names:
            _note_submodules(walk, folder)
        if walk.respect_gitignore and ".gitignore" in names:
            rules = (*rules, _rules(folder / ".gitignore", folder))
        for entry in entries:
            below = f"{absolute}{os.sep}{entry.name}"
            path = folder / entry.name
            if _enters(walk, entry, path, below, rules):
                pending.append((path, below, rules))


def _enters(
    walk: _Walk, entry: os.DirEntry[str], path: Path, absolute: str, rules: tuple[_Rules, ...]
) -> bool:
    """Whether the entry is a folder to walk; files are kept, and all else is said to be skipped."""
    try:
        folder = entry.is_dir(follow_symlinks=False)
        regular = entry.is_file(follow_symlinks=False)
        if entry.name == ".git" or _is_excluded(walk, absolute, folder=folder):
            return False
        if _is_ignored(rules, absolute, folder=folder):
            walk.ignored_any = True
            return False
        if _left_out(walk, absolute, path, folder=folder):
            return False
        if regular:
            walk.kept[absolute] = path
        elif not folder:
            mode = entry.stat(follow_symlinks=False).st_mode
            kind = next((name for test, name in _KINDS if test(mode)), "not a regular file")
            if stat.S_ISLNK(mode):
                kind = _describe_link(path, _absolute(walk.root))
                if not os.path.isdir(path):  # noqa: PTH112 - never raises
                    walk.links[absolute] = path
            walk.skipped.append(Skipped(shown_path(path), kind))
    except OSError as error:
        walk.findings.append(_unread(path, error))
        return False
    return folder


def _note_submodules(walk: _Walk, folder: Path, below: Path | None = None) -> None:
    from gatecli.sources.submodules import REASON, missing_submodules  # noqa: PLC0415 - few folders have any

    for place in missing_submodules(folder, below):
        at = Path(_absolute(place))
        above = (each for each in at.parents if each.is_relative_to(_absolute(walk.root)))
        if not any(_is_excluded(walk, str(each), folder=True) for each in (at, *above)):
            walk.skipped.append(Skipped(shown_path(place), REASON))


def _describe_link(link: Path, root: str) -> str:
    """Where a link leads, without its name: that may be a stranger's."""
    try:
        target = os.path.realpath(link, strict=True)
    except OSError as error:
        return (
            "a loop of symbolic links" if error.errno == errno.ELOOP else "a symbolic link that leads nowhere"
        )
    if Path(target).is_relative_to(os.path.realpath(root)):
        return "a symbolic link; its target is searched at its own path, if the scan covers it"
    return "a symbolic link that leads out of what is scanned"


def _is_excluded(walk: _Walk, absolute: str, *, folder: bool) -> bool:
    return bool(walk.exclude.patterns) and walk.exclude.decide(absolute, folder=folder) is True


def _left_out(walk: _Walk, absolute: str, path: Path, *, folder: bool) -> bool:
    """Whether the policy leaves it out, which is noted."""
    if not walk.policy.patterns or walk.policy.decide(absolute, folder=folder) is not True:
        return False
    walk.left_out.append(shown_path(path))
    return True


def _is_ignored(rules: Sequence[_Rules], absolute: str, *, folder: bool) -> bool:
    for layer in reversed(rules):
        decided = layer.decide(absolute, folder=folder)
        if decided is not None:
            return decided
    return False


def _add_tracked(walk: _Walk, tracked: Iterable[Path]) -> None:
    root = Path(_absolute(walk.root))
    for file in tracked:
        absolute = str(file)
        if absolute in walk.kept or not file.is_relative_to(root) or not _is_plain(file, root):
            continue
        above = [at for at in file.parents if at != root and at.is_relative_to(root)]
        if not any(_is_unwanted(walk, at, root, folder=at != file) for at in (*reversed(above), file)):
            walk.kept[absolute] = walk.root / file.relative_to(root)


def _is_unwanted(walk: _Walk, at: Path, root: Path, *, folder: bool) -> bool:
    shown = walk.root / at.relative_to(root)
    excluded = _is_excluded(walk, str(at), folder=folder)
    return excluded or _left_out(walk, str(at), shown, folder=folder)


def _is_plain(file: Path, root: Path) -> bool:
    """Whether a regular file stands there that is reached through no link below `root`."""
    if any(at.is_symlink() for at in file.parents if at != root and at.is_relative_to(root)):
        return False
    return not file.is_symlink() and file.is_file()


def _changed_paths(kept: dict[str, Path], paths: Iterable[Path], revision: str) -> dict[str, Path]:
    repositories: dict[Path, None] = {}
    for path in paths:
        repository = repository_of(path)
        if repository is None:
            advice = "name a folder of the repository, or leave --changed-since out"
            raise UncheckableError(f"{shown_path(path)} is not in a git repository", advice=advice)
        repositories[repository] = None
    changed = {str(file) for root in repositories for file in changed_files(root, revision)}
    return {absolute: path for absolute, path in kept.items() if absolute in changed}
