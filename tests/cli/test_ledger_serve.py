"""`gatecli ledger serve` and `gatecli ledger metrics` as processes."""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from admission.tls.certificates import issue, new_authority
from tests.support import warm
from tests.support.page_ledgers import team

PATIENCE = 60
TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - of these tests
OPEN = "0.0.0.0:0"  # every address: what is refused, or needs a token


@pytest.fixture(name="folder", scope="module")
def of_a_team(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("team")
    team(folder / "ledger.db").close()
    (folder / "token").write_text(f"{TOKEN}\n")
    return folder


def environment(folder: Path, **variables: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), **variables}


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    given = environment(folder, LANG="C.UTF-8", **variables)
    return warm.run("gatecli", ["ledger", *arguments], cwd=folder, env=given, timeout=PATIENCE)


@contextmanager
def serving(folder: Path, *arguments: str, **variables: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A service and its port."""
    command = [sys.executable, "-m", "gatecli", "ledger", "serve", *arguments]
    process = subprocess.Popen(
        command, cwd=folder, env=environment(folder, **variables), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        assert line.startswith("the ledger is at http"), line + process.stderr.read()
        yield process, int(line.partition(" (")[0].rstrip("/").rpartition(":")[2])
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def get(port: int, path: str, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_page_is_served_until_a_signal(folder: Path, number: signal.Signals) -> None:
    with serving(folder, "--listen", "127.0.0.1:0") as (process, port):
        status, page = get(port, "/")
        assert (status, "customers-2026" in page) == (200, True)
        assert get(port, "/metrics")[0] == 200
        assert get(port, "/", Host="evil.example")[0] == 421
        process.send_signal(number)
        assert process.wait(timeout=PATIENCE) == 0


def test_a_token_opens_a_page_that_others_reach(folder: Path) -> None:
    arguments = ("--listen", OPEN, "--insecure-listen", "--token-file", "token")
    with serving(folder, *arguments) as (_, port):
        assert get(port, "/")[0] == 401
        assert get(port, "/", Authorization=f"Bearer {TOKEN}")[0] == 200


def test_with_a_certificate_the_page_is_encrypted(folder: Path, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    authority = new_authority(now)
    pair = issue(authority, ["localhost"], now)
    (tmp_path / "tls.crt").write_bytes(pair.certificate)
    (tmp_path / "tls.key").write_bytes(pair.key)
    files = ("--tls-cert", str(tmp_path / "tls.crt"), "--tls-key", str(tmp_path / "tls.key"))
    context = ssl.create_default_context(cadata=authority.certificate.decode())
    with serving(folder, "--listen", OPEN, "--token-file", "token", *files) as (_, port):
        connection = http.client.HTTPSConnection("localhost", port, timeout=PATIENCE, context=context)
        connection.request("GET", "/", headers={"Authorization": f"Bearer {TOKEN}"})
        assert connection.getresponse().status == 200
        connection.close()


def test_the_variable_holds_the_token_too(folder: Path) -> None:
    with serving(folder, "--listen", "127.0.0.1:0", GATECLI_LEDGER_TOKEN=TOKEN) as (_, port):
        assert get(port, "/metrics")[0] == 401
        assert get(port, "/metrics", Authorization=f"Bearer {TOKEN}")[0] == 200


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--listen", OPEN), "it has no certificate"),
        (("--listen", OPEN, "--insecure-listen"), "nothing says who may read it"),
        (("--listen", "9464"), "not ADDRESS:PORT"),
        (("--tls-cert", "tls.crt"), "belong together"),
        (("--trusted-proxy", "10.0.0.1/8", "--proxy-header", "X-User"), "not a network"),
        (("--trusted-proxy", "10.0.0.1"), "belong together"),
        (("--token-file", "nothing"), "nothing"),
        (("--tls-cert", "token", "--tls-key", "token"), "are not a certificate and its key"),
    ],
    ids=str,
)
def test_what_cannot_be_served_is_said_and_nothing_listens(
    folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = run(folder, "serve", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_token_is_given_once_and_never_shown(folder: Path) -> None:
    done = run(folder, "serve", "--token-file", "token", GATECLI_LEDGER_TOKEN=TOKEN)
    assert done.returncode == 2
    assert TOKEN not in done.stderr


@pytest.mark.parametrize("command", ["serve", "metrics"])
def test_where_no_ledger_is_nothing_is_served(tmp_path: Path, command: str) -> None:
    done = run(tmp_path, command)
    assert done.returncode == 4
    assert "there is no ledger at ledger.db" in done.stderr


def test_metrics_are_written_to_a_file_with_their_verification(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "gatecli.prom"
    file.write_text("old")
    done = run(folder, "metrics", "--output", str(file))
    assert (done.returncode, done.stdout) == (0, "")
    assert "gatecli_ledger_verification_holds 1.0\n" in file.read_text()
    assert [each.name for each in tmp_path.iterdir()] == ["gatecli.prom"]


def test_metrics_go_to_stdout_without_a_file_and_without_a_verification_if_it_is_not_wanted(
    folder: Path,
) -> None:
    done = run(folder, "metrics", "--no-verify")
    assert done.returncode == 0
    assert 'gatecli_ledger_held_ratio{dataset="telemetry"} ' in done.stdout
    assert "\ngatecli_ledger_verification_holds " not in done.stdout


def test_without_the_extra_the_error_names_it(folder: Path) -> None:
    blocked = (
        "import sys; sys.modules['prometheus_client'] = None; sys.argv = ['gatecli', 'ledger', {!r}]; "
        "from gatecli.cli.app import run; run()"
    )
    for command in ("serve", "metrics"):
        done = subprocess.run(
            [sys.executable, "-c", blocked.format(command)],
            cwd=folder,
            env=environment(folder),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 2
        assert "pip install 'gatecli[ledger]'" in done.stderr


def test_the_dashboard_is_one_json(folder: Path) -> None:
    with serving(folder, "--listen", "127.0.0.1:0") as (_, port):
        assert json.loads(get(port, "/grafana.json")[1])["uid"] == "gatecli-ledger"
