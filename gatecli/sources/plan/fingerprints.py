"""What a gate module is, as digests: of its configuration in a plan's JSON, and of its files.

Of Terraform 1.6 to 1.15 the JSON's configuration of one module is the same, byte for byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

GATE = "terraform_data.gate"
"""The resource whose conditions are the gate."""

_OF_A_RESOURCE = (
    "address",
    "mode",
    "type",
    "name",
    "expressions",
    "count_expression",
    "for_each_expression",
    "provisioners",
    "depends_on",
)
_OF_A_CALL = (
    "source",
    "version_constraint",
    "expressions",
    "count_expression",
    "for_each_expression",
    "depends_on",
)
_OF_AN_OUTPUT = ("expression", "depends_on", "sensitive")


def fingerprint(module: Mapping[str, Any]) -> str:
    """The SHA-256 of a module's configuration where it holds a gate's resource, else "".

    Descriptions and schema versions do not count. The JSON holds no conditions, no validations and no
    locals: two modules with one fingerprint may still judge differently.
    """
    resources = module.get("resources")
    if not isinstance(resources, list) or not any(_is_gate(resource) for resource in resources):
        return ""
    content = json.dumps(_essence(module), sort_keys=True, default=str)
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def files_digest(files: Mapping[str, bytes]) -> str:
    """The SHA-256 of a module's files, by their paths in it; how their lines end does not count."""
    digests = {
        name: hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest() for name, content in files.items()
    }
    listing = "".join(f"{name}\0{digests[name]}\n" for name in sorted(digests))
    return hashlib.sha256(listing.encode("utf-8", "surrogatepass")).hexdigest()


def _is_gate(resource: Any) -> bool:
    return isinstance(resource, Mapping) and resource.get("address") == GATE


def _essence(module: Any) -> Any:
    """What decides; a part of another type than it must be stays as it is, and so fits no shipped module."""
    if not isinstance(module, Mapping):
        return module
    resources, calls = module.get("resources"), module.get("module_calls")
    return {
        "resources": [_pick_keys(each, _OF_A_RESOURCE) for each in resources]
        if isinstance(resources, list)
        else resources,
        "outputs": _each(module.get("outputs"), _OF_AN_OUTPUT),
        "variables": _each(module.get("variables"), ("default",)),
        "calls": _each(calls, _OF_A_CALL),
        "modules": {
            name: _essence(call.get("module")) if isinstance(call, Mapping) else call
            for name, call in (calls if isinstance(calls, Mapping) else {}).items()
        },
    }


def _each(table: Any, keys: Sequence[str]) -> Any:
    if not isinstance(table, Mapping):
        return table
    return {name: _pick_keys(item, keys) for name, item in table.items()}


def _pick_keys(item: Any, keys: Sequence[str]) -> Any:
    return {key: item[key] for key in keys if key in item} if isinstance(item, Mapping) else item
