"""Where a secret is kept, which is no secret: the address of one in Azure Key Vault."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gatecli.errors import UsageError

SUFFIXES = ("vault.azure.net", "vault.azure.cn", "vault.usgovcloudapi.net")
"""The DNS suffixes of the public cloud, China's and the US government's."""

_REFERENCE = re.compile(
    r"https://(?P<vault>[a-zA-Z](?:-?[a-zA-Z0-9]){2,23})\.(?P<suffix>"
    + "|".join(map(re.escape, SUFFIXES))
    + r")/secrets/(?P<name>[a-zA-Z0-9-]{1,127})(?:/(?P<version>[a-zA-Z0-9]{32}))?/?"
)
EXAMPLE = "https://VAULT.vault.azure.net/secrets/NAME/VERSION"


@dataclass(frozen=True, slots=True)
class SecretReference:
    """Where a secret is kept, which says nothing of it; without a version it is the newest."""

    vault_url: str
    name: str
    version: str | None = None

    @property
    def address(self) -> str:
        """Its address, without a version."""
        return f"{self.vault_url}/secrets/{self.name}"


def parse_reference(text: str) -> SecretReference:
    """The secret that a reference names. Raises UsageError, which repeats nothing: it may be a key."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise UsageError(
            "the reference of the key is not the address of a secret in Azure Key Vault",
            advice=f"write {EXAMPLE}; a key itself, a file or a variable is not taken",
        )
    vault = f"https://{match['vault'].lower()}.{match['suffix']}"
    return SecretReference(vault, match["name"], match["version"])
