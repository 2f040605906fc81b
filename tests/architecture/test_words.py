"""Names: one meaning for each class, and functions that say what they do or return."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = sorted(file for package in ("gatecli", "admission") for file in (ROOT / package).rglob("*.py"))

MORE = sorted(
    file
    for folder in ("benchmarks", "examples", "github_actions", "tools")
    for file in (ROOT / folder).rglob("*.py")
)

FACES = {"Verdict": "the library's face of the model's verdict, which can write itself as JSON"}
"""Classes that stand for another of their name, and why."""

PARTICIPLES = """
begun bound bought broken brought built caught chosen done drawn driven fallen felt forgiven forgotten found
frozen given gone grown heard held hidden kept known laid led left lost made meant met paid said seen sent
shown sold sought spent spoken stolen stuck sunk taken taught thought thrown told torn understood unwound
woken won worn woven written
"""
IRREGULAR = frozenset(PARTICIPLES.split())
VERBS = frozenset({"embed", "exceed", "feed", "need", "proceed", "seed", "shed", "speed", "succeed"})
"""Words in -ed that are no participles."""


def classes() -> dict[str, list[str]]:
    found = defaultdict(list)
    for file in CODE:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(file.relative_to(ROOT).as_posix())
    return found


def called_functions(tree: ast.Module) -> Iterator[str]:
    """Names of functions, and of methods that are called (a property is a value, and may be an adjective)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = {ast.unparse(each) for each in node.decorator_list}
            if not decorators & {"property", "cached_property"}:
                yield node.name


def is_bare_participle(name: str) -> bool:
    word = name.strip("_")
    return word in IRREGULAR or (word.endswith("ed") and "_" not in word and word not in VERBS)


def test_no_two_classes_share_a_name() -> None:
    shared = {name: files for name, files in classes().items() if len(files) > 1 and name not in FACES}
    assert shared == {}


def test_every_face_stands_for_another_class() -> None:
    assert [name for name in FACES if len(classes()[name]) != 2] == []


def test_no_function_is_named_by_a_past_participle_alone() -> None:
    wrong = [
        f"{file.relative_to(ROOT).as_posix()}: {name}"
        for file in [*CODE, *MORE]
        for name in called_functions(ast.parse(file.read_text("utf-8")))
        if is_bare_participle(name)
    ]
    assert wrong == []


def test_participles_are_told_from_verbs_and_nouns() -> None:
    assert [is_bare_participle(name) for name in ("_named", "shown", "feed", "log_fields", "quote_text")] == [
        True,
        True,
        False,
        False,
        False,
    ]
