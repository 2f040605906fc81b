"""The files of a revision of git, read without a checkout.

What stands here is read as it was committed: no filter, no attribute and no link of the working tree has a
say in it. A link in the revision is followed within the revision.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gatecli.errors import UncheckableError, UsageError
from gatecli.sources.files import MAX_BYTES, ON_DISK, MissingFileError, ReadError
from gatecli.sources.git import (
    commit_of,
    is_submodule,
    is_tracked,
    renamed_files,
    repository_of,
    run_git,
)

_MISSING = MissingFileError("does not exist", "check the path")
_BROKEN = frozenset({"dangling", "loop", "notdir"})
_NOTHING = (" missing", " ambiguous", " submodule")
"""How an answer ends where nothing of this repository stands; git before 2.51 calls a submodule missing."""
_AT_ONCE = 64 * 2**20
"""Bytes of files that are asked for in one call of git."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """What stands at a path of a revision: a file or a folder; or a link out of it, and where to."""

    kind: str
    identity: str = ""
    size: int = 0
    target: str = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit of the repository whose working tree is at `root`, by the `name` that somebody gave it.

    What lies outside the repository, and what is of `elsewhere` in it, is read from this machine: no change
    to the repository has a say in that.
    """

    root: Path
    name: str
    commit: str
    elsewhere: tuple[Path, ...] = ()

    @property
    def shown(self) -> str:
        """How a sentence names it: a digest is cut."""
        return self.name[:12] if self.name == self.commit else self.name

    def holds(self, path: Path, /) -> bool:
        """Whether anything stands there."""
        inside = self._inside(path)
        return ON_DISK.holds(path) if inside is None else self._look_up([inside])[inside] is not None

    def read(self, path: Path, limit: int = MAX_BYTES, /) -> bytes:
        """All of a file of at most `limit` bytes. Raises `ReadError`."""
        inside = self._inside(path)
        if inside is None:
            return ON_DISK.read(path, limit)
        entry = self._look_up([inside])[inside]
        match entry:
            case None:
                raise _MISSING
            case _Entry("link"):
                return self._read_outside(entry.target, limit)
            case _Entry("blob"):
                return self._read_blob(entry, limit)
            case _Entry("tree"):
                raise ReadError(f"is a directory in {self.shown}", "name a file in it")
            case _:
                raise ReadError(
                    f"is a symbolic link that leads to no file in {self.shown}", "replace it by the file"
                )

    def identify(self, path: Path, /) -> str:
        """One name for every way to a file, but for links."""
        return str(path) if "\0" in str(path) else os.path.abspath(path)  # noqa: PTH100 - lexical

    def is_top(self, folder: Path, /) -> bool:
        """Whether it is the top of this repository, whatever the working tree has between."""
        at = Path(self.identify(folder))
        return at == self.root if at.is_relative_to(self.root) else ON_DISK.is_top(folder)

    def read_present(self, paths: Iterable[Path], limit: int) -> Iterator[tuple[Path, bytes]]:
        """The content of each path that is a file of at most `limit` bytes in this revision."""
        places = {path: inside for path in paths if (inside := self._inside(path)) is not None}
        entries = self._look_up(list(places.values()))
        found = [(path, entry) for path, inside in places.items() if (entry := entries[inside])]
        wanted = [(path, entry) for path, entry in found if entry.kind == "blob" and entry.size <= limit]
        for some in _portions(wanted):
            contents = self._read_blobs([entry for _, entry in some])
            yield from zip([path for path, _ in some], contents, strict=True)

    def former_names(self) -> Mapping[Path, Path]:
        """What renamed files of the working tree were called in this revision, as absolute paths."""
        return renamed_files(self.root, self.commit)

    def _inside(self, path: Path) -> str | None:
        """The path as this revision names it; None for what is read from this machine."""
        at = Path(self.identify(path))
        if not at.is_relative_to(self.root) or any(at.is_relative_to(each) for each in self.elsewhere):
            return None
        return at.relative_to(self.root).as_posix()

    def _read_blob(self, entry: _Entry, limit: int) -> bytes:
        if entry.size > limit:
            raise ReadError(f"is larger than {limit // 2**20} MiB", "keep only the declaration in it")
        (content,) = self._read_blobs([entry])
        return content

    def _read_outside(self, target: str, limit: int) -> bytes:
        """What a link leads to that leaves the repository; one that comes back to it is not followed."""
        path = Path(os.path.realpath(self.root / target))
        if path.is_relative_to(os.path.realpath(self.root)):
            raise ReadError("is a symbolic link into the working tree", "replace the link by the file")
        return ON_DISK.read(path, limit)

    def _look_up(self, names: Sequence[str]) -> dict[str, _Entry | None]:
        """What each path is in this revision; None for nothing."""
        plain = [name for name in dict.fromkeys(names) if "\n" not in name and "\0" not in name]
        found = dict(zip(plain, self._check_paths(plain, "--follow-symlinks"), strict=True))
        # Of a path beyond a link that leaves the repository git names the link: nothing of it stands here.
        leaving = [name for name, entry in found.items() if entry and entry.kind == "link"]
        links = dict(zip(leaving, self._check_paths(leaving), strict=True))
        beyond = {name for name, entry in links.items() if entry is None}
        return {name: None if name in beyond else found.get(name) for name in names}

    def _check_paths(self, names: Sequence[str], *options: str) -> Sequence[_Entry | None]:
        if not names:
            return ()
        asked = "".join(f"{self.commit}:{'' if name == '.' else name}\n" for name in names)
        return tuple(_entries(self._ask(asked, "--batch-check", *options)))

    def _read_blobs(self, entries: Sequence[_Entry]) -> list[bytes]:
        answer = self._ask("".join(f"{entry.identity}\n" for entry in entries), "--batch")
        contents, at = [], 0
        for entry in entries:
            at = answer.index(b"\n", at) + 1
            contents.append(answer[at : at + entry.size])
            at += entry.size + 1
        return contents

    def _ask(self, objects: str, *options: str) -> bytes:
        """What git says of objects, of which a partial clone may have to fetch some."""
        given = os.fsencode(objects)
        asked = run_git(self.root, "--no-replace-objects", "cat-file", *options, stdin=given)
        if asked.returncode != 0:
            reason = " ".join(asked.stderr.decode("utf-8", "replace").split())[:200]
            raise UncheckableError(
                f"git cannot read {self.shown} in {self.root}: {reason or 'no reason is given'}",
                advice="fetch that revision with all of its files",
            )
        return asked.stdout


