"""Which file has which format: by its name, by its suffix, by how it begins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath

from gatecli.model.text import RawText, Reading
from gatecli.sources.leaves.assignments import ENV, INI, PROPERTIES
from gatecli.sources.leaves.csv_leaves import CSV
from gatecli.sources.leaves.dockerfile import DOCKERFILE
from gatecli.sources.leaves.hcl_leaves import HCL
from gatecli.sources.leaves.interface import Format, FormatError
from gatecli.sources.leaves.json_leaves import JSON, JSON_LINES
from gatecli.sources.leaves.text_leaves import TEXT
from gatecli.sources.leaves.toml_leaves import TOML
from gatecli.sources.leaves.yaml_leaves import YAML

FORMATS: tuple[Format, ...] = (
    YAML,
    JSON,
    JSON_LINES,
    TOML,
    ENV,
    INI,
    PROPERTIES,
    CSV,
    HCL,
    DOCKERFILE,
    TEXT,
)
_BY_NAME: Mapping[str, Format] = {format_.name: format_ for format_ in FORMATS}

_NAMES: Mapping[str, Format] = {
    "dockerfile": DOCKERFILE,
    "containerfile": DOCKERFILE,
    ".env": ENV,
    ".envrc": ENV,
    "pipfile": TOML,
    "poetry.lock": TOML,
    "uv.lock": TOML,
    "cargo.lock": TOML,
    "pipfile.lock": JSON,
    "composer.lock": JSON,
    ".editorconfig": INI,
    ".npmrc": INI,
    ".gitconfig": INI,
    ".yamllint": YAML,
    ".clang-format": YAML,
}

_SUFFIXES: Mapping[str, Format] = {
    ".yaml": YAML,
    ".yml": YAML,
    ".json": JSON,
    ".geojson": JSON,
    ".ipynb": JSON,
    ".sarif": JSON,
    ".tfstate": JSON,
    ".webmanifest": JSON,
    ".jsonl": JSON_LINES,
    ".ndjson": JSON_LINES,
    ".toml": TOML,
    ".env": ENV,
    ".ini": INI,
    ".cfg": INI,
    ".properties": PROPERTIES,
    ".csv": CSV,
    ".tsv": CSV,
    ".tab": CSV,
    ".tf": HCL,
    ".tfvars": HCL,
    ".hcl": HCL,
    ".dockerfile": DOCKERFILE,
}

_BEGINNINGS: tuple[tuple[re.Pattern[str], Format], ...] = (
    (re.compile(r"\s*(?:\{\s*(?:[\"}]|\Z)|\[\s*(?:[\"{\[\]\d-]|true|false|null|\Z))"), JSON),
    (re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?:---|%YAML|- |[\w./-]+:(?:[ \t]|\r?\n))"), YAML),
)


def format_of(path: str, beginning: str) -> Format:
    """The format of a file; `beginning` counts only where its name says nothing (or is `-`)."""
    name = PurePath(path).name.lower()
    if name in _NAMES:
        return _NAMES[name]
    if name.startswith(("dockerfile.", "containerfile.")):
        return DOCKERFILE
    if name.startswith(".env."):
        return ENV
    suffix = PurePath(name).suffix
    if suffix or name.startswith("."):
        return _SUFFIXES.get(suffix, TEXT)
    return next((format_ for form, format_ in _BEGINNINGS if form.match(beginning)), TEXT)


def is_known(path: str) -> bool:
    """Whether the name alone promises a text of a known format."""
    return format_of(path, "") is not TEXT


def read_leaves(raw: RawText) -> Reading:
    """The leaves of a text, in its format; as plain text, and said, where it does not have its form."""
    try:
        return Reading(raw.format, tuple(_BY_NAME[raw.format].read(raw)))
    except FormatError as error:
        line = raw.position(error.at).line
        note = f"scanned as text: {error.problem} (line {line})"
    return Reading(TEXT.name, tuple(TEXT.read(replace(raw, format=TEXT.name))), note)


def views(raw: RawText) -> tuple[str, ...] | None:
    """Texts that show whatever any leaf can hold, or None where it must be read to know.

    A search that finds nothing in any of them finds nothing in `read_leaves(raw)`, given that it takes
    every run of white space alike and knows of no place where a text begins or ends.
    """
    return _BY_NAME[raw.format].views(raw.text)


def records(name: str) -> bool:
    """Whether a text of this format may be cut between any two lines."""
    return _BY_NAME[name].records
