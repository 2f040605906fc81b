"""The search for known wrong patterns in source code, as a gate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gatecli.checks.code.registry import find_patterns
from gatecli.gates import AUDIT
from gatecli.gates.judgement import JudgementTerms, judge
from gatecli.model.code import PythonCode
from gatecli.model.finding import Finding, make_finding
from gatecli.model.verdict import Checked, Examined, Verdict, together
from gatecli.sources.files import ReadError
from gatecli.sources.python_code import CODE_UNREADABLE, SUFFIXES, read_code, unreadable
from gatecli.sources.tree import Tree, find_files


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """The files to search, and what could not be looked into on the way to them."""

    terms: JudgementTerms
    files: Sequence[Path]
    tree: Tree = field(default_factory=Tree)


def request_for(
    paths: Sequence[Path],
    terms: JudgementTerms,
    *,
    exclude: Sequence[str] = (),
    respect_gitignore: bool = True,
) -> CodeRequest:
    """The files that are named, whatever they are called, and the Python in the folders that are."""
    tree = find_files(paths, exclude=exclude, respect_gitignore=respect_gitignore)
    named = set(paths)
    files = [file for file in tree.files if file.suffix in SUFFIXES or file in named]
    return CodeRequest(terms, files, tree)


def check_code(request: CodeRequest) -> Verdict:
    """The verdict over code that was searched for known wrong patterns."""
    examined = together([_examine(file) for file in request.files], tuple(_walk_problems(request.tree)))
    return judge(AUDIT, examined, request.terms)


def _examine(file: Path) -> Examined:
    read = read_code(file)
    if not isinstance(read, PythonCode):
        return Examined(problems=(read,) if read else ())
    try:
        found = tuple(find_patterns(read))
    except RecursionError:
        error = ReadError("is nested too deeply to be searched", "leave it out by --exclude")
        return Examined(problems=(unreadable(read.path, error),))
    return Examined((Checked("file", read.path, read.path),), found)


def _walk_problems(tree: Tree) -> Iterator[Finding]:
    """What the walk could not look into, as this gate says it."""
    for each in tree.findings:
        yield make_finding(
            CODE_UNREADABLE, each.message, subject=each.subject, place=each.place, mend=each.remediation
        )
