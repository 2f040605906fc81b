"""Keys that are set in the YAML front matter of a Markdown file, where everything else stays byte for byte.

The text is cut and joined at the places that YAML's own parser gives; nothing is written anew, so comments,
quotes and order stay. What comes out is read again: where it does not say what it should, it is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gatecli.errors import UsageError
from gatecli.sources.files import ReadError
from gatecli.sources.markdown_text import front_matter
from gatecli.sources.yaml_text import read_yaml

_FENCE = "---"


def set_front_matter(path: str, text: str, tag: str, key: str, lines: Mapping[str, str]) -> str:
    """`text` with `tag` among its `tags`, and the mapping of texts `lines` under `key`.

    Raises UsageError where that cannot be done without touching what is somebody else's.
    """
    ending = "\r\n" if "\r\n" in text else "\n"
    head = _read_head(path, text)
    if head is None:
        block = "".join(f"{line}{ending}" for line in (_FENCE, *_new_tags(tag), *_block(key, lines), _FENCE))
        return block + text
    before = _read_mapping(path, head)
    edited = _with_block(_with_tag(head, tag, before, ending), key, _block(key, lines), ending)
    wanted = {**before, key: dict(lines)}
    if tag not in _tags(before):
        wanted["tags"] = [*_tags(before), tag]
    if _read_mapping(path, edited) != wanted:
        raise _refusal(path, f"add the tag {tag} by hand, and remove the key {key}")
    return edited + text[len(head) :]


def _read_head(path: str, text: str) -> str | None:
    """The front matter with its first fence; None where there is none."""
    try:
        head = front_matter(text)
    except ReadError as error:
        raise UsageError(f"{path} {error.problem}", advice=error.mend) from None
    if head is None and text.lstrip("\ufeff \t\r\n").startswith(_FENCE):
        raise UsageError(
            f"{path}: its front matter does not begin in the first place",
            advice="remove what stands before the first ---: a blank line, or a byte order mark",
        )
    return head


def _read_mapping(path: str, head: str) -> dict[str, Any]:
    try:
        found = read_yaml(path, head)
    except ReadError as error:
        where = f" in line {error.position.line}" if error.position else ""
        raise UsageError(f"{path}{where} {error.problem}", advice=error.mend) from None
    data = found[0].data if found else None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise _refusal(path, "write it as keys and values")
    return data


def _refusal(path: str, advice: str) -> UsageError:
    return UsageError(f"{path}: its front matter cannot be edited without changing the rest", advice=advice)


def _tags(data: Mapping[str, Any]) -> list[Any]:
    tags = data.get("tags")
    return tags if isinstance(tags, list) else []


def _new_tags(tag: str) -> tuple[str, ...]:
    return ("tags:", f"- {tag}")


def _block(key: str, lines: Mapping[str, str]) -> tuple[str, ...]:
    return (f"{key}:", *(f"  {name}: {_quote(value)}" for name, value in lines.items()))


def _quote(value: str) -> str:
    """A text in double quotes, on one line whatever it holds."""
    return json.dumps(value, ensure_ascii=False)


def _with_block(head: str, key: str, block: tuple[str, ...], ending: str) -> str:
    """`head` with the lines of `key` in place of its old ones, or at its end."""
    lines = _ended_lines(head, ending)
    new = [f"{line}{ending}" for line in block]
    at = next((number for number, line in enumerate(lines) if line.startswith(f"{key}:")), None)
    if at is None:
        return "".join([*lines, *new])
    after = at + 1
    while after < len(lines) and lines[after].startswith((" ", "\t")):
        after += 1
    return "".join([*lines[:at], *new, *lines[after:]])


def _ended_lines(head: str, ending: str) -> list[str]:
    """Its lines, each with its end: a fence at once after another has a head of three signs."""
    lines = head.splitlines(keepends=True)
    return lines if lines[-1].endswith("\n") else [*lines[:-1], lines[-1] + ending]


def _with_tag(head: str, tag: str, before: Mapping[str, Any], ending: str) -> str:
    if tag in _tags(before):
        return head
    if "tags" not in before:
        return "".join([*_ended_lines(head, ending), *(f"{line}{ending}" for line in _new_tags(tag))])
    node = _list_of_tags(head)
    if node is None:
        return head
    if node.flow_style:
        at = node.end_mark.index - 1
        return f"{head[:at]}{', ' if node.value else ''}{tag}{head[at:]}"
    at = _line_after(head, node.value[-1].end_mark.index)
    return f"{head[:at]}{' ' * node.start_mark.column}- {tag}{ending}{head[at:]}"


def _list_of_tags(head: str) -> Any:
    """Where YAML's parser finds the list of tags; None if the tags are not a list."""
    import yaml  # noqa: PLC0415 - needed for YAML alone

    root: Any = yaml.compose(head, Loader=yaml.SafeLoader)
    tags = next(value for name, value in root.value if name.value == "tags")
    return tags if isinstance(tags, yaml.SequenceNode) else None


def _line_after(text: str, at: int) -> int:
    """The index where the line after that of `at` begins."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1
