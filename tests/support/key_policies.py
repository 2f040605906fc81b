"""KeyPolicies that break no rule, to be changed; the private halves of these keys were never kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatecli.model.document import Document
from gatecli.model.key_policy import Formula, KeyPolicy
from gatecli.sealing.age_format import Identity
from gatecli.sealing.identities import read_identities, write_identity
from gatecli.sealing.sealed_files import seal
from gatecli.sources.key_policy import PlacedKeyPolicy

NORTH = "age1z5fc4dk9mkt2eq9xn7t9mq49uvjhvkxzgrcpjw0u9922sv6dm3ks53pdv5"
SOUTH = "age1qfp5ytx5suakd3cctgy0yuettytazsvuxs3hn9822k7rzdfqnquqpxqna6"
BEFORE = "age1rvcyqga8egg2aq6rhz462qmvqtjrhed3mf38s4vxnqmlefqasuqq7lcv95"
OTHER = "age17lnnm7f8elatcxjtgjuq2xx5h344wwhvslvmu30lhflljethaf0qlgkwz7"
WEAK = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z"


def recipient(name: str, centre: str, key: str, *roles: str, **more: Any) -> dict[str, Any]:
    """A recipient with the one purpose."""
    held = {"roles": list(roles)} if roles else {}
    return {"name": name, "centre": centre, "purposes": ["validation"], "publicKey": key, **held, **more}


def data_of_key_policy(**changes: Any) -> dict[str, Any]:
    """A document whose spec has these keys; what is None is left out."""
    spec: dict[str, Any] = {
        "epoch": 2,
        "purposes": {"validation": "compare the model with the centre's own patients"},
        "access": {
            "all": [
                {"purpose": "validation"},
                {"any": [{"centre": "north", "role": "statistician"}, {"centre": "south"}]},
            ]
        },
        "recipients": [
            recipient("north-statistics", "north", NORTH, "statistician"),
            recipient("south-laboratory", "south", SOUTH),
        ],
        "revoked": [],
        "disclosure": {"statement": "weights trained with DP-SGD"},
    }
    kept = {key: value for key, value in {**spec, **changes}.items() if value is not None}
    return {
        "apiVersion": "gatecli.dev/v1",
        "kind": "KeyPolicy",
        "metadata": {"name": "readmission"},
        "spec": kept,
    }


def key_policy(**changes: Any) -> KeyPolicy:
    """A KeyPolicy whose spec has these keys."""
    return KeyPolicy.from_file(data_of_key_policy(**changes))


def placed_key_policy(**changes: Any) -> PlacedKeyPolicy:
    """The same, where a file has it."""
    data = data_of_key_policy(**changes)
    return KeyPolicy.from_file(data), Document("key-policy.yaml", data)


def formula(data: Any) -> Formula:
    """A formula as a document has it."""
    return Formula.from_file(data)


@dataclass(frozen=True, slots=True)
class SealedModel:
    """A model that is sealed for two centres, and their private keys."""

    folder: Path
    policy: KeyPolicy
    content: bytes

    @property
    def sealed(self) -> Path:
        return self.folder / "model.age"

    @property
    def manifest(self) -> Path:
        return self.folder / "model.age.manifest.json"

    def identities(self, centre: str) -> tuple[Identity, ...]:
        return read_identities(self.folder / f"{centre}.key")


def two_centres(folder: Path, **changes: Any) -> KeyPolicy:
    """A policy for two centres, whose private keys are written where none are yet."""
    public = {}
    for centre in ("north", "south"):
        file = folder / f"{centre}.key"
        public[centre] = read_identities(file)[0].public_key if file.exists() else write_identity(file)
    people = [
        recipient("north-statistics", "north", public["north"], "statistician"),
        recipient("south-laboratory", "south", public["south"]),
    ]
    return key_policy(**{"recipients": people, **changes})


def sealed_model(folder: Path, content: bytes = b"the weights of a model\n", **changes: Any) -> SealedModel:
    """A model that is sealed for two centres in epoch 2."""
    policy = two_centres(folder, **changes)
    (folder / "model").write_bytes(content)
    seal(folder / "model", policy, folder / "model.age")
    return SealedModel(folder, policy, content)


def without_south(folder: Path) -> KeyPolicy:
    """The next epoch, in which the southern centre is revoked."""
    out = {"recipient": "south-laboratory", "epoch": 3, "reason": "the contract ended"}
    return two_centres(folder, epoch=3, revoked=[out])
