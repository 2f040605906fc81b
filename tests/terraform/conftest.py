from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.terraform import COMMANDS, Terraform, modules_below


@pytest.fixture(scope="session", params=tuple(COMMANDS), name="command")
def command_of(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return COMMANDS[request.param]()


@pytest.fixture(scope="session", name="form")
def form_of_the_repository() -> str:
    """What a test that is not about the form of the modules (`FORMS`) takes."""
    return "shared"


@pytest.fixture(scope="session", name="modules")
def modules_once(form: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return modules_below(tmp_path_factory.mktemp("modules"), form)


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
