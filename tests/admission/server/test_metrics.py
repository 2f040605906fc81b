"""What is measured, logged and probed: figures and places, never a value."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from admission.logs import LOGGER, JsonFormatter, configure
from admission.review.rulebook import Rulebook
from admission.review.rulebook_sources import FileSource, RulebookHolder
from admission.server.health import MEMORY, Health, measure, watchdog
from admission.server.metrics import (
    OTHER,
    count_verdicts,
    exposition,
    kind_label,
    new_metrics,
    note_certificate,
)
from admission.server.workers import PATIENCE, Workers
from gatecli.errors import ConfigurationError
from tests.support.webhook import RESIDENT_ID, review, rulebook, webhook

NOW = datetime(2026, 11, 21, tzinfo=UTC)

WANTED = (
    "requests_total",
    "refused_bodies_total",
    "failures_total",
    "verdicts_total",
    "request_seconds",
    "scanned_bytes_total",
    "incomplete_scans_total",
    "policy_generation",
    "rejected_policies_total",
    "certificate_expiry_seconds",
    "leader",
    "loop_lag_seconds",
    "requests_in_flight",
)


def test_every_metric_is_exposed_with_its_help() -> None:
    text = exposition(new_metrics()).decode()
    for name in WANTED:
        assert f"# HELP gatecli_admission_{name} " in text


def test_two_registries_share_nothing() -> None:
    one, other = new_metrics(), new_metrics()
    one.incomplete.inc()
    assert one.registry.get_sample_value("gatecli_admission_incomplete_scans_total") == 1
    assert other.registry.get_sample_value("gatecli_admission_incomplete_scans_total") == 0


def test_kinds_without_number_share_one_label() -> None:
    assert kind_label("Pod") == "Pod"
    assert kind_label("SomebodysKind") == OTHER


def test_findings_are_counted_by_entity_and_by_what_was_done() -> None:
    metrics = new_metrics()
    count_verdicts(metrics, [("pii-us-ssn", "deny"), ("pii-us-ssn", "deny"), ("pii-us-ssn", "warn")])
    labels = {"entity": "pii-us-ssn", "mode": "deny"}
    assert metrics.registry.get_sample_value("gatecli_admission_verdicts_total", labels) == 2


def test_the_certificates_end_is_unix_time() -> None:
    metrics = new_metrics()
    note_certificate(metrics, NOW)
    name = "gatecli_admission_certificate_expiry_seconds"
    assert metrics.registry.get_sample_value(name) == NOW.timestamp()


def test_a_review_is_counted_timed_and_logged_without_what_it_held(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> str:
        async with webhook() as asked:
            await asked.ask(review(RESIDENT_ID, uid="the-uid"))
            await asked.ask(review())
            return exposition(asked.metrics).decode()

    with caplog.at_level(logging.DEBUG, logger="admission"):
        text = asyncio.run(main())
    assert 'requests_total{allowed="false",kind="ConfigMap",phase="validating",reason="denied"} 1.0' in text
    assert 'verdicts_total{entity="pii-cn-resident-id",mode="deny"} 1.0' in text
    assert 'request_seconds_count{phase="validating"} 2.0' in text
    lines = [JsonFormatter().format(each) for each in caplog.records if each.getMessage() == "review"]
    told = json.loads(lines[0])
    assert (told["uid"], told["kind"], told["namespace"], told["allowed"]) == (
        "the-uid",
        "ConfigMap",
        "shop",
        False,
    )
    assert told["rules"] == ["pii-cn-resident-id"]
    assert told["milliseconds"] > 0
    assert RESIDENT_ID not in text + "".join(lines)


def test_an_exception_is_logged_by_its_type_and_place_alone() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("another.package")
    logger.propagate = False
    logger.addHandler(handler)
    try:
        int(RESIDENT_ID + "X")
    except ValueError:
        logger.exception("it broke\nat %s", RESIDENT_ID)
    line = json.loads(stream.getvalue())
    assert (line["message"], line["error"], line["level"]) == ("it broke", "ValueError", "error")
    assert "test_metrics.py" in line["at"][0]
    assert RESIDENT_ID not in stream.getvalue()


def test_what_others_log_is_json_too_and_kopf_is_kept_from_telling_objects() -> None:
    names = ("", "admission", "kopf.objects", "kopf", "kopf._core.reactor.running", "aiohttp", "asyncio")
    before = {name: (logging.getLogger(name).level, list(logging.getLogger(name).handlers)) for name in names}
    stream = io.StringIO()
    try:
        configure("info", stream)
        logging.getLogger("kopf.objects").error("Handler failed: %s", RESIDENT_ID)
        logging.getLogger("kopf").warning("a warning")
        LOGGER.info("ours", extra={"fields": {"port": 1}})
        LOGGER.debug("not told")
    finally:
        for name, (level, handlers) in before.items():
            logging.getLogger(name).setLevel(level)
            logging.getLogger(name).handlers[:] = handlers
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["logger"], line["message"]) for line in lines] == [
        ("kopf", "a warning"),
        ("admission", "ours"),
    ]
    assert lines[1]["port"] == 1


def test_a_loop_that_hung_is_told_for_a_while_and_then_forgotten() -> None:
    at = [100.0]
    health = Health(lambda: at[0], lambda: NOW)
    health.beat(0.01)
    assert health.dead() == ()
    health.beat(6.0)
    assert health.dead() == ("the event loop hung",)
    at[0] += MEMORY + 1
    assert health.dead() == ()


def test_the_loops_lateness_is_measured() -> None:
    async def main() -> float:
        noted: asyncio.Queue[float] = asyncio.Queue()
        task = asyncio.create_task(measure(Health(time.monotonic, lambda: NOW), noted.put_nowait))
        async with asyncio.timeout(10):
            lateness = await noted.get()
        task.cancel()
        return lateness

    assert asyncio.run(main()) >= 0


def test_where_a_loop_hangs_is_logged_while_it_does(caplog: pytest.LogCaptureFixture) -> None:
    told = threading.Event()

    class Telling(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno == logging.ERROR:
                told.set()

    async def main() -> None:
        with watchdog(asyncio.get_running_loop(), late=0.05):
            assert told.wait(10)

    handler = Telling()
    LOGGER.addHandler(handler)
    try:
        asyncio.run(main())
    finally:
        LOGGER.removeHandler(handler)
    hung = next(each for each in caplog.records if each.getMessage() == "the event loop hangs")
    assert any("test_metrics.py" in frame for frame in hung.fields["at"])  # type: ignore[attr-defined]  # an extra


def test_a_worker_that_never_ends_is_told_and_one_that_is_late_is_given_up() -> None:
    at = [0.0]
    go_on = threading.Event()

    async def main() -> None:
        workers = Workers(1, lambda: at[0])
        assert await workers.run(lambda: 7, 5.0) == 7
        with pytest.raises(TimeoutError):
            await workers.run(go_on.wait, 0.05)
        assert not workers.hang()
        at[0] = PATIENCE + 1
        assert workers.hang()
        go_on.set()
        assert await workers.run(lambda: 8, 10.0) == 8
        assert not workers.hang()
        workers.close()

    asyncio.run(main())


def test_a_policy_is_read_again_when_it_changes_and_the_last_good_one_is_kept(tmp_path: Path) -> None:
    file, part = tmp_path / "policy.yaml", tmp_path / "part"

    def write(text: str) -> None:
        """At once: half a file would be a version of its own."""
        part.write_text(text, "utf-8")
        part.replace(file)

    def read() -> Rulebook:
        if file.read_text("utf-8") == "broken":
            raise ConfigurationError("policy.yaml:1:1: no policy", advice="mend it")
        return rulebook()

    async def main() -> None:
        told: asyncio.Queue[str] = asyncio.Queue()
        write("good")
        source = FileSource((file,), read, 0.01, lambda: told.put_nowait("rejected"))
        shelf = RulebookHolder()
        noted = lambda each: told.put_nowait(f"generation {each.generation}")  # noqa: E731 - one line
        task = asyncio.create_task(shelf.fill(source, noted))
        async with asyncio.timeout(20):
            assert await told.get() == "generation 1"
            first = shelf.rulebook
            write("broken")
            assert await told.get() == "rejected"
            assert shelf.rulebook is first
            write("good again")
            assert await told.get() == "generation 3"
        task.cancel()
        assert told.empty()

    asyncio.run(main())
