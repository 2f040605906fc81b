"""What the setup action installs is what the lock files pin."""

from __future__ import annotations

import re

from tests.support.actions import ROOT

_PIN = re.compile(r"^([\w.-]+==[\w.]+)", re.MULTILINE)


def test_the_build_s_requirements_are_cut_from_the_constraints() -> None:
    build = (ROOT / "github_actions/setup/build-requirements.txt").read_text("utf-8")
    constraints = (ROOT / "constraints.txt").read_text("utf-8")
    assert set(_PIN.findall(build)) <= set(_PIN.findall(constraints))
    assert set(re.findall(r"sha256:\w+", build)) <= set(re.findall(r"sha256:\w+", constraints))
    assert {pin.partition("==")[0] for pin in _PIN.findall(build)} >= {"hatchling", "tomlkit", "pluggy"}
