"""The top-level blocks of Terraform's files and where their arguments stand; nothing is evaluated.

First what is no code (comments, literal text) is blanked, at its own length; then blocks are counted out
by their brackets. Source: HCL native syntax specification; "JSON Configuration Syntax".
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from gatecli.model.document import Document, Position
from gatecli.sources.json_text import read_json

_CODE = re.compile(
    r"(?P<comment>#[^\r\n]*|//[^\r\n]*|/\*[\s\S]*?(?:\*/|\Z))|(?P<quote>\")|(?P<open>\{)|(?P<close>\})"
    r"|<<-?(?P<tag>[^\W\d][\w-]*)[ \t]*(?=\r?\n)"
)
_LITERAL = re.compile(r"\\.|\$\$\{|%%\{|(?P<open>[$%]\{)|(?P<end>\"|(?=[\r\n]))", re.DOTALL)
_TEMPLATE = r"\$\$\{|%%\{|(?P<open>[$%]\{)"
_BEGIN, _END = "\x01", "\x02"
_TOKEN = re.compile(
    rf"(?P<open>[{{\[(])|(?P<close>[}}\])])|(?P<label>{_BEGIN}[^{_BEGIN}{_END}{{\n]*{_END})"
    r"|(?P<name>[^\W\d][\w-]*)|(?P<assign>=(?![=>]))|(?P<line>\n)"
)
_REFERENCE = re.compile(r"(?<![\w.-])[^\W\d][\w-]*(?:\[[^\[\]]*\]|\.[^\W\d][\w-]*)+")
_SUBSCRIPT = re.compile(r"\[[^\[\]]*\]")
_ONLY_REFERENCE = re.compile(rf"{_BEGIN} \{{([^{{}}{_BEGIN}{_END}]*)\}}{_END}")
_TEXT_AROUND = re.compile(rf"{_BEGIN}[^{_END}]*\{{")
_CALL = re.compile(r"([\w:]+)\s*\(")
_UNCHANGING = frozenset(
    {"file", "filebase64", "fileset", "toset", "tolist", "tomap", "one", "try", "coalesce", "sensitive"}
    | {"nonsensitive", "abspath", "pathexpand", "if", "in", "for"}
)
"""Functions (and words before a bracket) whose result is one of the arguments, or the file that they name."""
_LABELS = {
    "resource": 2,
    "data": 2,
    "ephemeral": 2,
    "action": 2,
    "module": 1,
    "variable": 1,
    "output": 1,
    "check": 1,
}


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument, or a block inside a block: where it stands, and its literal text or references.

    `composed`: its expression does more than to refer, choose and read a file: it makes a text of others.
    """

    at: Position
    literal: str = ""
    references: tuple[str, ...] = ()
    composed: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A top-level block: `resource "t" "n"` has the kind and two labels."""

    kind: str
    labels: tuple[str, ...]
    at: Position
    arguments: Mapping[str, Argument] = field(default_factory=dict)


def blocks_of(name: str, text: str) -> Iterator[Block]:
    """The blocks of a file, in the order of the text. Raises `ReadError` for JSON that is none.

    What is no HCL gives what blocks can be made out: Terraform itself refuses such a file.
    """
    if name.endswith(".json"):
        return _json_blocks(read_json(name, text)[0])
    return _Scanner(text).blocks()


def blank_text(text: str, *, template: bool = False) -> str:
    """The code of a text at its place, everything else blank; quotes become control characters.

    With `template` the text is the inside of a string. Interpolations are code.
    """
    out: list[str] = []
    frames: list[re.Pattern[str] | None] = [re.compile(_TEMPLATE) if template else None]
    depths, at = [0], 0
    while at < len(text):
        pattern = frames[-1]
        token = (pattern or _CODE).search(text, at)
        end = token.start() if token else len(text)
        out.append(text[at:end] if pattern is None else _blank(text[at:end]))
        if token is None:
            break
        at = token.end()
        kind = token.lastgroup
        if kind in {"quote", "tag"}:
            frames.append(_LITERAL if kind == "quote" else _heredoc(token["tag"]))
            depths.append(0)
            out.append(_BEGIN if kind == "quote" else " " * len(token[0]))
        elif kind == "open":
            out.append(_blank(token[0][:-1]) + "{")
            if pattern is None:
                depths[-1] += 1
            else:
                frames.append(None)
                depths.append(0)
        elif kind == "close":
            out.append("}")
            if depths[-1] or len(frames) == 1:
                depths[-1] -= 1
            else:
                frames.pop(), depths.pop()
        elif kind == "end":
            out.append(_END if token[0] == '"' else _blank(token[0]))
            frames.pop(), depths.pop()
        else:
            out.append(_blank(token[0]))
    return "".join(out)


def _heredoc(tag: str) -> re.Pattern[str]:
    return re.compile(rf"{_TEMPLATE}|(?P<end>(?<=\n)[ \t]*{re.escape(tag)}(?=[ \t]*(?:\r?\n|\Z)))")


def _blank(text: str) -> str:
    return " " * len(text)


@dataclass(slots=True)
class _Open:
    """A block that is being read: `words` are those of its present statement, `start` its value's place."""

    head: Block | None = None
    words: list[re.Match[str]] = field(default_factory=list)
    start: int | None = None
    arguments: dict[str, Argument] = field(default_factory=dict)


