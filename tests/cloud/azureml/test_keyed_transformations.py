"""The key of the pseudonyms: fetched by a process that ends, and nowhere else, ever."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatecli.anonymity.pseudonyms import context_key, pseudonym
from gatecli.data.isolation.pseudonyms import PseudonymProcess
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.secret_reference import SecretReference
from tests.support.key_vault import CLEARED, OLDER, VAULT, VERSION, LocalVault, local_vault
from tests.support.transformations import COLUMNS, PEOPLE, write_columns, write_table

KEY = "5f" * 31 + "a7"
NEWEST = SecretReference(VAULT, "pseudonyms")
ADDRESS = f"{VAULT}/secrets/pseudonyms"
KEYED = {**COLUMNS, "pid": {"class": "direct-identifier", "treatment": "pseudonymise"}}
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(name="vault", scope="module")
def one_vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalVault]:
    with local_vault(tmp_path_factory.mktemp("vault")) as vault:
        vault.secrets = {"pseudonyms": {OLDER: "old-" + KEY, VERSION: KEY}, "short": {VERSION: "abc"}}
        yield vault


@pytest.fixture(autouse=True)
def ask_it(vault: LocalVault, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CLEARED:
        monkeypatch.delenv(name, raising=False)
    for name, value in vault.environment.items():
        monkeypatch.setenv(name, value)


def test_pseudonyms_are_those_of_the_key(vault: LocalVault) -> None:
    with PseudonymProcess(NEWEST) as process:
        assert process.pseudonyms(["a", "7", ""]) == [
            pseudonym("a", KEY.encode()),
            pseudonym("7", KEY.encode()),
            "",
        ]
        assert process.version == VERSION
    with PseudonymProcess(NEWEST, "trial") as process:
        assert process.pseudonyms(["a"]) == [pseudonym("a", context_key(KEY.encode(), "trial"))]


def test_more_values_than_one_message_holds_are_answered_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatecli.data.isolation.pseudonyms.AT_ONCE", 3)
    values = [str(number) for number in range(10)]
    with PseudonymProcess(NEWEST) as process:
        assert process.pseudonyms(values) == [pseudonym(value, KEY.encode()) for value in values]


def test_a_key_that_is_too_short_is_refused() -> None:
    with pytest.raises(UncheckableError, match="is shorter than 32 bytes"):
        PseudonymProcess(SecretReference(VAULT, "short"))


def test_a_secret_that_is_not_there_is_refused_in_words() -> None:
    with pytest.raises(UsageError, match="Key Vault has no secret"):
        PseudonymProcess(SecretReference(VAULT, "gone"))


def test_an_ended_process_is_an_error_and_not_a_wrong_pseudonym() -> None:
    process = PseudonymProcess(NEWEST)
    process.close()
    with pytest.raises(UncheckableError, match="the process that holds the key has ended"):
        process.pseudonyms(["a"])


_WAITING = f"""
import os, sys
from gatecli.model.secret_reference import SecretReference
from gatecli.data.isolation.pseudonyms import PseudonymProcess
process = PseudonymProcess(SecretReference({VAULT!r}, "pseudonyms"))
made = process.pseudonyms(["somebody"])
worker = process._closing.peek()[2][-1].pid
print(worker, made[0], flush=True)
sys.stdin.readline()
process.close()
print("closed", flush=True)
sys.stdin.readline()
"""


def memory_holds(pid: int, text: bytes) -> bool:
    """Whether the memory of a process holds a text."""
    with (
        Path(f"/proc/{pid}/maps").open(encoding="utf-8") as maps,
        Path(f"/proc/{pid}/mem").open("rb") as memory,
    ):
        for line in maps:
            span, rights, *_ = line.split()
            if "r" not in rights or line.rstrip().endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                continue
            start, end = (int(each, 16) for each in span.split("-"))
            memory.seek(start)
            try:
                if text in memory.read(end - start):
                    return True
            except OSError:
                continue
    return False


@LINUX
def test_the_process_that_asks_never_holds_the_key_and_the_other_one_ends() -> None:
    command = [sys.executable, "-c", _WAITING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as asking:
        assert asking.stdin is not None
        assert asking.stdout is not None
        worker, made = asking.stdout.readline().split()
        assert made == pseudonym("somebody", KEY.encode())
        assert memory_holds(asking.pid, made.encode())
        assert not memory_holds(asking.pid, KEY.encode())
        for shown in ("cmdline", "environ"):
            for pid in (asking.pid, worker):
                if os.access(f"/proc/{pid}/{shown}", os.R_OK):
                    assert KEY.encode() not in Path(f"/proc/{pid}/{shown}").read_bytes()
        asking.stdin.write("\n")
        asking.stdin.flush()
        assert asking.stdout.readline() == "closed\n"
        assert not Path(f"/proc/{worker}").exists()
        asking.stdin.write("\n")


@LINUX
def test_the_process_that_holds_the_key_forbids_dumps() -> None:
    code = (
        "import ctypes, resource\n"
        "from gatecli.data.isolation.pseudonym_worker import forbid_dumps\n"
        "forbid_dumps()\n"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ended.stdout == "0 (0, 0)\n"


def run(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    arguments = ["--input", "people.csv", "--output", "out.csv", "--columns", "columns.yaml", *more]
    command = [sys.executable, "-m", "gatecli", "cloud", "azureml", "transform", *arguments]
    environment = os.environ | {"TMPDIR": str(scratch), "AZURE_LOG_LEVEL": "debug"}
    return subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, env=environment)


def pids(path: Path) -> list[str]:
    with path.open(encoding="utf-8") as file:
        return [row["pid"] for row in csv.DictReader(file)]


def holds_key(folder: Path) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if KEY.encode() in path.read_bytes()]


def test_a_whole_run_leaves_pseudonyms_a_record_and_no_key(tmp_path: Path, vault: LocalVault) -> None:
    write_table(tmp_path / "people.csv")
    write_columns(tmp_path / "columns.yaml", KEYED)
    ended = run(tmp_path, "--key-vault-secret", ADDRESS)
    assert ended.returncode == 0, ended.stderr
    assert KEY not in ended.stdout + ended.stderr
    assert holds_key(tmp_path) == []
    assert list((tmp_path / "scratch").iterdir()) == []
    written = pids(tmp_path / "out.csv")
    assert written == [pseudonym(row[0], KEY.encode()) for row in PEOPLE]
    record = json.loads((tmp_path / "out.csv.transformation.json").read_text("utf-8"))
    assert record["key"] == {"secret": ADDRESS, "version": VERSION, "isPinned": False}
    assert record["isPseudonymous"] is True
    assert f"to make the same pseudonyms again: {ADDRESS}/{VERSION}" in ended.stderr


def test_the_pseudonyms_are_those_of_the_command_for_files(tmp_path: Path, vault: LocalVault) -> None:
    """One key gives one person one pseudonym, wherever it is kept."""
    write_table(tmp_path / "people.csv")
    write_columns(tmp_path / "columns.yaml", KEYED)
    assert run(tmp_path, "--key-vault-secret", f"{ADDRESS}/{VERSION}").returncode == 0
    (tmp_path / "key").write_text(KEY)
    command = [sys.executable, "-m", "gatecli", "data", "pseudonymise", "people.csv", "-o", "other.csv"]
    subprocess.run(
        [*command, "--column", "pid", "--key", "key"], check=True, cwd=tmp_path, capture_output=True
    )
    assert pids(tmp_path / "out.csv") == pids(tmp_path / "other.csv")
    record = json.loads((tmp_path / "out.csv.transformation.json").read_text("utf-8"))
    assert record["key"]["isPinned"] is True


def test_a_vault_that_refuses_leaves_nothing(tmp_path: Path, vault: LocalVault) -> None:
    write_table(tmp_path / "people.csv")
    write_columns(tmp_path / "columns.yaml", KEYED)
    ended = run(tmp_path, "--key-vault-secret", f"{VAULT}/secrets/gone")
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["columns.yaml", "people.csv", "scratch"]
