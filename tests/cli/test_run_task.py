"""The run task as a process, against a stand-in for HCP Terraform."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import warm
from tests.support.hcp_terraform import (
    KEY,
    PATIENCE,
    TOKEN,
    Stub,
    content_of,
    held,
    redirect,
    signature,
    standing_in,
    status,
)
from tests.support.run_task import Service, command, running

PLANS = Path(__file__).resolve().parents[1] / "data/plans"
OPEN = (PLANS / "plan.json").read_bytes()
CLOSED = (PLANS / "aws.json").read_bytes()
SSN = "536-90-4399"
"""A number that may not be shown; a plan below holds it."""


@pytest.fixture(scope="module", name="folder")
def a_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run-task")


@pytest.fixture(scope="module", name="stub")
def a_stub(folder: Path) -> Iterator[Stub]:
    with standing_in(folder) as stub:
        yield stub


@pytest.fixture(scope="module", name="service")
def a_service(stub: Stub, folder: Path) -> Iterator[Service]:
    # An option of `check` that would open every gate is none of the service's.
    with running(stub, folder, GATECLI_EXIT_ZERO="1", GATECLI_FORMAT="sarif") as service:
        yield service


def result_of(stub: Stub, service: Service, plan: bytes, name: str, **changes: Any) -> dict[str, Any]:
    stub.serve_plan(plan, f"/{name}")
    assert service.deliver(stub.task(name, path=f"/{name}", **changes)) == 200
    return stub.final()


def outcomes(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [each["attributes"] for each in result["relationships"]["outcomes"]["data"]]


def test_a_plan_that_passes_is_passed(stub: Stub, service: Service) -> None:
    result = result_of(stub, service, OPEN, "open")
    assert result["attributes"]["status"] == "passed"
    assert "12 resources" in result["attributes"]["message"]


def test_the_token_goes_to_the_api_and_not_along_the_redirect(stub: Stub, service: Service) -> None:
    result_of(stub, service, OPEN, "hop")
    asked = {path: headers for _, path, headers in stub.asked}
    assert asked["/hop"]["Authorization"] == f"Bearer {TOKEN}"
    assert "Authorization" not in asked["/object/hop?signature=a%2Fb+c"]


def test_a_plan_that_does_not_pass_is_failed_with_its_findings_worst_first(
    stub: Stub, service: Service
) -> None:
    result = result_of(stub, service, CLOSED, "closed")
    assert result["attributes"]["status"] == "failed"
    shown = outcomes(result)
    levels = [each["tags"]["Severity"][0]["level"] for each in shown]
    assert levels == sorted(levels, key=["error", "warning", "info"].index)
    assert {"error", "info"} == set(levels)
    told = {each["description"]: each["url"] for each in shown}
    url = told["aws_s3_object.ungated publishes data without a k-anonymity gate"]
    assert url.endswith("#tf-dataset-ungated")


def test_no_byte_that_leaves_holds_a_personal_value_or_the_token(
    stub: Stub, service: Service, folder: Path
) -> None:
    plan = json.loads(OPEN)
    plan["variables"] = {"patient": {"value": f"ssn: {SSN}"}}
    sent = len(stub.raw)
    result = result_of(stub, service, json.dumps(plan).encode(), "value")
    assert result["attributes"]["status"] == "failed"
    assert outcomes(result)[0]["outcome-id"].startswith("pii-us-ssn")
    leaves = b"".join(stub.raw[sent:]).decode() + service.said()
    assert SSN not in leaves
    assert TOKEN not in leaves
    assert KEY not in leaves
    assert list((folder / "tmp").iterdir()) == []


def test_a_task_that_is_delivered_again_is_done_once(stub: Stub, service: Service) -> None:
    stub.serve_plan(OPEN, "/again")
    task = stub.task("again", path="/again")
    assert [service.deliver(task) for _ in range(3)] == [200, 200, 200]
    stub.final()
    result_of(stub, service, OPEN, "next")
    assert [path for _, path, _ in stub.asked].count("/again") == 1


@pytest.mark.parametrize("wrong", ["", "0" * 128, signature(b"other"), "ü"])
def test_a_wrong_signature_is_refused_and_nothing_is_done(stub: Stub, service: Service, wrong: str) -> None:
    before = len(stub.asked)
    assert service.deliver(stub.task("unsigned"), **{"X-TFC-Task-Signature": wrong}) == 401
    assert len(stub.asked) == before


def test_a_missing_signature_is_refused(stub: Stub, service: Service) -> None:
    body = json.dumps(stub.task("bare")).encode()
    assert service.request("POST", "/run-task", body)[0] == 401


def test_a_body_with_one_bit_changed_is_refused(stub: Stub, service: Service) -> None:
    body = json.dumps(stub.task("flipped")).encode()
    changed = bytes([*body[:-2], body[-2] ^ 1, body[-1]])
    assert service.deliver(changed, **{"X-TFC-Task-Signature": signature(body)}) == 401


@pytest.mark.parametrize("size", [262_145, 300_000])
def test_a_body_that_is_too_large_is_refused(service: Service, size: int) -> None:
    assert service.deliver(b"{" + b" " * size) == 413


@pytest.mark.parametrize(
    "changes",
    [
        {"stage": "test"},
        {"task_result_enforcement_level": "test"},
        {"access_token": "test-token"},
    ],
    ids=str,
)
def test_the_test_of_a_new_run_task_is_answered_and_nothing_is_done(
    stub: Stub, service: Service, changes: dict[str, str]
) -> None:
    before = len(stub.asked)
    assert service.deliver(stub.task("new", **changes)) == 200
    assert len(stub.asked) == before


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"payload_version": 2}', b'{"payload_version": 1}'])
def test_a_signed_body_that_is_no_task_is_refused(service: Service, body: bytes) -> None:
    assert service.deliver(body) == 400


def test_a_task_that_is_to_be_answered_elsewhere_is_refused(stub: Stub, service: Service) -> None:
    for address in ("https://127.0.0.1/", "http://localhost/", "https://metadata.example/", "x"):
        assert service.deliver(stub.task("away", task_result_callback_url=address)) == 422


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (redirect("https://elsewhere.example/plan"), "elsewhere.example is not on the list"),
        (redirect("https://127.0.0.1:1/plan"), "127.0.0.1 is not on the list"),
        (redirect("http://localhost/plan"), "not HTTPS"),
        (redirect("https://user:word@localhost/plan"), "credentials"),
        (redirect(""), "nowhere"),
        (status(204), "not finished"),
        (status(404), "no such plan"),
        (status(301), "status 301"),
        (content_of(b"{}", Content_Encoding="gzip"), "compressed"),
    ],
    ids=["host", "address", "plain", "credentials", "nowhere", "204", "404", "301", "compressed"],
)
def test_a_plan_that_cannot_be_had_is_failed_and_says_why(
    stub: Stub, service: Service, page: Any, reason: str, request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.id
    stub.pages[f"/{name}"] = page
    assert service.deliver(stub.task(name, path=f"/{name}")) == 200
    result = stub.final()
    assert result["attributes"]["status"] == "failed"
    assert reason in result["attributes"]["message"]


def test_a_second_redirect_is_not_followed(stub: Stub, service: Service) -> None:
    stub.serve_plan(OPEN, "/far")
    stub.pages["/twice"] = redirect(stub.url("/far"))
    assert service.deliver(stub.task("twice", path="/twice")) == 200
    result = stub.final()
    assert result["attributes"]["status"] == "failed"
    assert "more than once" in result["attributes"]["message"]
    assert "/object/far?signature=a%2Fb+c" not in {path for _, path, _ in stub.asked}


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (OPEN[:-100], "could not be checked"),
        (b"", "could not be checked"),
        (b"{}", "could not be checked"),
        ((PLANS / "errored.json").read_bytes(), "could not be checked"),
        (b'{"format_version": "1.2", "planned_values": {"root_module": {}}}', "nothing to check"),
        ((PLANS / "state.json").read_bytes(), "is not this plan"),
    ],
    ids=["truncated", "none", "foreign", "errored", "empty", "state"],
)
def test_what_is_no_whole_plan_is_failed(
    stub: Stub, service: Service, plan: bytes, words: str, request: pytest.FixtureRequest
) -> None:
    result = result_of(stub, service, plan, request.node.callspec.id)
    assert result["attributes"]["status"] == "failed"
    assert words in result["attributes"]["message"]


def test_a_closed_gate_is_failed_with_its_own_sentence(stub: Stub, service: Service) -> None:
    plan = (PLANS.parents[1] / "rules/tf-gate-closed/fail/plan.json").read_bytes()
    result = result_of(stub, service, plan, "shut")
    [shown] = outcomes(result)
    assert result["attributes"]["status"] == "failed"
    assert shown["description"] == "module.anonymity is closed: k-anonymity 1 is below 5 for [age, zip]"


def test_a_stage_without_a_plan_is_failed(stub: Stub, service: Service) -> None:
    task = stub.task("early", stage="pre_plan")
    del task["plan_json_api_url"]
    assert service.deliver(task) == 200
    assert "post-plan" in stub.final()["attributes"]["message"]


def test_a_caller_that_takes_no_outcomes_gets_them_in_the_message(stub: Stub, service: Service) -> None:
    result = result_of(stub, service, CLOSED, "plain-message", capabilities={})
    assert "relationships" not in result
    assert "aws_s3_object.ungated publishes data" in result["attributes"]["message"]


def test_a_result_that_is_not_taken_at_once_is_sent_again(stub: Stub, service: Service) -> None:
    stub.statuses += [200, 500, 503]
    assert result_of(stub, service, OPEN, "retried")["attributes"]["status"] == "passed"


def test_health_is_told(service: Service) -> None:
    code, body = service.request("GET", "/healthz")
    assert code == 200
    assert json.loads(body)["status"] == "ok"


def test_other_pages_and_methods_are_refused(service: Service) -> None:
    assert service.request("GET", "/run-task")[0] == 405
    assert service.request("GET", "/")[0] == 404


def test_a_private_address_is_not_reached_though_its_host_is_allowed(
    folder: Path, stub: Stub, tmp_path: Path
) -> None:
    with (
        standing_in(tmp_path, "127.0.0.2") as private,
        running(stub, folder, "--allow-host", f"127.0.0.2:{private.port}") as service,
    ):
        stub.pages["/private"] = redirect(private.url("/plan", "127.0.0.2"))
        assert service.deliver(stub.task("private", path="/private")) == 200
        assert "not public" in stub.final()["attributes"]["message"]
        assert private.asked == []


def test_a_plan_that_never_comes_is_failed_at_the_deadline(stub: Stub, folder: Path) -> None:
    never = threading.Event()
    stub.pages["/never"] = held(never, status(404))
    with running(stub, folder, "--deadline", "3") as service:
        assert service.deliver(stub.task("never", path="/never")) == 200
        result = stub.final()
    never.set()
    assert result["attributes"]["status"] == "failed"
    assert "time budget was spent" in result["attributes"]["message"]


def test_a_service_that_is_busy_says_so_and_takes_the_task_later(stub: Stub, folder: Path) -> None:
    come = threading.Event()
    stub.serve_plan(OPEN, "/slow")
    stub.pages["/slow"] = held(come, stub.pages["/slow"])
    with running(stub, folder, "--workers", "1", "--queue", "0") as service:
        assert service.deliver(stub.task("slow", path="/slow")) == 200
        assert service.deliver(stub.task("late", path="/slow")) == 503
        come.set()
        assert stub.final()["attributes"]["status"] == "passed"
        service.wait_for("delivered")
        assert service.deliver(stub.task("late", path="/slow")) == 200
        assert stub.final()["attributes"]["status"] == "passed"


def test_what_is_no_http_is_no_text_of_the_log(stub: Stub, service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), PATIENCE) as connection:
        connection.sendall(f"GARBAGE {TOKEN}\r\n{TOKEN}\r\n\r\n".encode())
        assert b" 400 " in connection.recv(1000)
    assert service.request("GET", "/healthz")[0] == 200
    assert TOKEN not in service.said()
    assert all(json.loads(line)["event"] for line in service.stderr)


def test_sigterm_lets_what_is_under_way_end(stub: Stub, folder: Path) -> None:
    come = threading.Event()
    stub.serve_plan(OPEN, "/last")
    stub.pages["/last"] = held(come, stub.pages["/last"])
    with running(stub, folder) as service:
        assert service.deliver(stub.task("last", path="/last")) == 200
        service.process.terminate()
        service.wait_for("draining")
        come.set()
        assert service.process.wait(PATIENCE) == 0
        assert stub.final()["attributes"]["status"] == "passed"


def test_what_a_drain_leaves_is_failed_not_forgotten(stub: Stub, folder: Path) -> None:
    never = threading.Event()
    stub.pages["/left"] = held(never, status(404))
    with running(stub, folder, "--drain", "0") as service:
        assert service.deliver(stub.task("left", path="/left")) == 200
        assert service.stop() == 0
    never.set()
    assert "was stopped" in stub.final()["attributes"]["message"]


def test_a_policy_is_read_anew_and_one_that_is_broken_passes_nothing(stub: Stub, tmp_path: Path) -> None:
    policy = tmp_path / "gatecli.yaml"
    text = (
        "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: own}\nspec: {extends: default}\n"
    )
    policy.write_text(text, "utf-8")
    with running(stub, tmp_path, "--policy", policy) as service:
        assert "policy own" in result_of(stub, service, OPEN, "sound")["attributes"]["message"]
        policy.write_text(text.replace("default", "nowhere.yaml"), "utf-8")
        result = result_of(stub, service, OPEN, "broken")
    assert result["attributes"]["status"] == "failed"
    assert "misconfigured" in result["attributes"]["message"]


def test_without_aiohttp_it_names_the_extra(stub: Stub, tmp_path: Path) -> None:
    (tmp_path / "aiohttp.py").write_text(
        "raise ModuleNotFoundError('No module named aiohttp', name='aiohttp')", "utf-8"
    )
    done = subprocess.run(
        command(stub),
        env={"PATH": os.environ["PATH"], "GATECLI_RUN_TASK_HMAC_KEY": KEY, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 2
    assert "gatecli[run-task]" in done.stderr


def test_it_serves_tls_and_reads_the_key_from_a_file(stub: Stub, folder: Path) -> None:
    key = folder / "hmac.key"
    key.write_text(f"{KEY}\n", "utf-8")
    pair = ("--tls-cert", folder / "stub.pem", "--tls-key", folder / "stub.key")
    with running(stub, folder, *pair, "--hmac-key-file", key, GATECLI_RUN_TASK_HMAC_KEY="") as service:
        service.context = ssl.create_default_context(cafile=stub.authority)
        assert result_of(stub, service, OPEN, "tls")["attributes"]["status"] == "passed"


@pytest.mark.parametrize(
    ("options", "variables", "words"),
    [
        ([], {"GATECLI_RUN_TASK_HMAC_KEY": ""}, "there is no HMAC key"),
        ([], {"GATECLI_RUN_TASK_HMAC_KEY": "short"}, "shorter than 16 bytes"),
        (["--hmac-key-file", "none"], {"GATECLI_RUN_TASK_HMAC_KEY": ""}, "none does not exist"),
        (["--hmac-key-file", "none"], {}, "both"),
        (["--tls-cert", "none"], {}, "belong together"),
        (["--tls-cert", "none", "--tls-key", "none"], {}, "cannot be read"),
        (["--listen", "here"], {}, "not ADDRESS:PORT"),
        (["--listen", "192.0.2.1:1"], {}, "cannot be opened"),
        (["--allow-host", "https://x"], {}, "not a host"),
        (["--allow-network", "x"], {}, "not a network"),
        (["--ca-file", "none"], {}, "holds no certificates"),
        (["--policy", "none"], {}, "none"),
        (["--deadline", "600"], {}, "--deadline"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_what_it_cannot_serve_with_is_said_at_the_start(
    stub: Stub, tmp_path: Path, options: list[str], variables: dict[str, str], words: str
) -> None:
    bare = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "COLUMNS": "200"}
    given = bare | {"GATECLI_RUN_TASK_HMAC_KEY": KEY} | variables
    _, _, module, *arguments = command(stub, *options)
    done = warm.run(module, arguments, cwd=tmp_path, env=given, timeout=PATIENCE)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
