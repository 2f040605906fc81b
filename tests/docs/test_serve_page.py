"""The page about `gatecli serve`: each of its documents answers as it says, and its tables are the code's."""

from __future__ import annotations

import json
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import yaml

from gatecli.cli.app import main
from gatecli.ledger.opening import open_store
from gatecli.model.private_endpoint import AnswerCache, EndpointBudget, EndpointLimits, EndpointUpstream
from gatecli.serving import refusals
from gatecli.serving.answer_values import WRAPPERS_OF_CLASSES
from gatecli.serving.metrics import WatchedFigures, exposition, new_metrics, watch_figures
from gatecli.serving.platforms import PLATFORMS
from gatecli.serving.refusals import ErrorAnswer, RefusalReason
from gatecli.serving.upstream import UpstreamFault
from tests.e2e.processes import LOOPBACK, Program, eventually, free_port
from tests.support.attestations import ed25519
from tests.support.leases import answers_held
from tests.support.served_containers import Reply, ServedContainer
from tests.support.served_endpoints import BUNDLE, write_endpoint
from tests.support.served_models import trust_of
from tests.support.threaded_model import ThreadedModel, threaded_model

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/serve.md").read_text("utf-8")
PLATFORMS_PAGE = (ROOT / "docs/serve-platforms.md").read_text("utf-8")
FENCED: list[tuple[str, str]] = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
DOCUMENTS = {
    read["spec"]["mode"]: read
    for read in (yaml.safe_load(text) for language, text in FENCED if language == "yaml")
}
COMMANDS = [line for language, text in FENCED if not language for line in text.splitlines()]
MEBIBYTE = 1 << 20
RESIDENT_ID = "110101199003074477"
MODEL_ANSWERS = {
    "attested": b'{"predictions":[0.25]}',
    "votes": b'{"class":"stays"}',
    "noisy-scores": b'{"scores":[0.25,0.5,0.25]}',
    "aggregates": b'{"class":"churns"}',
}


def table(page: str, heading: str) -> dict[str, list[str]]:
    """The rows of the first table below a heading, by their first cell."""
    below = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in below.splitlines() if line.startswith("|")]
    return {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows[2:]}


def names_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.fixture(name="folder")
def folder_of_a_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model, its attestation, the policy that trusts it, and the ledger of the page."""
    signer = ed25519()
    write_endpoint(tmp_path, signer, time=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    policy = {
        "apiVersion": "gatecli.dev/v1",
        "kind": "PrivacyPolicy",
        "metadata": {"name": "test"},
        "spec": {"extends": "default", "attestation": trust_of(signer)},
    }
    (tmp_path / "gatecli.yaml").write_text(json.dumps(policy))
    monkeypatch.chdir(tmp_path)
    for line in COMMANDS:
        if line.startswith("gatecli ledger"):
            assert main(shlex.split(line)[1:]) == 0, line
    more = "ledger dataset add requests-2026 --unit person --epsilon 100 --delta 1e-5"
    assert main(more.split()) == 0
    return tmp_path


def document_of(mode: str, models: Mapping[str, ThreadedModel], listen: str) -> dict[str, Any]:
    """The page's document; addresses, the model's path and the length of a window are of this test."""
    read = DOCUMENTS[mode]
    spec = {**read["spec"], "listen": listen}
    if "model" in spec:
        spec["model"] = {"path": "model.bin"}
        assert spec["attestation"] == BUNDLE
    if mode == "aggregates":
        spec["aggregates"] = {**spec["aggregates"], "seconds": 1}
    if mode == "votes":
        voters = spec["votes"]["models"]
        asked = [{**each, "url": models[each["url"]].url} for each in voters]
        spec["votes"] = {**spec["votes"], "models": asked}
    else:
        spec["upstream"] = {**spec["upstream"], "url": models[spec["upstream"]["url"]].url}
    return {**DOCUMENTS["attested"], "spec": spec}


def model_urls(mode: str) -> list[str]:
    spec = DOCUMENTS[mode]["spec"]
    return [each["url"] for each in spec["votes"]["models"]] if mode == "votes" else [spec["upstream"]["url"]]


@contextmanager
def serving(folder: Path, mode: str) -> Iterator[ServedContainer]:
    """The document of a mode by the page's command, ready; afterwards it ends as the page says."""
    with ExitStack() as stack:
        answer = MODEL_ANSWERS[mode]
        models = {url: stack.enter_context(threaded_model(answer)) for url in model_urls(mode)}
        port = free_port()
        document = document_of(mode, models, f"{LOOPBACK}:{port}")
        (folder / "serve.yaml").write_text(json.dumps(document))
        command = next(line for line in COMMANDS if line.startswith("gatecli serve"))
        words = [sys.executable, "-m", *shlex.split(command)]
        served = ServedContainer(Program(mode, words, folder), LOOPBACK, port)
        stack.callback(served.program.kill)
        served.program.wait_until(lambda: served.is_ready("/readyz"))
        yield served
        assert served.stop() == 0


