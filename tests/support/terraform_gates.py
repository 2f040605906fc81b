"""The digests of the gate modules: of their files, and of what real plans say of them."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from gatecli.checks.terraform.gate_digests import ShippedGate
from gatecli.sources.plan.configuration import configuration_of
from gatecli.sources.plan.fingerprints import files_digest
from tests.support.terraform import MODULES, Terraform, modules_below, system_terraform
from tests.support.terraform_docs import GATES

TABLE = MODULES.parent / "gatecli" / "checks" / "terraform_gates.py"

ARGUMENTS = {
    "k_anonymity_gate": 'dataset = "d.csv"\nquasi_identifiers = ["a"]\nk = 2',
    "model_release_gate": 'declaration = "d"\nartifact = "m"\n'
    'release_name = "n"\nrelease_version = "1"\nmax_epsilon = 1',
    "pii_gate": 'manifests = ["d"]',
}
"""The least that each gate is called with."""


def text_of(gate: Path) -> str:
    """The digest of a gate's files."""
    files = [*gate.glob("*.tf"), *(gate / "evidence").glob("*.tf")]
    return files_digest({file.relative_to(gate).as_posix(): file.read_bytes() for file in files})


def configurations(command: tuple[str, ...], folder: Path) -> dict[str, str]:
    """What the plan of a Terraform says of each gate, as a digest."""
    modules_below(folder)
    root = folder / "root"
    root.mkdir()
    terraform = Terraform(command, root)
    calls = (
        f'module "{name}" {{\nsource = "../terraform_modules/{name}"\n{ARGUMENTS[name]}\n}}\n'
        for name in GATES
    )
    terraform.write("".join(calls))
    terraform("init").passed()
    terraform("plan", "-out=plan.bin")  # every gate is closed: the plan that is left holds the configuration
    plan = json.loads(terraform("show", "-json", "plan.bin").passed().stdout)
    found = configuration_of(plan["configuration"]).modules
    return {
        module.address.removeprefix("module."): module.configuration
        for module in found
        if module.configuration
    }


def shipped(configurations: dict[str, str]) -> tuple[ShippedGate, ...]:
    """The gates as they are in this checkout."""
    return tuple(ShippedGate(name, configurations[name], text_of(MODULES / name)) for name in GATES)


def main() -> None:
    if shutil.which("terraform") is None:
        return  # a test says whether the table is current
    with tempfile.TemporaryDirectory() as name:
        gates = shipped(configurations(system_terraform(), Path(name)))
    head, _, _ = TABLE.read_text("utf-8").partition("SHIPPED: ")
    rows = "".join(map(_row, gates))
    TABLE.write_text(f"{head}SHIPPED: tuple[ShippedGate, ...] = (\n{rows})\n", "utf-8")


def _row(gate: ShippedGate) -> str:
    digests = f'configuration="{gate.configuration}",\n        text="{gate.text}"'
    return f'    ShippedGate(\n        "{gate.name}",\n        {digests},\n    ),\n'
