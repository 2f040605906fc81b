"""Whose attestations a policy trusts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gatecli.model.base import Many, Text, Value

Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
LowerSha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class AttestationKey(Value):
    """A public key, and what it may speak about."""

    name: Text
    public_key: Annotated[str, Field(min_length=1, max_length=10_000)] = Field(
        description="in PEM: Ed25519, or ECDSA over P-256"
    )
    datasets: Many[Text] = Field(
        default=(), description="the datasets whose releases it may attest; empty: every dataset"
    )
    expires: Day | None = Field(default=None, description="its last day, as YYYY-MM-DD")


class AttestationIdentity(Value):
    """Whoever an issuer of identities certified, and what they may speak about."""

    name: Text
    issuer: Text = Field(description="who says so, such as `https://token.actions.githubusercontent.com`")
    identity: Text = Field(
        description="what the certificate names, letter for letter: a workflow, an address"
    )
    datasets: Many[Text] = Field(
        default=(), description="the datasets whose releases it may attest; empty: every dataset"
    )
    expires: Day | None = Field(default=None, description="its last day, as YYYY-MM-DD")


class ServedModelRules(Value):
    """Which workloads that serve a model must name an attestation, in a cluster and in a plan of one."""

    required: bool | None = Field(
        default=None, description="whether they must (default: where any key is trusted)"
    )
    on_unknown: Literal["fail", "warn", "defer"] = Field(
        default="fail",
        description="what follows where nobody can tell: an image without a digest, a registry that does "
        "not answer",
    )
    beside: Many[Text] = Field(
        default=(),
        description="images that stand beside a model and need no attestation, such as sidecars; `*` stands "
        "for any part",
    )
    stores: Many[Text] = Field(
        default=(),
        description="addresses of models that are believed to hold what the SHA-256 in them names, such as "
        "`s3://acme-models/*`; none: every address is",
    )
    registries: Many[Text] = Field(
        default=(), description="hosts of OCI registries that are asked for attestations of their images"
    )
    controllers: Many[Text] = Field(
        default=(),
        description="users that make workloads of objects that were judged, such as "
        "`system:serviceaccount:kserve:kserve-controller-manager`: what they make is not asked again",
    )


class AttestationRules(Value):
    """Which attestations are accepted, and what must have one."""

    keys: Many[AttestationKey] = Field(default=(), description="whose signatures count; none: nobody's")
    identities: Many[AttestationIdentity] = Field(
        default=(), description="whose certificates of Sigstore count, beside keys"
    )
    threshold: Annotated[int, Field(ge=1, le=100)] = Field(
        default=1, description="how many distinct keys must have signed"
    )
    valid_days: Annotated[int, Field(ge=1, le=3650)] = Field(
        default=90, description="days after which an attestation no longer counts"
    )
    policies: Many[LowerSha256] = Field(
        default=(), description="SHA-256 of policies whose verdicts are accepted, beside this policy's own"
    )
    revoked: Many[LowerSha256] = Field(
        default=(), description="SHA-256 of statements that no longer count, as `gatecli verify` names them"
    )
    workloads: ServedModelRules = Field(default_factory=ServedModelRules)

    @property
    def are_demanded_of_workloads(self) -> bool:
        """Whether a workload that serves a model must name one."""
        required = self.workloads.required
        return bool(self.keys or self.identities) if required is None else required
