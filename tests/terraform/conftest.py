from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gatecli.cli.app import main
from tests.support.evidence_files import digest, report, table, write
from tests.support.gated_plans import DATASET
from tests.support.terraform import COMMANDS, QUIET, Check, Terraform, modules_below

POLICY = """
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: test}
spec:
  extends: default
  anonymity: {minK: 5}
  terraform:
    publishers: {terraform_data: %s}
    onUnknown: %s
"""


@pytest.fixture(scope="session", params=tuple(COMMANDS), name="command")
def command_of(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return COMMANDS[request.param]()


@pytest.fixture(scope="session", name="form")
def form_of_the_repository() -> str:
    """What a test that is not about the form of the modules (`FORMS`) takes."""
    return "shared"


@pytest.fixture(scope="session", name="copies")
def copies_of_the_modules() -> dict[str, Path]:
    return {}


@pytest.fixture(name="modules")
def modules_once(form: str, copies: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One copy for each form: pytest alone would keep the first for a test that asks for the other."""
    if form not in copies:
        copies[form] = modules_below(tmp_path_factory.mktemp("modules"), form)
    return copies[form]


@pytest.fixture(name="terraform")
def terraform_in_a_folder(command: tuple[str, ...], modules: Path, tmp_path: Path) -> Terraform:
    """A Terraform in an empty folder `root`, with the modules beside it."""
    (tmp_path / "terraform_modules").symlink_to(modules)
    root = tmp_path / "root"
    root.mkdir()
    return Terraform(command, root)


@pytest.fixture(scope="session", name="cache")
def initialised_folders() -> dict[tuple[tuple[str, ...], str, str], Path]:
    return {}


@pytest.fixture(name="initialise")
def initialise_once(
    terraform: Terraform, form: str, cache: dict[tuple[tuple[str, ...], str, str], Path]
) -> Callable[[str], Terraform]:
    """Write a root module and initialise it; the same one in another test takes over what init wrote."""

    def initialise(text: str) -> Terraform:
        terraform.write(text)
        key = (terraform.command, form, text)
        if key in cache:
            shutil.copytree(cache[key], terraform.folder / ".terraform")
            return terraform
        terraform("init").passed()
        cache[key] = terraform.folder / ".terraform"
        return terraform

    return initialise


@pytest.fixture(name="own")
def a_terraform_with_modules_of_its_own(command: tuple[str, ...], modules: Path, tmp_path: Path) -> Terraform:
    """In a folder `root`, with a copy of the modules beside it that a test may change."""
    shutil.copytree(modules, tmp_path / "terraform_modules")
    root = tmp_path / "root"
    root.mkdir()
    terraform = Terraform(command, root)
    terraform.write(DATASET % 5)
    terraform.write("age,zip\n" + "30,10115\n" * 6, name="data.csv")
    write(root / "data.csv.gate.json", report("anonymity", [table(digest(root / "data.csv"))]))
    return terraform


@pytest.fixture
def program(own: Terraform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that is the Terraform of `own`, in an environment in which it only says what it must."""
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "terraform"
    path.write_text(f'#!/bin/sh\nexec {shlex.join(own.command)} "$@"\n')
    path.chmod(0o755)
    return path


@pytest.fixture(name="check")
def check_of_the_root(
    own: Terraform, program: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Check:
    """Initialise and check a target: the exit code, and the sentences."""

    def checked(
        target: str = ".", meaning: str = "fail", *options: str, kind: str = "dataset"
    ) -> tuple[int, str]:
        policy = tmp_path / "policy.yaml"
        policy.write_text(POLICY % (kind, meaning), "utf-8")
        given = ("--policy", str(policy), "--terraform-binary", str(program), "--format", "json", *options)
        code = main(["terraform", "check", os.path.normpath(own.folder / target), *given])
        findings = json.loads(capsys.readouterr().out)["findings"]
        return code, "\n".join(finding["message"] for finding in findings)

    return checked