def _entries(answer: bytes) -> Iterator[_Entry | None]:
    """The answers of `git cat-file --batch-check --follow-symlinks`, one for each question (git-cat-file)."""
    lines = iter(os.fsdecode(answer).split("\n")[:-1])
    for line in lines:
        first, _, last = line.partition(" ")
        if first == "symlink":
            yield _Entry("link", target=_take_text(lines, int(last)))
        elif first in _BROKEN:
            _take_text(lines, int(last))
            yield None if first == "notdir" else _Entry(first)
        elif line.endswith(_NOTHING):
            yield None
        else:
            identity, kind, size = line.split(" ")
            yield _Entry(kind, identity, int(size))


def _take_text(lines: Iterator[str], length: int) -> str:
    """A text of so many bytes, which may hold ends of lines."""
    text = next(lines)
    while len(os.fsencode(text)) < length:
        text += "\n" + next(lines)
    return text


def _portions(wanted: Sequence[tuple[Path, _Entry]]) -> Iterator[Sequence[tuple[Path, _Entry]]]:
    some: list[tuple[Path, _Entry]] = []
    size = 0
    for path, entry in wanted:
        if some and size + entry.size > _AT_ONCE:
            yield some
            some, size = [], 0
        some.append((path, entry))
        size += entry.size
    if some:
        yield some


def open_revision(name: str, start: Path, named: Iterable[Path] = ()) -> Revision:
    """A revision of the repository that `start` is in, or else the current folder.

    Of files that were `named`, those that neither the revision nor the change holds are read from this
    machine: another repository's, or what a job fetched. Raises `UsageError` for a revision that there is
    not, `UncheckableError` where git cannot be asked.
    """
    root = repository_of(start) or repository_of(Path())
    if root is None:
        raise UsageError(
            f"{start.as_posix()} is not in a git repository, so it has no revision {name[:80]!r}",
            advice="name a folder of the repository, or leave --policy-from out",
        )
    root, commit = _without_new_submodules(root, name)
    revision = Revision(root, name, commit)
    places = dict.fromkeys(place for path in named if (place := _place_of_no_change(revision, path)))
    return Revision(root, name, commit, tuple(places))


def _without_new_submodules(root: Path, name: str) -> tuple[Path, str]:
    """The repository that the change is to: a submodule that the change brings is a part of it.

    One that was there before is a repository of its own, if it has that revision.
    """
    outer = repository_of(root.parent)
    if outer is None or not is_tracked(outer, root):
        return root, commit_of(root, name)
    try:
        place, commit = _without_new_submodules(outer, name)
    except UsageError:
        return root, commit_of(root, name)
    if is_submodule(place, commit, root):
        with suppress(UsageError):
            return root, commit_of(root, name)
    return place, commit


def _place_of_no_change(revision: Revision, path: Path) -> Path | None:
    """The file, or the other repository that it is of, where no change to this one has a say in it."""
    root, at = revision.root, Path(revision.identify(path))
    if not at.is_relative_to(root) or not ON_DISK.holds(at) or revision.holds(at):
        return None
    top = repository_of(at.parent) or root
    place = at if top == root else top
    real = Path(os.path.relpath(os.path.realpath(at), os.path.realpath(root)))
    links = [each for each in (at, *at.parents) if each.is_relative_to(root) and each.is_symlink()]
    behind = [] if real.parts[:1] == ("..",) or place != at else [root / real]
    return None if any(is_tracked(root, each) for each in (place, *links, *behind)) else place
