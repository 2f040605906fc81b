"""KeyPolicies (`kind: KeyPolicy`): where they stand in a tree, and what cannot be read of one."""

from __future__ import annotations

from typing import TypeAlias

from gatecli.model.document import Document
from gatecli.model.finding import Rule, Severity
from gatecli.model.key_policy import KeyPolicy
from gatecli.sources.kind_documents import KindSource

KEYS_UNREADABLE = Rule(
    "keys-unreadable", Severity.ERROR, "A file of a KeyPolicy cannot be read", uncheckable=True
)
KEYS_INVALID = Rule(
    "keys-invalid", Severity.ERROR, "A KeyPolicy does not have the form of one", uncheckable=True
)
RULES: tuple[Rule, ...] = (KEYS_UNREADABLE, KEYS_INVALID)

PlacedKeyPolicy: TypeAlias = tuple[KeyPolicy, Document]

KEY_POLICIES = KindSource(KeyPolicy, "key-policy", "KeyPolicy", "write", KEYS_UNREADABLE, KEYS_INVALID)
