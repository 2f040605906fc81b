"""Endpoints (`kind: PrivateEndpoint`): where they stand in a tree, and what cannot be read of one."""

from __future__ import annotations

from typing import TypeAlias

from gatecli.model.document import Document
from gatecli.model.finding import Rule, Severity
from gatecli.model.private_endpoint import PrivateEndpoint
from gatecli.sources.kind_documents import KindSource

SERVE_UNREADABLE = Rule(
    "serve-unreadable", Severity.ERROR, "A file of an endpoint cannot be read", uncheckable=True
)
SERVE_INVALID = Rule(
    "serve-invalid", Severity.ERROR, "An endpoint's document does not have the form of one", uncheckable=True
)
RULES: tuple[Rule, ...] = (SERVE_UNREADABLE, SERVE_INVALID)

PlacedEndpoint: TypeAlias = tuple[PrivateEndpoint, Document]

ENDPOINTS = KindSource(PrivateEndpoint, "serve", "endpoint", "describe", SERVE_UNREADABLE, SERVE_INVALID)
