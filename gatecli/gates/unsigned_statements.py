"""A statement in the parts that other signers take: cosign, GitHub's `actions/attest`."""

from __future__ import annotations

from gatecli.attestation.statements import read_head
from gatecli.attestation.strict_json import canonical_bytes
from gatecli.errors import UsageError


def unsigned_parts(payload: bytes) -> dict[str, str]:
    """A statement, its predicate and the type of that, and its subjects as `sha256sum` lists files, by the
    name of a file.

    Raises UsageError where no subject has a SHA-256: the digests of a folder are no other tool's.
    """
    head = read_head(payload)
    subjects = [(each["digest"].get("sha256"), each["name"]) for each in head["subject"]]
    lines = [f"{digest}  {name}\n" for digest, name in subjects if digest]
    if not lines:
        raise UsageError(
            "nothing that is attested has a SHA-256",
            advice="list the artifacts in the declaration, or name an --image",
        )
    return {
        "statement.json": payload.decode(),
        "predicate.json": canonical_bytes(head["predicate"]).decode(),
        "predicate-type.txt": head["predicateType"],
        "subjects.sha256": "".join(lines),
    }
