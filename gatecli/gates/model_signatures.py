"""Signatures of model-signing v1 (https://github.com/sigstore/model-transparency): a folder is what was
signed.

Its statement lists the digest of each file; its subject is the root over them. They say nothing of privacy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from gatecli.attestation.model_digest import model_root
from gatecli.attestation.statements import read_head
from gatecli.attestation.strict_json import InvalidBundle, invalid_bundle
from gatecli.checks.attestation import ReadAttestation, find_other_subject, find_unverified
from gatecli.errors import UsageError
from gatecli.gates.attested_files import files_of
from gatecli.gates.trusted_signers import root_measure, trusted_signers
from gatecli.gates.verification_requests import VerificationRequest, read_bundles, require_terms
from gatecli.model.attestation import FOLDER
from gatecli.model.finding import Finding
from gatecli.model.verdict import Checked, Examined

SIGNATURE_TYPE = "https://model_signing/signature/v1.0"
_WHAT = "the signature of the model"


def examine_model(request: VerificationRequest) -> Examined:
    """Who signed a folder, and whether it is still that. Raises UsageError where no folder is named,
    InvalidBundle.
    """
    require_terms(request.terms, request.artifacts)
    bundles = read_bundles(request.bundles)
    payload = bundles[0].envelope.payload
    name, signed = _signed_files(read_head(payload))
    read = ReadAttestation(
        request.bundles[0][0],
        name,
        hashlib.sha256(payload).hexdigest(),
        trusted_signers(bundles, request),
    )
    found: list[Finding] = list(find_unverified(read, request.terms, request.at.date()))
    for artifact in request.artifacts:
        if FOLDER not in artifact.digests:
            raise UsageError(
                f"{artifact.name} is not a folder", advice="--artifact FOLDER, which model-signing signed"
            )
        own = [Path(each) for each, _ in request.bundles]
        if files_of(Path(artifact.name), own) != signed:
            found.append(find_other_subject(read, artifact.name))
    measures: dict[str, object] = {
        "signedBy": [each.name for each in read.signers.signed],
        **root_measure(read.signers, request),
        "files": len(signed),
    }
    checked = Checked("model", name, read.path, measures, {"sha256": read.sha256})
    return Examined((checked,), tuple(found))


def _signed_files(statement: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The name of a model, and the SHA-256 of its files by path. Raises InvalidBundle."""
    if statement["predicateType"] != SIGNATURE_TYPE:
        raise invalid_bundle(_WHAT, "it is not of model-signing v1")
    try:
        (subject,) = statement["subject"]
        form = statement["predicate"]["serialization"]
        if (form["method"], form["hash_type"], form["allow_symlinks"]) != ("files", "sha256", False):
            raise invalid_bundle(_WHAT, "its files are not hashed whole by SHA-256, or links are followed")
        listed = [_resource(each) for each in statement["predicate"]["resources"]]
        files = dict(listed)
        sound = (
            len(files) == len(listed)
            and [name for name, _ in listed] == sorted(files, key=PurePosixPath)
            and model_root(files) == subject["digest"]["sha256"]
        )
        name = str(subject["name"])
    except InvalidBundle:
        raise
    except (KeyError, TypeError, ValueError):
        raise invalid_bundle(_WHAT, "it is not whole") from None
    if not sound:
        raise invalid_bundle(_WHAT, "its root is not that of its files")
    return name, files


def _resource(data: Mapping[str, Any]) -> tuple[str, str]:
    name, digest = str(data["name"]), str(data["digest"])
    if data["algorithm"] != "sha256" or len(bytes.fromhex(digest)) != 32:
        raise ValueError("a resource is not of SHA-256")
    return name, digest.lower()
