"""`gatecli document registry`: a record for the OpenDP deployments registry."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from gatecli.cli.document_data import DataFileOptions, write_text
from gatecli.cli.document_writing import ReleasePath, begin_writing, facts_in, read_before
from gatecli.documents.registry import record_text, registry_record
from gatecli.errors import UsageError
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import OUTPUT, option
from gatecli.sources.registry_text import read_registry_record


@spread
def registry(
    data: DataFileOptions,
    path: ReleasePath = Path(),
    published: Annotated[
        str | None,
        option(
            "--published",
            panel=OUTPUT,
            variable="DOCUMENT_PUBLISHED",
            metavar="DATE",
            help="The day of publication, as YYYY-MM-DD (default: that of the record, else today).",
        ),
    ] = None,
) -> None:
    """Write a record in the schema of the OpenDP deployments registry; what people wrote in it stays."""
    _require_day(published)
    text = read_before(data.output)
    before = None if text is None else read_registry_record(str(data.output), text)
    session = begin_writing(path, data)
    record = registry_record(facts_in(session, path, data), before, published, session.now.date())
    write_text(record_text(record), data.output)


def _require_day(text: str | None) -> None:
    try:
        is_day = text is None or date.fromisoformat(text).isoformat() == text
    except ValueError:
        is_day = False
    if not is_day:
        raise UsageError(f"--published {text} is not a day", advice="write it as YYYY-MM-DD")
