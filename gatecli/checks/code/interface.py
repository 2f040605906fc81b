"""What a pattern is: the syntax of a file in, places where it stands out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gatecli.checks.code.syntax import Syntax
from gatecli.model.finding import Rule


@dataclass(frozen=True, slots=True)
class PatternHit:
    """One place, and what is wrong there in words that complete "PATH …"."""

    node: ast.expr | ast.stmt
    message: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """A rule, how it is mended, and a pure function that finds where it is broken.

    `is_for_tests` is false for what tests of private code do and should: fix seeds and the order of batches,
    draw samples to compare with.
    """

    rule: Rule
    mend: str
    find: Callable[[Syntax], Iterable[PatternHit]]
    is_for_tests: bool = True
