"""What the Dockerfile says, and what its image is made of; `tests/wheel` runs what it installs."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from admission.deploy.rendering import Installation, render_objects
from admission.settings import WebhookSettings

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = ROOT / "admission" / "Dockerfile"
IGNORED = ROOT / "admission" / "Dockerfile.dockerignore"
LOCK = ROOT / "admission" / "requirements.txt"
BUILDERS = (ROOT / "docs" / "admission-operations.md", ROOT / ".github" / "workflows" / "release.yml")


def instructions() -> list[tuple[str, str]]:
    """Each instruction with its words, continued lines joined."""
    lines = [line for line in DOCKERFILE.read_text("utf-8").splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    pairs = [line.split(maxsplit=1) for line in joined.splitlines() if line.strip()]
    return [(verb, " ".join(rest.split())) for verb, rest in pairs]


def stages() -> list[list[tuple[str, str]]]:
    made: list[list[tuple[str, str]]] = [[]]
    for each in instructions():
        if each[0] == "FROM":
            made.append([])
        made[-1].append(each)
    return made


def only(verb: str) -> str:
    """The words of the one instruction of this verb in the last stage."""
    (words,) = (words for each, words in stages()[-1] if each == verb)
    return words


def pinned(file: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", file.read_text("utf-8"), re.MULTILINE))


def test_the_base_has_no_default_and_is_refused_without_a_digest() -> None:
    before, build, last = stages()
    assert before == [("ARG", "PYTHON")]
    assert build[0] == ("FROM", "${PYTHON} AS build")
    assert last[0] == ("FROM", "${PYTHON}")
    assert build[2][0] == "RUN"
    assert re.search(r'case "\$\{PYTHON\}" in \*@sha256:\*\) ;; \*\) .* exit 1 ;; esac', build[2][1])


def test_nothing_is_installed_that_is_not_pinned_by_its_hash() -> None:
    installs = [
        step
        for verb, words in instructions()
        if verb == "RUN"
        for step in words.split("&&")
        if " install " in step
    ]
    assert len(installs) == 2
    packages, wheel = installs
    assert "--no-deps --require-hashes --requirement /source/requirements.txt" in packages
    assert "--only-binary :all:" in packages
    assert "--no-index --no-deps /source/*.whl" in wheel
    assert not [verb for verb, _ in instructions() if verb == "ADD"]


def test_only_the_lock_and_the_wheel_reach_the_build() -> None:
    sources = {words.split()[0] for verb, words in instructions() if verb == "COPY" and "--from" not in words}
    first, *kept = IGNORED.read_text("utf-8").split()
    assert first == "*"
    assert {each.removeprefix("!") for each in kept} == sources


def test_the_last_stage_has_no_pip_and_no_root() -> None:
    assert any(verb == "RUN" and "pip uninstall --yes" in words for verb, words in stages()[-1])
    user, group = only("USER").split(":")
    assert int(user) > 0
    assert int(group) > 0


def test_the_image_runs_as_the_deployment_runs_it() -> None:
    (pod,) = [
        each["spec"]["template"]["spec"]
        for each in render_objects(Installation())
        if each["kind"] == "Deployment"
    ]
    context, (container,) = pod["securityContext"], pod["containers"]
    assert only("USER") == f"{context['runAsUser']}:{context['runAsGroup']}"
    assert [*json.loads(only("ENTRYPOINT")), *container["args"]] == ["gatecli-admission", "run"]
    assert json.loads(only("CMD")) == container["args"]
    ports = {each["containerPort"] for each in container["ports"]}
    assert (
        {int(port) for port in only("EXPOSE").split()}
        == ports
        == {WebhookSettings().port, WebhookSettings().metrics_port}
    )
    assert only("HEALTHCHECK") == "NONE"  # Kubernetes has probes of its own


def test_the_image_says_what_it_is() -> None:
    for name in ("title", "licenses", "version", "revision", "base.name"):
        assert f"org.opencontainers.image.{name}=" in only("LABEL")


def test_the_lock_pins_the_same_versions_as_everything_else() -> None:
    lock, everything = pinned(LOCK), pinned(ROOT / "constraints.txt")
    assert {name: everything.get(name) for name in lock} == lock, "run make constraints"


def test_the_lock_holds_what_the_webhook_asks_for_as_the_project_asks_for_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    webhook = project["dependency-groups"]["webhook"]
    extras = project["project"]["optional-dependencies"]
    declared = [*project["project"]["dependencies"], *extras["admission"], *extras["patterns"]]
    assert set(webhook) <= set(declared)
    assert set(extras["admission"]) <= set(webhook)
    names = {re.split(r"[><=\[]", each)[0].lower() for each in webhook}
    assert names <= set(pinned(LOCK))


def test_the_image_holds_no_engine_of_tables_plans_and_budgets() -> None:
    assert not {"duckdb", "ibis-framework", "pyarrow", "scipy", "dp-accounting", "tfparse"} & set(
        pinned(LOCK)
    )


@pytest.mark.parametrize("file", BUILDERS, ids=lambda file: file.name)
def test_whoever_builds_the_image_gives_a_digest_and_asks_for_a_bill_of_materials(file: Path) -> None:
    text = file.read_text("utf-8")
    assert "admission/Dockerfile" in text
    # A variable may hold it: the Dockerfile itself refuses one without a digest.
    assert re.search(r"PYTHON=(\S*@|\$)", text), "pass --build-arg PYTHON=NAME:TAG@DIGEST"
    assert "sbom" in text
