"""`gatecli document adr`: the record of the decision to spend a privacy budget."""

from __future__ import annotations

from pathlib import Path

from gatecli.cli.document_writing import ReleasePath, WritingOptions, gather_facts, write_document
from gatecli.documents.kinds import ADR
from gatecli.frontdoor.option_groups import spread


@spread
def adr(writing: WritingOptions, path: ReleasePath = Path()) -> None:
    """Write a decision record (MADR 4.0) with the table of ε: every dataset, what it gives, what is left.

    Its front matter and what people wrote in it are kept when it is written again.
    """
    write_document(ADR, gather_facts(path, writing), writing)