def ask(served: ServedContainer, body: bytes, path: str = "/invocations") -> Reply:
    return served.ask_json(path, body)


def shown_answer(mode: str) -> dict[str, Any]:
    """What the page shows of a mode's answer."""
    section = PAGE.partition(f"\n### {mode}\n")[2].partition("\n#")[0]
    shown: dict[str, Any] = json.loads(next(line for line in section.splitlines() if line.startswith("{")))
    return shown


def form_of(value: Any) -> Any:
    """Keys, and how many of what."""
    if isinstance(value, dict):
        return {key: form_of(each) for key, each in value.items()}
    if isinstance(value, list):
        return [form_of(each) for each in value]
    return type(value)


def test_the_page_has_a_document_of_each_mode() -> None:
    assert sorted(DOCUMENTS) == ["aggregates", "attested", "noisy-scores", "votes"]


def test_an_attested_model_answers_as_the_page_says(folder: Path) -> None:
    curl = shlex.split(next(line for line in COMMANDS if line.startswith("curl localhost:8080/invocations")))
    with serving(folder, "attested") as served:
        reply = ask(served, curl[-1].encode())
        assert reply.body == MODEL_ANSWERS["attested"]
        assert reply.headers["gatecli-epsilon"] == "0"
        assert {"gatecli-attestation", "gatecli-model-epsilon", "gatecli-model-delta"} <= set(reply.headers)
        _require_documented_headers(reply)
        _require_documented_metrics(served.ask("GET", "/metrics").body)
        refused = ask(served, json.dumps({"id": RESIDENT_ID}).encode())
        assert refused.status == 422
        assert RESIDENT_ID not in served.program.logged()


@pytest.mark.parametrize("mode", ["votes", "noisy-scores"])
def test_a_mode_with_noise_answers_as_the_page_shows(folder: Path, mode: str) -> None:
    with serving(folder, mode) as served:
        first, again = (ask(served, b'{"x": 1}') for _ in range(2))
        assert first.body == again.body
        assert form_of(json.loads(first.body)) == form_of(shown_answer(mode))
        assert first.headers["gatecli-mode"] == mode
        assert first.headers["gatecli-epsilon"] == str(DOCUMENTS[mode]["spec"]["noise"]["epsilon"])
        assert {"gatecli-noise", "gatecli-unit"} <= set(first.headers)
        _require_documented_headers(first)
        assert ask(served, b'{"instances": [[1], [2]]}').status == 400
        metrics = served.ask("GET", "/metrics").body.decode()
        assert (
            f"gatecli_serve_epsilon_spent_total {float(DOCUMENTS[mode]['spec']['noise']['epsilon'])}"
            in metrics
        )
        assert 'gatecli_serve_cache_total{result="hit"} 1.0' in metrics


def test_aggregates_count_and_answer_as_the_page_shows(folder: Path) -> None:
    with serving(folder, "aggregates") as served:
        counted = ask(served, b'{"customer": 7}')
        assert counted.status == 202
        assert f"`{counted.body.decode().strip()}` (202)" in PAGE
        assert ask(served, b'{"x": 1}').status == 400
        counts = eventually("the first window", lambda: _counts_of(served))
        assert form_of(json.loads(counts.body)) == form_of(shown_answer("aggregates"))
        _require_documented_headers(counts)
        assert served.ask("GET", "/aggregates/1").status == 404


@pytest.mark.parametrize("key", ["listen", "metrics"])
def test_a_port_that_is_taken_ends_it_with_the_code_of_the_page_and_charges_nothing(
    folder: Path, key: str
) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        address = f"{LOOPBACK}:{taken.getsockname()[1]}"
        spec = DOCUMENTS["noisy-scores"]["spec"]
        spec = spec | ({"listen": address} if key == "listen" else {"listen": f"{LOOPBACK}:{free_port()}"})
        spec |= {"metrics": {"listen": address}} if key == "metrics" else {}
        (folder / "serve.yaml").write_text(json.dumps({**DOCUMENTS["attested"], "spec": spec}))
        before = sorted(folder.iterdir())
        command = [sys.executable, "-m", "gatecli", "serve", "--config", "serve.yaml"]
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 2
    path = "spec.listen" if key == "listen" else "spec.metrics.listen"
    assert ended.stderr.splitlines()[-2:] == [
        f"gatecli: {address} cannot be opened: address already in use",
        f"  fix: choose another under {path}",
    ]
    assert sorted(folder.iterdir()) == before
    store = open_store("ledger.db")
    assert answers_held(store, "customers-2026") == 0
    store.close()


