"""What the commands that write data share: what stands at the place, and writing it where it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from gatecli.cli.document_writing import FactOptions, read_before, write_where_changed
from gatecli.documents.exact_json import exact_json
from gatecli.errors import UsageError
from gatecli.frontdoor.options import OUTPUT, option
from gatecli.sources.files import ReadError, read_bytes
from gatecli.sources.json_text import read_json


@dataclass(frozen=True, slots=True)
class DataFileOptions(FactOptions):
    """Where data goes, and what it is made from."""

    output: Annotated[
        Path | None,
        option(
            "--output",
            "-o",
            panel=OUTPUT,
            variable="DOCUMENT",
            metavar="FILE",
            help="Instead of stdout. What is not gatecli's in a file that is there is kept.",
        ),
    ] = None


def read_card(path: Path) -> str:
    """The text of a card that is to stay byte for byte; "" where there is none. Raises UsageError."""
    text = read_before(path)
    if text is None:
        return ""
    if text.encode("utf-8", "surrogatepass") != read_bytes(path):
        raise UsageError(
            f"{path.as_posix()} is not UTF-8 without a byte order mark",
            advice="save it so; nothing was written",
        )
    return text


def read_json_before(output: Path | None) -> Any:
    """The JSON that stands at the place; None where nothing does. Raises UsageError for another file."""
    text = read_before(output)
    if text is None or output is None:
        return None
    try:
        return read_json(output.as_posix(), text)[0].data
    except ReadError as error:
        raise UsageError(
            f"{output.as_posix()} {error.problem}", advice="name another file; nothing was written"
        ) from None


def write_data(data: Mapping[str, Any], output: Path | None) -> None:
    """Write JSON, or show it."""
    write_text(exact_json(data), output)


def write_text(text: str, output: Path | None) -> None:
    """Write a text where another one stands or none, and say so."""
    write_where_changed(text, read_before(output), output)
