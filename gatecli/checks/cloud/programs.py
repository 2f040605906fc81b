"""Which words of a command, and which variables, name code: for the definition of a job and for its run."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence

SEARCHED = frozenset(
    {
        *("PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME", "PYTHONUSERBASE", "HOME", "PATH"),
        *("PYTHONPYCACHEPREFIX", "PYTHONPLATLIBDIR", "ZDOTDIR", "GCONV_PATH"),
        *("LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "BASH_ENV", "ENV"),
        *("OPENSSL_CONF", "OPENSSL_ENGINES", "OPENSSL_MODULES"),
        *("R_LIBS", "R_LIBS_USER", "R_LIBS_SITE", "R_PROFILE", "R_PROFILE_USER", "R_ENVIRON_USER"),
        *("JULIA_LOAD_PATH", "JULIA_DEPOT_PATH", "NODE_PATH", "NODE_OPTIONS"),
        *("CLASSPATH", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"),
        *("PERL5LIB", "PERL5OPT", "RUBYLIB", "RUBYOPT"),
    }
)
"""Variables by which an interpreter, a shell or the loader finds code, or a user's own packages."""

_CODE = re.compile(
    r"\.(?:py[cwz]?|ipynb|sh|bash|r|jl|jar|class|m?js|pl|rb|so(?:\.\d+)*|whl|egg|zip)\Z", re.IGNORECASE
)
_INTERPRETERS = re.compile(
    r"(?:python|pypy)[\d.]*|rscript|julia|node|perl|ruby|java|torchrun|accelerate|spark-submit|flwr"
)
"""They take the first argument that is no option as a script."""
_STARTERS = re.compile(
    r"sh|bash|dash|ash|zsh|ksh|busybox|env|nice|nohup|timeout|stdbuf|time|xargs|mpirun|uv|poetry|tini|dumb-init"
)
"""They start what stands anywhere in their arguments, or in a text of them."""
_ENDS = frozenset({"-c", "-m", "-e", "--eval"})
"""Options of interpreters whose value is the code, or names it: what follows are arguments of it."""
_WORD = re.compile(r"[^\s;&|<>()'\"`$={},:]+")
_ENTRY = re.compile(r"[^:;,\s=]+")


def is_code(path: str) -> bool:
    """Whether a file is called like code."""
    return _CODE.search(posixpath.basename(path)) is not None


def code_words(command: Sequence[str], number: int, is_file: Callable[[str], bool]) -> tuple[str, ...]:
    """The words of one argument of a command that name code: its program, its script, files called like code.

    `is_file` says of an argument whether it is a file: nobody knows here which options take a value.
    """
    argument = command[number]
    if number == 0:
        return (argument,)
    program = posixpath.basename(command[0]).lower()
    if _STARTERS.fullmatch(program):
        return (argument, *_WORD.findall(argument))
    named = tuple(word for word in (argument, *_WORD.findall(argument)) if is_code(word))
    if not _INTERPRETERS.fullmatch(program) or argument.startswith("-"):
        return named
    return named if _has_script(command[1:number], is_file) else (argument, *named)


def _has_script(before: Sequence[str], is_file: Callable[[str], bool]) -> bool:
    """Whether an interpreter was given its script."""
    return any(
        each in _ENDS or (not each.startswith("-") and (is_code(each) or is_file(each))) for each in before
    )


def search_entries(text: str) -> tuple[str, ...]:
    """The paths in a variable by which code is found."""
    return tuple(_ENTRY.findall(text))