def test_a_ledger_that_is_not_there_ends_it_with_the_code_of_the_page(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "ledger.db").unlink()
    (folder / "serve.yaml").write_text(json.dumps({**DOCUMENTS["attested"], **DOCUMENTS["noisy-scores"]}))
    before = sorted(folder.iterdir())
    assert main(["serve", "--config", "serve.yaml"]) == 4
    assert "there is no ledger at ledger.db" in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before


def _counts_of(served: ServedContainer) -> Reply | None:
    reply = served.ask("GET", "/aggregates")
    return reply if reply.status == 200 else None


def _require_documented_headers(reply: Reply) -> None:
    ours = {name for name in reply.headers if name.startswith("gatecli-")}
    assert ours
    assert {name for name in ours if f"`{name}`" not in PAGE} == set()


def _require_documented_metrics(exposed: bytes) -> None:
    kinds = re.findall(r"^# TYPE (\S+) \w+$", exposed.decode(), re.MULTILINE)
    documented = {
        name.partition("{")[0] for cell in table(PAGE, "Ports and probes") for name in names_in(cell)
    }
    assert documented == {name for name in kinds if not name.endswith("_created")}


def test_the_labels_of_the_page_are_those_of_the_metrics() -> None:
    metrics = new_metrics()
    watch_figures(metrics, WatchedFigures(*[lambda: 0.0] * 6))
    for cell in table(PAGE, "Ports and probes"):
        for name, labels in re.findall(r"`gatecli_serve_(\w+)\{([\w,]+)\}`", cell):
            field = {"upstream_errors_total": "upstream"}.get(name, name.removesuffix("_total"))
            getattr(metrics, field).labels(**dict.fromkeys(labels.split(","), "x"))
    assert b'="x"' in exposition(metrics)


def test_the_reasons_of_the_page_are_all_that_there_are() -> None:
    rows = table(PAGE, "Ports and probes")
    reasons = names_in(rows["`gatecli_serve_refusals_total{reason}`"][0])
    faults = names_in(rows["`gatecli_serve_upstream_errors_total{fault}`"][0])
    assert sorted(reasons) == sorted(RefusalReason)
    assert sorted(faults) == sorted(UpstreamFault)


def test_the_statuses_of_the_page_are_all_that_callers_get() -> None:
    documented = {int(each) for cell in table(PAGE, "What callers get") for each in cell.split(", ")}
    constant = {each.status for each in vars(refusals).values() if isinstance(each, ErrorAnswer)}
    assert documented == (constant - {HTTPStatus.INTERNAL_SERVER_ERROR}) | {200, 202}


def test_the_defaults_of_the_page_are_those_of_the_document() -> None:
    upstream = EndpointUpstream()
    parts = {
        "limits": EndpointLimits(),
        "upstream": upstream,
        "budget": EndpointBudget(),
        "cache": AnswerCache(),
    }
    told: dict[str, str] = {}
    for cell, (default, _) in table(PAGE, "Limits").items():
        told |= dict(zip(names_in(cell), default.split(", "), strict=False))
    for key, default in told.items():
        part, _, name = key.partition(".")
        if part == "tls":
            assert default == "none"
            continue
        value = getattr(parts[part], re.sub("([A-Z])", r"_\1", name).lower())
        assert default == ("the platform's" if value is None else _written(value)), key
    limits = {key.partition(".")[2] for key in told if key.startswith("limits.")}
    assert limits == {re.sub("_(.)", lambda m: m[1].upper(), name) for name in EndpointLimits.model_fields}


def _written(value: int) -> str:
    return f"{value // MEBIBYTE} MiB" if value % MEBIBYTE == 0 and value else str(value)


def test_where_an_answer_is_read_is_named_on_the_page() -> None:
    section = PAGE.partition("\n### What is read of the model's answer\n")[2].partition("\n#")[0]
    read = {each for each in names_in(section) if re.fullmatch("[a-z_]+", each)} - {"unreadable"}
    assert read == set(WRAPPERS_OF_CLASSES)


def test_the_limits_of_the_platforms_are_those_of_their_page() -> None:
    rows = table(PLATFORMS_PAGE, "Routes and limits")
    for row, written in (
        ("`limits.requestBytes` unless given", [_written(each.request_bytes) for each in PLATFORMS.values()]),
        ("`upstream.seconds` unless given", [str(each.seconds) for each in PLATFORMS.values()]),
    ):
        assert rows[row] == written
