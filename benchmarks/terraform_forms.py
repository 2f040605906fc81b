"""`gatecli terraform check` beside checkov: which of the forms that open data each of them names.

One plan holds the failing example of every row that opens something (tests/data/terraform_forms). Both
programs read it in the same run (`python -m benchmarks.terraform_forms`). Target: whatever checkov says is
public data, gatecli says too. Checks of checkov about the network, keys and functions are left out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.terraform_plan import checkov
from tests.support.form_examples import FormExample, form_examples
from tests.support.plans import change, plan_with

PUBLIC = frozenset(
    {"CKV_AWS_20", "CKV_AWS_32", "CKV_AWS_57", "CKV_AWS_70", "CKV_AWS_167", "CKV_AWS_168", "CKV_AWS_169"}
    | {"CKV_AWS_302", "CKV_AWS_303", "CKV_AWS_387", "CKV_GCP_15", "CKV_GCP_28", "CKV_GCP_98", "CKV_GCP_99"}
    | {"CKV_GCP_100", "CKV_GCP_101", "CKV_AZURE_34", "CKV_AZURE_138", "CKV_ALI_1", "CKV_OCI_10", "CKV_YC_17"}
)
"""The checks of checkov that say that everyone may read stored data, messages or images."""


def open_examples() -> list[FormExample]:
    return [each for each in form_examples() if each.form.is_public]


def plan(examples: Iterable[FormExample]) -> dict[str, Any]:
    """One plan of all the failing examples."""
    made = [_change(number, each.type, each.fail) for number, each in enumerate(examples)]
    resources = [_value(item) for item in made]
    return plan_with(
        resource_changes=made,
        planned_values={"root_module": {"resources": resources}},
        configuration={"root_module": {"resources": [_configuration_of(item) for item in made]}},
    )


def _change(number: int, type_: str, values: Mapping[str, Any]) -> dict[str, Any]:
    made = change(f"{type_}.x{number}", dict(values))
    return made | {"provider_name": f"registry.terraform.io/hashicorp/{type_.partition('_')[0]}"}


def _value(item: Mapping[str, Any]) -> dict[str, Any]:
    head = {key: item[key] for key in ("address", "mode", "type", "name", "provider_name")}
    return head | {"schema_version": 0, "values": item["change"]["after"]}


def _configuration_of(item: Mapping[str, Any]) -> dict[str, Any]:
    head = {key: item[key] for key in ("address", "mode", "type", "name")}
    expressions = {
        key: {"constant_value": value}
        for key, value in item["change"]["after"].items()
        if not isinstance(value, list)
    }
    return head | {"expressions": expressions, "schema_version": 0}


def named_by_gatecli(file: Path) -> set[str]:
    command = [sys.executable, "-m", "gatecli", "terraform", "check", str(file), "--format", "json"]
    done = subprocess.run(command, capture_output=True, check=False)
    findings = json.loads(done.stdout)["findings"]
    return {each["subject"] for each in findings if each["rule"].startswith("tf-public-")}


def named_by_checkov(program: str, file: Path) -> dict[str, set[str]]:
    """The addresses, each with the checks of `PUBLIC` that failed."""
    options = ["--framework", "terraform_plan", "--compact", "--quiet", "--skip-download", "--output", "json"]
    done = subprocess.run([program, "--file", str(file), *options], capture_output=True, check=False)
    found: dict[str, set[str]] = {}
    for check, address in _failed_checks(json.loads(done.stdout)):
        if check in PUBLIC:
            found.setdefault(address, set()).add(check)
    return found


def _failed_checks(report: Any) -> Iterator[tuple[str, str]]:
    for part in report if isinstance(report, list) else [report]:
        for each in part.get("results", {}).get("failed_checks", []):
            yield each["check_id"], each["resource"]


def main() -> None:
    examples = open_examples()
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "plan.json"
        file.write_text(json.dumps(plan(examples)), "utf-8")
        ours = named_by_gatecli(file)
        program = checkov()
        theirs = named_by_checkov(program, file) if program else {}
    print(f"forms that open something: {len(examples)}")
    print(f"named by gatecli: {len(ours)}")
    print(f"named by checkov: {len(theirs)}")
    missed = {address: checks for address, checks in theirs.items() if address not in ours}
    print(f"named by checkov alone: {len(missed)}", *sorted(missed.items()), sep="\n  ")


if __name__ == "__main__":
    main()
