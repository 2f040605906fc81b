"""The tables of the modules' pages, written from `variables.tf` and `outputs.tf`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

MODULES = Path(__file__).resolve().parents[2] / "terraform_modules"
START, END = "<!-- written by `make generated` from variables.tf and outputs.tf -->", "<!-- end -->"

_BLOCK = re.compile(r'^(?:variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^  (\w+) += (.+)$", re.MULTILINE)


def pages() -> Iterator[Path]:
    """The page of each module."""
    return (folder / "README.md" for folder in sorted(MODULES.iterdir()) if folder.is_dir())


def page(file: Path) -> str:
    """A module's page with its tables as they must be. Raises ValueError where their place is not marked."""
    before, start, rest = file.read_text("utf-8").partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"{file} does not hold {START} … {END}")
    return f"{before}{START}\n{_tables(file.parent)}{END}{after}"


def _tables(module: Path) -> str:
    inputs = ["| input | type | default | meaning |", "|---|---|---|---|"]
    for name, given in _blocks(module / "variables.tf"):
        default = f"`{_cell(given['default'])}`" if "default" in given else "required"
        inputs.append(f"| `{name}` | `{given['type']}` | {default} | {_text(given)} |")
    outputs = ["| output | meaning |", "|---|---|"]
    outputs += [f"| `{name}` | {_text(given)} |" for name, given in _blocks(module / "outputs.tf")]
    return "\n".join(["", *inputs, "", *outputs, "", ""])


def _blocks(file: Path) -> Iterator[tuple[str, dict[str, str]]]:
    for name, body in _BLOCK.findall(file.read_text("utf-8")):
        yield name, dict(_LINE.findall(body))


def _text(given: dict[str, str]) -> str:
    return _cell(given["description"][1:-1].replace('\\"', '"'))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    for file in pages():
        file.write_text(page(file), "utf-8")
