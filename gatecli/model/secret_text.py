"""Secrets that their issuers give a form of their own: keys of clouds, tokens, passwords in addresses."""

from __future__ import annotations

import re

SECRET = re.compile(
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[0-9A-Za-z]{36,}|\bgithub_pat_\w{50,}|\bhf_[0-9A-Za-z]{30,}|"
    r"\bxox[abprs]-[0-9A-Za-z-]{10,}|\bsk-[0-9A-Za-z_-]{32,}|-----BEGIN [A-Z ]*PRIVATE KEY-----|"
    r"\bAccountKey=[0-9A-Za-z+/]{40,}|\b[a-z][a-z0-9+.-]{0,30}://[^\s/:@]{1,100}:(?!\*+@)[^\s/@]{1,200}@"
)
HIDDEN = "(secret)"


def hide_secrets(text: str) -> str:
    """`text` without the secrets in it."""
    return SECRET.sub(HIDDEN, text)
