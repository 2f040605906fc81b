"""Which file has which format: by its name, by its suffix, by how it begins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import PurePath

from gatecli import package
from gatecli.model.text import LeafReading, RawText, with_names_beside
from gatecli.sources.string_fields.interface import FormatError, TextFormat

FORMATS: Mapping[str, str] = {
    "yaml": "yaml_fields:YAML",
    "json": "json_fields:JSON",
    "json-lines": "json_fields:JSON_LINES",
    "toml": "toml_fields:TOML",
    "env": "assignments:ENV",
    "ini": "assignments:INI",
    "properties": "assignments:PROPERTIES",
    "csv": "csv_fields:CSV",
    "hcl": "hcl_fields:HCL",
    "dockerfile": "dockerfile:DOCKERFILE",
    "text": "text_fields:TEXT",
}
"""Every format by name, and where it is: imported when a text of it is read."""

TEXT = "text"

_NAMES: Mapping[str, str] = {
    "dockerfile": "dockerfile",
    "containerfile": "dockerfile",
    ".env": "env",
    ".envrc": "env",
    "pipfile": "toml",
    "poetry.lock": "toml",
    "uv.lock": "toml",
    "cargo.lock": "toml",
    "pipfile.lock": "json",
    "composer.lock": "json",
    ".editorconfig": "ini",
    ".npmrc": "ini",
    ".gitconfig": "ini",
    ".yamllint": "yaml",
    ".clang-format": "yaml",
}

_SUFFIXES: Mapping[str, str] = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
    ".geojson": "json",
    ".ipynb": "json",
    ".sarif": "json",
    ".tfstate": "json",
    ".webmanifest": "json",
    ".jsonl": "json-lines",
    ".ndjson": "json-lines",
    ".toml": "toml",
    ".env": "env",
    ".ini": "ini",
    ".cfg": "ini",
    ".properties": "properties",
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".tf": "hcl",
    ".tfvars": "hcl",
    ".hcl": "hcl",
    ".dockerfile": "dockerfile",
}

_BEGINNINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\s*(?:\{\s*(?:[\"}]|\Z)|\[\s*(?:[\"{\[\]\d-]|true|false|null|\Z))"), "json"),
    (re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?:---|%YAML|- |[\w./-]+:(?:[ \t]|\r?\n))"), "yaml"),
)


@cache
def format_named(name: str) -> TextFormat:
    """The format of that name; its module is imported now if it was not before."""
    found: TextFormat = package.member(f"sources.string_fields.{FORMATS[name]}")
    return found


def format_of(path: str, beginning: str) -> str:
    """The name of a file's format; `beginning` counts only where its name says nothing (or is `-`)."""
    name = PurePath(path).name.lower()
    if name in _NAMES:
        return _NAMES[name]
    if name.startswith(("dockerfile.", "containerfile.")):
        return "dockerfile"
    if name.startswith(".env."):
        return "env"
    suffix = PurePath(name).suffix
    if suffix or name.startswith("."):
        return _SUFFIXES.get(suffix, TEXT)
    return next((format_ for form, format_ in _BEGINNINGS if form.match(beginning)), TEXT)


def is_known(path: str) -> bool:
    """Whether the name alone promises a text of a known format."""
    return format_of(path, "") != TEXT


def read_leaves(raw: RawText) -> LeafReading:
    """The leaves of a text, in its format; as plain text, and said, where it does not have its form."""
    try:
        leaves = tuple(format_named(raw.format).read(raw))
        return LeafReading(raw.format, with_names_beside(leaves))
    except FormatError as error:
        line = raw.position(error.at).line
        note = f"scanned as text: {error.problem} (line {line})"
    return LeafReading(TEXT, tuple(format_named(TEXT).read(replace(raw, format=TEXT))), note)


def views(raw: RawText) -> tuple[str, ...] | None:
    """Texts that show whatever any leaf can hold, or None where it must be read to know.

    A search that finds nothing in any of them finds nothing in `read_leaves(raw)`, given that it takes
    every run of white space alike and knows of no place where a text begins or ends.
    """
    return format_named(raw.format).views(raw.text)


def records(name: str) -> bool:
    """Whether a text of this format may be cut between any two lines."""
    return format_named(name).records
