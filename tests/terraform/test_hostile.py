"""Evidence that someone has changed: every member that binds, every kind of value, every truncation."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.support.evidence_files import digest, report, table
from tests.support.terraform import Terraform

MANY = """
locals {
  names = fileset("evidence", "*.json")
}
module "anonymity" {
  for_each          = local.names
  source            = "../terraform_modules/k_anonymity_gate"
  dataset           = "data.csv"
  quasi_identifiers = ["age", "zip"]
  k                 = 5
  evidence          = "evidence/${each.key}"
}
output "released" { value = [for gate in module.anonymity : gate.released_path] }
"""

BINDING = (
    ("schema",),
    ("gate",),
    ("time",),
    ("verdict",),
    ("exit_code",),
    ("checked",),
    ("checked", 0),
    ("checked", 0, "inputs"),
    ("checked", 0, "inputs", "sha256"),
    ("checked", 0, "inputs", "quasiIdentifiers"),
    ("checked", 0, "inputs", "missing"),
    ("checked", 0, "inputs", "normalise"),
    ("checked", 0, "inputs", "thresholds"),
    ("checked", 0, "inputs", "thresholds", "k"),
    ("checked", 0, "measures"),
    ("checked", 0, "measures", "k"),
)
JUNK: tuple[Any, ...] = (
    None,
    True,
    1,
    4.999999,
    -5,
    "",
    "pass",
    "5e",
    "1/0",
    "\u0000",
    [],
    [None],
    [{}],
    {},
    {"k": None},
)
HARMLESS = {(("checked", 0, "inputs", "normalise"), "null"), (("verdict",), '"pass"')}
"""What means the same: a report of an older gatecli knows no `normalise`."""


def changed(good: dict[str, Any], path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    made = copy.deepcopy(good)
    place: Any = made
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return made


def texts(good: dict[str, Any]) -> Iterator[str]:
    for path in BINDING:
        for value in JUNK:
            if (path, json.dumps(value)) not in HARMLESS:
                yield json.dumps(changed(good, path, value))
    whole = json.dumps(good)
    yield from (whole[:length] for length in range(0, len(whole) - 1, 29))
    yield from ("\ufeff" + whole, whole + whole, f"[{whole}]", whole.replace('"k": 6', '"k": NaN'))


def fill(folder: Path) -> int:
    """Write the hostile reports; how many there are."""
    (folder / "evidence").mkdir()
    good = report("anonymity", [table(digest(folder / "data.csv"))])
    hostile = list(texts(good))
    for number, text in enumerate(hostile):
        (folder / "evidence" / f"{number:03}.json").write_text(text, "utf-8")
    return len(hostile)


def test_no_changed_evidence_opens_the_gate_or_stops_a_destroy(
    initialise: Callable[[str], Terraform],
) -> None:
    terraform = initialise(MANY)
    terraform.write("age,zip\n" + "30,10115\n" * 6, name="data.csv")
    count = fill(terraform.folder)
    assert count > 200
    errors = terraform("plan", "-json").errors
    assert [error for error in errors if "; run: gatecli anonymity check data.csv " not in error] == []
    refused = {error.rpartition("json=evidence/")[2].removesuffix(".json") for error in errors}
    assert {f"{number:03}" for number in range(count)} - refused == set()
    terraform("plan", "-destroy").passed()
