"""Azure Key Vault: a secret by its reference. The only home of the Azure SDK.

Who asks is told by azure-identity: a managed identity of the machine (`MSI_ENDPOINT` on Azure ML), a service
principal (`AZURE_CLIENT_ID`, …), or `az login` on a developer's. Source: Key Vault's REST API, "Get Secret".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from gatecli.errors import GatecliError, MissingExtraError, UncheckableError, UsageError
from gatecli.model.secret_reference import SecretReference

RETRIES = 4
"""Of a request that is not answered; the SDK waits longer before each."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret, and the version that it is of."""

    value: str = field(repr=False)
    version: str


def fetch_secret(reference: SecretReference) -> Secret:
    """The secret. The SDK's own words are not shown: they may hold tokens and tenants.

    Raises MissingExtraError, UsageError for a secret that is not there, UncheckableError where it cannot be
    had.
    """
    default_credential, secret_client, errors = _sdk()
    try:
        with (
            default_credential() as credential,
            secret_client(
                vault_url=reference.vault_url, credential=credential, retry_total=RETRIES
            ) as client,
        ):
            found = client.get_secret(reference.name, reference.version)
            return _usable_secret(found, reference)
    except GatecliError:
        raise
    except Exception as error:  # noqa: BLE001 - the SDK's own, and those of its transports
        raise _sentence(error, errors, reference) from None


def _usable_secret(found: Any, reference: SecretReference) -> Secret:
    version = found.properties.version
    if not found.value or not version:
        raise UncheckableError(
            f"Key Vault gives no value of {reference.address}", advice="name a secret that has one"
        )
    if found.properties.enabled is False:
        raise UncheckableError(
            f"the secret {reference.address} is disabled", advice="enable it, or name another version"
        )
    return Secret(found.value, version)


def _sdk() -> tuple[Any, Any, Any]:
    try:
        from azure.core import exceptions  # noqa: PLC0415 - an optional package
        from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - an optional package
        from azure.keyvault.secrets import SecretClient  # noqa: PLC0415 - an optional package
    except ImportError:
        raise MissingExtraError(
            "Azure Key Vault needs Azure's client", advice="pip install 'gatecli[azureml]'"
        ) from None
    return DefaultAzureCredential, SecretClient, exceptions


_Sentence = Callable[[SecretReference], GatecliError]


def _not_found(reference: SecretReference) -> GatecliError:
    what = reference.address if reference.version is None else f"{reference.address}/{reference.version}"
    return UsageError(f"Key Vault has no secret {what}", advice="check its name and its version")


def _forbidden(reference: SecretReference) -> GatecliError:
    return UncheckableError(
        f"Key Vault does not let this job read {reference.address}",
        advice="give its managed identity the role Key Vault Secrets User on this secret; "
        "a disabled secret is refused so, too",
    )


def _without_identity(reference: SecretReference) -> GatecliError:
    return UncheckableError(
        f"no identity of this job may ask for {reference.address}",
        advice="give the job a managed identity (identity: in its YAML); AZURE_CLIENT_ID names one",
    )


def _unreachable(reference: SecretReference) -> GatecliError:
    return UncheckableError(
        f"Key Vault does not answer at {reference.vault_url}",
        advice="check the vault's name, its firewall, and the job's network",
    )


_STATUS: Mapping[int, _Sentence] = MappingProxyType(
    {401: _without_identity, 403: _forbidden, 404: _not_found}
)


def _sentence(error: Exception, errors: Any, reference: SecretReference) -> GatecliError:
    if isinstance(error, errors.ClientAuthenticationError):
        return _without_identity(reference)
    if isinstance(error, errors.ServiceRequestError | errors.ServiceResponseError):
        return _unreachable(reference)
    status = getattr(error, "status_code", None)
    say = _STATUS.get(status) if isinstance(status, int) else None
    if say is not None:
        return say(reference)
    return UncheckableError(
        f"Key Vault does not give {reference.address} ({type(error).__name__})",
        advice="try again; the vault's log says more",
    )
