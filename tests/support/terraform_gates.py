"""The digests of the gate modules: of their files, and of what real plans say of them."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from gatecli.checks.terraform.gate_digests import ShippedGate
from gatecli.sources.plan.configuration import configuration_of
from gatecli.sources.plan.fingerprints import files_digest
from tests.support.terraform import FORMS, MODULES, Terraform, modules_below, system_terraform
from tools.flatten_modules import neighbours

TABLE = MODULES.parent / "gatecli" / "checks" / "terraform" / "gate_digests.py"

ARGUMENTS = {
    "k_anonymity_gate": 'dataset = "d.csv"\nquasi_identifiers = ["a"]\nk = 2',
    "model_release_gate": 'declaration = "d"\nartifact = "m"\n'
    'release_name = "n"\nrelease_version = "1"\nmax_epsilon = 1',
    "pii_gate": 'manifests = ["d"]',
}
"""The least that each gate is called with."""


GATES = tuple(ARGUMENTS)


def text_of(gate: Path) -> str:
    """The digest of a gate's files and those of the modules that it calls, as a plan holds them."""
    inside = [*gate.glob("*.tf"), *gate.glob("*/*.tf")]
    beside = [file for name in neighbours(gate) for file in (gate.parent / name).glob("*.tf")]
    files = {file.relative_to(gate).as_posix(): file.read_bytes() for file in inside}
    return files_digest(files | {f"{file.parent.name}/{file.name}": file.read_bytes() for file in beside})


def shipped(command: tuple[str, ...], folder: Path) -> tuple[ShippedGate, ...]:
    """The gates of this checkout in each form, as the plans of a Terraform have them."""
    found: list[ShippedGate] = []
    for form in FORMS:
        below = folder / form
        below.mkdir()
        modules = modules_below(below, form)
        said = _configurations(Terraform(command, below / "root"))
        found += [_gate(modules / name, said[name]) for name in GATES]
    return tuple(sorted(found, key=lambda gate: gate.name))


def _gate(folder: Path, configuration: str) -> ShippedGate:
    beside = tuple(f"../{name}" for name in neighbours(folder))
    return ShippedGate(folder.name, configuration, text_of(folder), beside)


def _configurations(terraform: Terraform) -> dict[str, str]:
    """What a plan says of each gate, as a digest."""
    terraform.folder.mkdir()
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


def main() -> None:
    if shutil.which("terraform") is None:
        return  # a test says whether the table is current
    with tempfile.TemporaryDirectory() as name:
        gates = shipped(system_terraform(), Path(name))
    head, _, _ = TABLE.read_text("utf-8").partition("SHIPPED: ")
    rows = "".join(map(_row, gates))
    TABLE.write_text(f"{head}SHIPPED: tuple[ShippedGate, ...] = (\n{rows})\n", "utf-8")


def _row(gate: ShippedGate) -> str:
    parts = [f'"{gate.name}"', f'configuration="{gate.configuration}"', f'text="{gate.text}"']
    if gate.beside:
        parts.append("beside=(" + "".join(f'"{name}",' for name in gate.beside) + ")")
    return "    ShippedGate(\n" + "".join(f"        {part},\n" for part in parts) + "    ),\n"
