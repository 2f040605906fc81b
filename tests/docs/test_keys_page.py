"""The page about keys for many centres, and its example: every command does what is said there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from gatecli.attestation.keys import read_signing_key
from gatecli.cli.app import main
from gatecli.model.key_policy import DEEPEST_FORMULA, MOST_TERMS, KeyPolicySpec, key_policy_digest
from gatecli.sources.key_policy import KEY_POLICIES
from tests.support.attestations import ed25519_pem

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "keys-for-centres"
PAGE = (ROOT / "docs" / "keys.md").read_text("utf-8")
FENCED: list[tuple[str, str]] = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
DOCUMENTS = [yaml.safe_load(text) for language, text in FENCED if language == "yaml"]
KEY_POLICY, NEXT_EPOCH, POLICY = DOCUMENTS
COMMANDS = [
    line
    for language, text in FENCED
    if not language
    for line in text.splitlines()
    if line.startswith("gatecli ")
]
CENTRES = ("north", "south", "west")


def commands(*beginnings: str) -> list[str]:
    return [line for line in COMMANDS if line.startswith(beginnings)]


def run(line: str, code: int = 0) -> None:
    assert main(shlex.split(line)[1:]) == code, line


@pytest.fixture(name="folder")
def folder_of_a_consortium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the page's KeyPolicy, keys of each centre, and a model."""
    monkeypatch.chdir(tmp_path)
    for centre in CENTRES:
        run(commands("gatecli keys new")[0].replace("north", centre))
    write_key_policy(KEY_POLICY)
    (tmp_path / "model.safetensors").write_bytes(b"the weights of a model\n")
    return tmp_path


def write_key_policy(document: dict[str, Any]) -> None:
    text = yaml.safe_dump(document, allow_unicode=True)
    for centre in CENTRES:
        public = Path(f"{centre}.key").read_text().splitlines()[0].removeprefix("# public key: ")
        text = text.replace(f"age1{centre}…", public)
    Path("key-policy.yaml").write_text(text)


def next_epoch() -> dict[str, Any]:
    return {**KEY_POLICY, "spec": {**KEY_POLICY["spec"], **NEXT_EPOCH}}


def test_the_page_s_commands_play_from_the_first_key_to_the_next_epoch(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = commands("gatecli keys check", "gatecli keys seal", "gatecli keys open")
    rotation = [line for line in first if "model-2" in line]
    for line in [each for each in first if each not in rotation]:
        run(line)
    assert (folder / "opened.safetensors").read_bytes() == b"the weights of a model\n"
    write_key_policy(next_epoch())
    run("gatecli keys check key-policy.yaml")
    for line in (*commands("gatecli keys rotate"), *rotation):
        run(line)
    assert (folder / "again.safetensors").read_bytes() == b"the weights of a model\n"
    capsys.readouterr()
    run("gatecli keys open model-2.safetensors.age --identity south.key -o shut-out", 2)
    assert capsys.readouterr().err.splitlines()[0] in PAGE


def test_the_page_s_policy_is_shown_as_it_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    for line in commands("gatecli keys show"):
        run(line)
    shown = next(text for _, text in FENCED if text.startswith("readmission ·"))

    def shape(text: str) -> str:
        return re.sub(r"\b[0-9a-f]{4}…|\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b", "#", text)

    assert shape(capsys.readouterr().out) == shape(shown)


def test_a_release_under_the_page_s_policy_is_judged_and_signed(folder: Path) -> None:
    for line in commands("gatecli keys seal"):
        run(line)
    (folder / "model.safetensors").unlink()
    write_release(folder)
    (folder / "gatecli.yaml").write_text(yaml.safe_dump(POLICY))
    run("gatecli release check", 1)
    (read,) = KEY_POLICIES.read(folder / "key-policy.yaml").values
    shown = POLICY["spec"]["release"]["keyPolicies"][0]
    accepted = yaml.safe_dump(POLICY).replace(shown, key_policy_digest(read[0]))
    (folder / "gatecli.yaml").write_text(accepted)
    private = ed25519_pem()
    (folder / "release.pem").write_bytes(private)
    (folder / "release.pem.pub").write_text(read_signing_key(private, None, "a key").public.pem)
    for line in commands("gatecli attest", "gatecli verify"):
        run(line)
    (folder / "model.safetensors.age.manifest.json").write_text("{}")
    for line in commands("gatecli verify")[1:]:
        run(line, 1)


def write_release(folder: Path) -> None:
    text = (EXAMPLE / "privacy.yaml.in").read_text()
    for mark, name in (
        ("SEALED", "model.safetensors.age"),
        ("MANIFEST", "model.safetensors.age.manifest.json"),
    ):
        text = text.replace(f"SHA_OF_{mark}", sha256((folder / name).read_bytes()).hexdigest())
    (folder / "privacy.yaml").write_text(text)


def test_the_page_names_every_key_of_a_policy_and_its_bounds() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert {field.alias for field in KeyPolicySpec.model_fields.values()} <= rows
    assert f"At most {MOST_TERMS} terms, {DEEPEST_FORMULA} levels" in PAGE


def test_the_example_plays_to_its_end(tmp_path: Path) -> None:
    programs = Path(sys.executable).parent
    environment = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
    }
    played = subprocess.run(
        [str(EXAMPLE / "run.sh"), str(tmp_path / "played")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert played.returncode == 0, played.stderr
    assert "keys-sealed-for-others" in played.stdout
    assert "release-key-policy-not-accepted" in played.stdout
    assert sorted(path.name for path in (tmp_path / "played" / "opened").iterdir()) == [
        "north",
        "south",
        "west",
    ]
    assert "is sealed for north-statistics, west-clinic, and no identity" in played.stderr
