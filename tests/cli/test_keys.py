"""`gatecli keys` as a program: what is shown, what is written, how it ends."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
from pathlib import Path
from subprocess import PIPE, CompletedProcess, Popen

import pytest
import yaml

from tests.cli.conftest import Run
from tests.support.environments import ROOT
from tests.support.key_policies import NORTH, WEAK, data_of_key_policy, recipient

POLICY = "key-policy.yaml"


@pytest.fixture
def folder(tmp_path: Path, run: Run) -> Path:
    """Two centres with keys of their own, their KeyPolicy, and a model."""
    keys = {centre: run("keys", "new", f"{centre}.key").stdout.strip() for centre in ("north", "south")}
    write_policy(tmp_path, keys)
    (tmp_path / "model").write_bytes(b"the weights of a model\n")
    return tmp_path


def write_policy(folder: Path, keys: dict[str, str], **changes: object) -> None:
    people = [
        recipient("north-statistics", "north", keys["north"], "statistician"),
        recipient("south-laboratory", "south", keys["south"]),
    ]
    (folder / POLICY).write_text(yaml.safe_dump(data_of_key_policy(**{"recipients": people, **changes})))


def keys_of(folder: Path) -> dict[str, str]:
    listed = yaml.safe_load((folder / POLICY).read_text())["spec"]["recipients"]
    return {each["centre"]: each["publicKey"] for each in listed}


SEAL = ("keys", "seal", "model", "--key-policy", POLICY, "-o", "model.age")
OPEN = ("keys", "open", "model.age", "--identity", "north.key", "-o", "opened")
ROTATE = ("keys", "rotate", "model.age", "--key-policy", POLICY, "--identity", "north.key", "-o", "next.age")


def has_one_sentence(ended: CompletedProcess[str], code: int) -> bool:
    lines = ended.stderr.splitlines()
    told = lines[0].startswith("gatecli: ") and lines[1].startswith("  fix: ")
    return ended.returncode == code and told and ended.stdout == ""


def test_the_whole_way_from_keys_to_a_centre_that_is_shut_out(folder: Path, run: Run) -> None:
    sealed = run(*SEAL)
    assert (sealed.returncode, sealed.stdout) == (0, "")
    assert sealed.stderr == (
        "sealed model as model.age: KeyPolicy readmission, epoch 2, for north-statistics, south-laboratory\n"
    )
    assert run(*OPEN).returncode == 0
    assert (folder / "opened").read_bytes() == (folder / "model").read_bytes()
    out = [{"recipient": "south-laboratory", "epoch": 3, "reason": "the contract ended"}]
    write_policy(folder, keys_of(folder), epoch=3, revoked=out)
    assert run("keys", "check").returncode == 1
    assert run(*ROTATE).returncode == 0
    shut = run("keys", "open", "next.age", "-i", "south.key", "-o", "opened-by-south")
    assert has_one_sentence(shut, 2)
    assert not (folder / "opened-by-south").exists()
    assert run("keys", "open", "next.age", "-i", "north.key", "-o", "again").returncode == 0


def test_a_new_key_shows_its_public_half_alone(tmp_path: Path, run: Run) -> None:
    made = run("keys", "new", "a.key")
    secret = (tmp_path / "a.key").read_text().splitlines()[-1]
    assert made.returncode == 0
    assert made.stdout.startswith("age1")
    assert secret.startswith("AGE-SECRET-KEY-")
    assert secret not in made.stdout + made.stderr
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600
    assert has_one_sentence(run("keys", "new", "a.key"), 2)


def test_nothing_is_sealed_where_the_gate_is_closed(folder: Path, run: Run) -> None:
    write_policy(folder, {"north": WEAK, "south": NORTH})
    before = sorted(folder.iterdir())
    closed = run(*SEAL)
    assert closed.returncode == 1
    assert "keys-weak-key" in closed.stdout
    assert sorted(folder.iterdir()) == before


def test_a_policy_that_softens_a_rule_seals_no_weak_key(folder: Path, run: Run) -> None:
    write_policy(folder, {"north": WEAK, "south": NORTH})
    (folder / "gatecli.yaml").write_text(
        "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: a}\n"
        "spec: {extends: default, severities: {keys-weak-key: note}}\n"
    )
    assert has_one_sentence(run(*SEAL), 2)
    assert not (folder / "model.age").exists()


def test_exit_zero_seals_nothing(folder: Path, run: Run) -> None:
    assert has_one_sentence(run(*SEAL, "--exit-zero"), 2)
    assert not (folder / "model.age").exists()


def test_show_lists_who_opens_and_the_digest(folder: Path, run: Run) -> None:
    shown = json.loads(run("keys", "show", POLICY, "--format", "json").stdout)
    assert shown["schema"] == "gatecli/key-policy/v1"
    assert [(each["name"], each["opens"]) for each in shown["recipients"]] == [
        ("north-statistics", True),
        ("south-laboratory", True),
    ]
    report = json.loads(run("keys", "check", POLICY, "--format", "json").stdout)
    assert report["checked"][0]["measures"]["keyPolicy"] == shown["sha256"]
    assert run("keys", "show", POLICY).stdout.splitlines()[0].endswith(shown["sha256"])


def test_show_says_the_first_epoch_of_several_revocations(folder: Path, run: Run) -> None:
    gone = {"recipient": "south-laboratory", "reason": "the contract ended"}
    write_policy(folder, keys_of(folder), revoked=[{**gone, "epoch": 2}, {**gone, "epoch": 7}])
    shown = json.loads(run("keys", "show", POLICY, "--format", "json").stdout)
    assert [each["revokedFrom"] for each in shown["recipients"]] == [None, 2]


def test_no_name_moves_the_cursor_of_a_terminal(folder: Path, run: Run) -> None:
    absent = run("keys", "show", "a\x1b[31mb\r")
    assert has_one_sentence(absent, 2)
    assert absent.stderr.startswith(r"gatecli: a\x1b[31mb\r: there is no such file")


def test_the_check_needs_no_key_and_finds_a_changed_file(folder: Path, run: Run) -> None:
    assert run(*SEAL).returncode == 0
    assert run("keys", "check").returncode == 0
    (folder / "model.age").write_bytes((folder / "model.age").read_bytes() + b"x")
    closed = run("keys", "check", "--format", "json")
    assert closed.returncode == 1
    assert [each["rule"] for each in json.loads(closed.stdout)["findings"]] == ["keys-sealed-changed"]
    assert has_one_sentence(run(*OPEN), 4)
    assert not (folder / "opened").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("keys", "seal", "absent", "--key-policy", POLICY, "-o", "x.age"), 2),
        (("keys", "seal", "model", "--key-policy", "absent.yaml", "-o", "x.age"), 2),
        (("keys", "seal", "model", "--key-policy", "model", "-o", "x.age"), 4),
        (("keys", "seal", "model", "--key-policy", POLICY, "-o", "model"), 2),
        (("keys", "seal", "model", "--key-policy", POLICY, "-o", "absent/x.age"), 2),
        (("keys", "open", "model", "-i", "north.key", "-o", "x"), 2),
        (("keys", "open", "absent.age", "-i", "north.key", "-o", "x"), 2),
        (("keys", "open", "model.age", "-i", "absent.key", "-o", "x"), 2),
        (("keys", "open", "model.age", "-i", POLICY, "-o", "x"), 2),
        (("keys", "open", "model.age", "-i", "north.key", "-o", "x", "--key-policy", "other.yaml"), 4),
        (("keys", "rotate", "model.age", "--key-policy", POLICY, "-i", "north.key", "-o", "x.age"), 2),
        (("keys", "open", ".", "-i", "north.key", "-o", "x"), 2),
        (("keys", "open", "/", "-i", "north.key", "-o", "x"), 2),
        (("keys", "open", "model.age", "-i", "north.key", "-o", "."), 2),
        (("keys", "open", "model.age", "-i", "north.key", "-o", "/"), 2),
        (("keys", "open", "model.age", "-i", ".", "-o", "x"), 4),
        (("keys", "open", "model.age", "-i", "north.key", "-o", "x" * 256), 2),
        (("keys", "seal", ".", "--key-policy", POLICY, "-o", "x.age"), 4),
        (("keys", "seal", "model", "--key-policy", ".", "-o", "x.age"), 4),
        (("keys", "seal", "model", "--key-policy", POLICY, "-o", ".."), 2),
        (("keys", "seal", "model", "--key-policy", POLICY, "-o", "x" * 250), 2),
        (("keys", "seal", "x" * 300, "--key-policy", POLICY, "-o", "x.age"), 4),
        (("keys", "seal", "model", "--key-policy", "x" * 300, "-o", "x.age"), 2),
        (("keys", "new", "absent/a.key"), 2),
        (("keys", "new", "."), 2),
        (("keys", "show", "x" * 300), 2),
        (("keys", "check", "x" * 300), 2),
        (("keys", "open", "loop", "-i", "north.key", "-o", "x"), 2),
        (("keys", "open", "model.age", "-i", "loop", "-o", "x"), 4),
        (("keys", "show", "model"), 4),
        (("keys", "check", "absent"), 2),
        (("keys", "open", "model.age", "-i", "north.key", "-o", "north.key"), 2),
        (("keys", "open", "model.age", "-i", "north.key", "--key-policy", POLICY, "-o", POLICY), 2),
        (("keys", "seal", "model", "--key-policy", POLICY, "-o", POLICY), 2),
        ((*ROTATE[:-1], "north.key"), 2),
        ((*ROTATE[:-1], POLICY), 2),
        ((*OPEN[:-1], "loop"), 2),
        ((*SEAL[:-1], "loop"), 2),
        (("keys", "check", POLICY, "--report", "json=loop"), 2),
    ],
)
def test_bad_input_gets_one_sentence_and_leaves_nothing(
    folder: Path, run: Run, arguments: tuple[str, ...], code: int
) -> None:
    assert run(*SEAL).returncode == 0
    (folder / "other.yaml").write_text(yaml.safe_dump(data_of_key_policy()))
    (folder / "loop").symlink_to("loop")
    before = sorted(folder.iterdir())
    assert has_one_sentence(run(*arguments), code)
    assert sorted(folder.iterdir()) == before


def test_a_file_that_was_not_sealed_is_told_as_that_and_one_that_is_not_there_too(
    folder: Path, run: Run
) -> None:
    plain = run("keys", "open", "model", "-i", "north.key", "-o", "x")
    assert "model has no manifest beside it (model.manifest.json)" in plain.stderr
    absent = run("keys", "open", "modl.age", "-i", "north.key", "-o", "x")
    assert "modl.age: it does not exist" in absent.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_whatever_ends_it_leaves_nothing_decrypted(folder: Path, run: Run, number: signal.Signals) -> None:
    """A terminal that closes, too. The copy is in plain, and not yet known to be authentic."""
    (folder / "model").write_bytes(bytes(2**26))
    assert run(*SEAL).returncode == 0
    before = sorted(folder.iterdir())
    command, bare = [sys.executable, "-m", "gatecli", *OPEN], {"PYTHONPATH": str(ROOT)}
    with Popen(command, cwd=folder, env=bare, stderr=PIPE, text=True) as process:
        while process.poll() is None and not any(folder.glob(".opened.*")):
            continue
        process.send_signal(number)
        said = process.communicate(timeout=60)[1]
    assert (process.returncode, said) == (130, "gatecli: interrupted; nothing was judged\n")
    assert sorted(folder.iterdir()) == before


def test_a_key_that_others_may_read_is_refused(folder: Path, run: Run) -> None:
    assert run(*SEAL).returncode == 0
    os.chmod(folder / "north.key", 0o644)  # noqa: PTH101 - as a user does it
    refused = run(*OPEN)
    assert has_one_sentence(refused, 2)
    assert "chmod 600 north.key" in refused.stderr


def test_without_the_extra_the_check_runs_and_sealing_says_what_is_missing(folder: Path, run: Run) -> None:
    blocker = folder / "sitecustomize.py"
    blocker.write_text("import sys\nsys.modules['pyrage'] = None\n")
    refused = run(*SEAL, PYTHONPATH=str(folder))
    assert has_one_sentence(refused, 2)
    assert "pip install 'gatecli[keys]'" in refused.stderr
    assert run("keys", "check", PYTHONPATH=str(folder)).returncode == 0
