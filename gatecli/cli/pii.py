"""`gatecli pii`: the gate for plaintext personal data."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gatecli.checks.personal_data import (
    Hidden,
    Search,
    search_leaves,
    search_of,
)
from gatecli.cli.notices import listening
from gatecli.errors import UncheckableError
from gatecli.frontdoor.console import out
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import GATE, AllRows, PolicyFile, option
from gatecli.frontdoor.publish import write_together
from gatecli.frontdoor.session import GateOptions, begin
from gatecli.gates.embedded_files import with_embedded_files
from gatecli.gates.pii import Selection, check_texts, request_for
from gatecli.gates.policies import read_key, read_policy
from gatecli.model.finding import Finding
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.text import Leaf, RawText
from gatecli.pii.detector import Detector
from gatecli.pii.interface import THRESHOLD, Detection, NameFinder
from gatecli.pii.redaction import mask_value
from gatecli.pii.scanning import scan as search_text
from gatecli.sources.scan import Read, read_stream, read_texts
from gatecli.sources.string_fields.formats import read_leaves

app = typer.Typer(no_args_is_help=True, help="Find personal data that is in plain text.")

STDIN = Path("-")

KeyFile = Annotated[
    Path | None,
    option(
        "--fingerprint-key",
        panel=GATE,
        metavar="FILE",
        help="A secret key of at least 16 bytes; fingerprints then follow the value, not its place.",
    ),
]


@app.command("scan")
@spread
def scan(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Files, folders, - for stdin.")],
    gate: GateOptions,
    changed_since: Annotated[
        str | None,
        option(
            "--changed-since",
            panel=GATE,
            metavar="REV",
            help="Scan only files that changed since a git revision.",
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        option(
            "--exclude",
            panel=GATE,
            metavar="PATTERN",
            help="A pattern of files to skip, as in .gitignore; repeatable.",
        ),
    ] = None,
    all_files: Annotated[
        bool, option("--all-files", panel=GATE, help="Also scan files that .gitignore leaves out.")
    ] = False,
    key: KeyFile = None,
    names: Annotated[
        str | None,
        option(
            "--names",
            panel=GATE,
            metavar="MODEL",
            help="Also find personal names, with this spaCy model (extra gatecli[names]).",
        ),
    ] = None,
    all_rows: AllRows = False,
) -> None:
    """Find plaintext personal data in manifests, configuration, code and tables."""
    session = begin(gate, _start(paths))
    search = replace(_search(session.policy, key, _name_finder(names)), all_rows=all_rows)
    selection = Selection(exclude or (), changed_since, respect_gitignore=not all_files)
    places = [path for path in paths if path != STDIN]
    streams = [sys.stdin.buffer] if STDIN in paths else []
    with listening(gate.verbose, quiet=gate.quiet) as notify:
        request = request_for(places, session.terms, search, selection, streams=streams, notify=notify)
        verdict = check_texts(request)
    raise session.end(verdict)


def _start(paths: list[Path]) -> Path:
    return Path() if paths[0] == STDIN else paths[0]


def _policy(file: Path | None, path: Path) -> PrivacyPolicy:
    """The policy of the commands that judge nothing."""
    return read_policy(file, _start([path])).policy


def _name_finder(model: str | None) -> NameFinder | None:
    if not model:
        return None
    from gatecli.pii.names import name_finder  # noqa: PLC0415 - few scans look for names

    return name_finder(model)


def _search(policy: PrivacyPolicy, key: Path | None = None, names: NameFinder | None = None) -> Search:
    return search_of(policy.spec.pii, read_key(key, "fingerprint key") if key else b"", names)


@app.command("redact")
def redact(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to mask; - for stdin.")],
    target: Annotated[
        Path | None,
        option(
            "--output",
            "-o",
            panel=GATE,
            metavar="FILE",
            help="The file for the masked copy (default: stdout).",
        ),
    ] = None,
    policy: PolicyFile = None,
) -> None:
    """Write a copy in which every found value is masked; the rest stays byte for byte."""
    search = _search(_policy(policy, file))
    copy = b"".join(_masked_copy(read, search) for read in _single(file))
    if target is None:
        sys.stdout.buffer.write(copy)
        sys.stdout.buffer.flush()
        return
    write_together({target: copy})


def _single(file: Path) -> Iterable[Read]:
    return read_stream(sys.stdin.buffer) if file == STDIN else list(read_texts(file))


def _masked_copy(read: Read, search: Search) -> bytes:
    if isinstance(read, Finding):
        raise UncheckableError(read.message, advice=read.remediation)
    if not isinstance(read, RawText):
        raise UncheckableError(f"{read.path} holds no text: {read.reason}", advice="name a text file")
    from gatecli.sources.redact import Hit, redacted_bytes  # noqa: PLC0415 - for this command alone

    seen = _search_whole(read, search)
    return redacted_bytes(
        read, [Hit(leaf, start, end, mask_value(leaf.text[start:end])) for leaf, start, end in seen]
    )


def _search_whole(raw: RawText, search: Search) -> Iterator[tuple[Leaf, int, int]]:
    """Where each value stands in its leaf. Raises UncheckableError where the search ends early."""
    for seen in search_leaves(read_leaves(raw).leaves, with_embedded_files(search)):
        if not isinstance(seen, Hidden):
            reason = seen if isinstance(seen, str) else seen.reason
            raise UncheckableError(
                f"{raw.path} was not searched to its end: {reason}", advice="split the file"
            )
        yield seen.leaf, seen.detection.start, seen.detection.end


@app.command("explain")
def explain(
    context: Annotated[
        str,
        option("--context", panel=GATE, metavar="NAME", help="The key or column that holds the text."),
    ] = "",
    policy: PolicyFile = None,
) -> None:
    """Read a text from stdin and explain the score of each match; values stay masked."""
    entities = _search(_policy(policy, STDIN)).detector.entities
    everything = Detector(entities, threshold=0.0)
    raw = RawText("-", sys.stdin.buffer.read().decode("utf-8", "replace"), "text")
    words = (context,) if context else ()
    seen = (
        detection
        for leaf in read_leaves(raw).leaves
        for detection in search_text(everything, leaf.text, (*leaf.words(), *words)).detections
    )
    out("\n".join(map(_explain_detection, seen)) or "nothing looks like personal data\n")


def _explain_detection(detection: Detection) -> str:
    state = "reported" if detection.score >= THRESHOLD else f"not reported (below {THRESHOLD})"
    lines = [
        f"{detection.rule}  {mask_value(detection.normalised)}  score {detection.score:.2f}, {state}",
        *(f"  {line}" for line in detection.explanation),
        *([f"  decoded: {detection.path}"] if detection.steps else []),
    ]
    return "\n".join(lines) + "\n"
