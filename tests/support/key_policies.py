"""KeyPolicies that break no rule, to be changed; the private halves of these keys were never kept."""

from __future__ import annotations

from typing import Any

from gatecli.model.document import Document
from gatecli.model.key_policy import KeyPolicy
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
