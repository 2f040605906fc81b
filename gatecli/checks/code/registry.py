"""Every pattern that is searched for, and what is made of its hits."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from gatecli.checks.code import noise, seeds, statistics, training
from gatecli.checks.code.interface import Pattern, PatternHit
from gatecli.checks.code.syntax import Syntax
from gatecli.model.code import PythonCode
from gatecli.model.finding import Finding, Rule, make_finding

PATTERNS: tuple[Pattern, ...] = (*noise.PATTERNS, *seeds.PATTERNS, *statistics.PATTERNS, *training.PATTERNS)

RULES: tuple[Rule, ...] = tuple(pattern.rule for pattern in PATTERNS)


def find_patterns(code: PythonCode) -> Iterator[Finding]:
    """Every known wrong pattern in one file, each hit one finding.

    A finding is identified by its file, the code it is about, and how often that stood before: not by its
    line.
    """
    syntax = Syntax(code)
    for pattern in PATTERNS:
        if _is_test(code.path) and not pattern.is_for_tests:
            continue
        seen: Counter[str] = Counter()
        for hit in pattern.find(syntax):
            text = ast.unparse(hit.node)
            seen[text] += 1
            yield _finding(pattern, hit, code, f"{text}\0{seen[text]}")


def _is_test(path: str) -> bool:
    """Whether a file is a test by the names that pytest and unittest collect."""
    name = PurePosixPath(path).name
    return name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"


def _finding(pattern: Pattern, hit: PatternHit, code: PythonCode, identity: str) -> Finding:
    return make_finding(
        pattern.rule,
        hit.message,
        subject=code.path,
        place=code.place(hit.node),
        mend=pattern.mend,
        identity=f"{code.path}\0{identity}",
    )