class _Scanner:
    """Statements matter at two depths alone: a block's head outside, its arguments inside."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._code = blank_text(text)
        self._lines = [0, *(end.end() for end in re.finditer("\n", text))]

    def blocks(self) -> Iterator[Block]:
        at, depth = _Open(), 0
        for token in _TOKEN.finditer(self._code):
            match token.lastgroup:
                case "open":
                    self._open_block(at, depth)
                    depth += 1
                case "close" | "line" if depth <= 1:
                    self._finish(at, token.start())
                case "assign" if depth == 1 and len(at.words) == 1 and at.start is None:
                    at.start = token.end()
                case "name" | "label" if depth <= 1 and at.start is None:
                    at.words.append(token)
            if token.lastgroup == "close":
                depth = max(depth - 1, 0)
                if depth == 0 and at.head:
                    yield replace(at.head, arguments=at.arguments)
                    at = _Open()

    def _open_block(self, at: _Open, depth: int) -> None:
        if depth == 0:
            at.head, at.words = self._head(at.words), []
        elif depth == 1 and at.words and at.start is None:
            at.arguments.setdefault(at.words[0][0], Argument(self._position(at.words[0].start())))

    def _finish(self, at: _Open, end: int) -> None:
        """The end of a statement: what was assigned in it is an argument."""
        if at.start is not None:
            word = at.words[0]
            at.arguments.setdefault(word[0], self._argument(word.start(), at.start, end))
        at.words, at.start = [], None

    def _position(self, at: int) -> Position:
        line = bisect_right(self._lines, at)
        return Position(line, at - self._lines[line - 1] + 1)

    def _head(self, words: list[re.Match[str]]) -> Block | None:
        if not words or words[0].lastgroup != "name":
            return None
        labels = (self._text[word.start() : word.end()].strip('"') for word in words[1:])
        return Block(words[0][0], tuple(labels), self._position(words[0].start()))

    def _argument(self, at: int, start: int, end: int) -> Argument:
        code = self._code[start:end].strip()
        literal = ""
        if code.startswith(_BEGIN) and code.endswith(_END) and code.count(_BEGIN) == 1 and "{" not in code:
            literal = self._text[start:end].strip()[1:-1]
        is_composed = _is_composed(code) or "<<" in self._text[start:end]
        return Argument(self._position(at), literal, references_in(code), is_composed)


def _is_composed(code: str) -> bool:
    """Whether blanked code calls a function that changes its arguments, or has text around a reference."""
    plain = _ONLY_REFERENCE.sub(r"\1", code)
    return _TEXT_AROUND.search(plain) is not None or any(
        call[1] not in _UNCHANGING for call in _CALL.finditer(plain)
    )


def references_in(code: str) -> tuple[str, ...]:
    """What blanked code refers to, without instance keys: `module.m[0].x` → `module.m.x`."""
    found = (_SUBSCRIPT.sub("", match[0]) for match in _REFERENCE.finditer(code))
    return tuple(dict.fromkeys(found))


def _json_blocks(document: Document) -> Iterator[Block]:
    """The same of JSON syntax: labels are nested keys, and a list holds several bodies."""
    data = document.data if isinstance(document.data, dict) else {}
    for kind in [*_LABELS, "locals"]:
        for labels, body, pointer in _bodies(data.get(kind), f"/{kind}", _LABELS.get(kind, 0)):
            at = document.keys.get(pointer) or document.values.get(pointer) or Position(1, 1)
            arguments = {
                key: _json_argument(document, f"{pointer}/{_escape_key(key)}", body[key]) for key in body
            }
            yield Block(kind, labels, at, arguments)


def _bodies(
    data: object, pointer: str, labels: int, names: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Mapping[str, object], str]]:
    if isinstance(data, list):
        for number, item in enumerate(data):
            yield from _bodies(item, f"{pointer}/{number}", labels, names)
    elif isinstance(data, dict) and labels:
        for key, item in data.items():
            yield from _bodies(item, f"{pointer}/{_escape_key(key)}", labels - 1, (*names, key))
    elif isinstance(data, dict):
        yield names, data, pointer


def _escape_key(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _json_argument(document: Document, pointer: str, value: object) -> Argument:
    at = document.keys.get(pointer, Position(1, 1))
    pending, found, composed = [value], dict[str, None](), False
    while pending:
        item = pending.pop()
        if isinstance(item, dict | list):
            pending += [*item, *item.values()] if isinstance(item, dict) else item
        elif isinstance(item, str) and "{" in item:
            code = blank_text(item, template=True)
            found.update(dict.fromkeys(references_in(code)))
            composed |= _is_composed(f"{_BEGIN}{code}{_END}")
    literal = value if isinstance(value, str) and "{" not in value else ""
    return Argument(at, literal, tuple(found), composed)
