"""Tags that name evidence: what the evidence is bound to, one by one."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gatecli.checks.terraform.tagged_evidence import Attestation, TaggedReports, judge_tag
from gatecli.model.plan import PlannedResource
from gatecli.model.policy import stamp
from gatecli.sources.policy import default_policy

NOW = datetime(2026, 1, 8, tzinfo=UTC)
POLICY = default_policy()
DATA = b"age,zip\n30,10115\n"
JUDGED = hashlib.sha256(DATA).hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()
REPORT = hashlib.sha256(b"report").hexdigest()
TAGS = {"gatecli-evidence": REPORT}


def answer(values: dict[str, Any], *, marks: Any = False, **report: Any) -> tuple[str, str]:
    made: dict[str, Any] = {
        "kind": "dataset",
        "inputs": frozenset({JUDGED}),
        "policy": stamp(POLICY).sha256,
        "made": NOW,
    }
    evidence = TaggedReports({REPORT: Attestation(**(made | report))}, NOW)
    resource = PlannedResource("a.b", "managed", "a", "b", values=values, unknown=marks)
    found = judge_tag(resource, "dataset", evidence, POLICY)
    return found.answer, found.why


def tagged(**values: Any) -> dict[str, Any]:
    return {"tags": TAGS} | values


@pytest.mark.parametrize(
    "values",
    [
        tagged(source_hash=JUDGED),
        tagged(checksum_sha256=base64.b64encode(bytes.fromhex(JUDGED)).decode()),
        tagged(content=DATA.decode()),
        tagged(content_base64=base64.b64encode(DATA).decode()),
        tagged(containers=[{"image": f"registry/model@sha256:{JUDGED}"}]),
        tagged(model_data_url=f"s3://models/{JUDGED}/model.tar.gz"),
        {"labels": {"gatecli_evidence": REPORT[:63]}, "source_hash": JUDGED},
    ],
    ids=str,
)
def test_a_resource_that_states_the_bytes_that_were_judged_is_attested(values: dict[str, Any]) -> None:
    assert answer(values) == ("yes", "")


@pytest.mark.parametrize(
    "values",
    [
        tagged(source_hash=OTHER),
        tagged(content="other"),
        tagged(content="other", source_hash=JUDGED),
        tagged(content_base64="no base64"),
        tagged(image=f"model@sha256:{OTHER}"),
    ],
    ids=str,
)
def test_a_resource_that_states_other_bytes_is_not(values: dict[str, Any]) -> None:
    found, why = answer(values)
    assert found == "no"
    assert "other data" in why


@pytest.mark.parametrize(
    "values", [tagged(), tagged(source="data.csv"), tagged(source_hash="v1"), tagged(tags_all=TAGS)]
)
def test_a_resource_that_states_no_bytes_is_unknown(values: dict[str, Any]) -> None:
    assert answer(values) == ("unknown", "it does not state the SHA-256 of what it publishes")


def test_a_digest_in_a_tag_states_nothing() -> None:
    assert answer({"tags": TAGS | {"source_hash": JUDGED}})[0] == "unknown"


@pytest.mark.parametrize(
    ("report", "why"),
    [
        ({"kind": "model"}, "of another gate"),
        ({"policy": OTHER}, "by another policy"),
        ({"policy": ""}, "by another policy"),
        ({"made": None}, "does not say when"),
        ({"made": NOW + timedelta(minutes=6)}, "a time to come"),
        ({"made": NOW - timedelta(hours=169)}, "older than 168h"),
    ],
    ids=str,
)
def test_a_report_that_is_not_of_this_policy_gate_and_week_is_none(report: dict[str, Any], why: str) -> None:
    found, said = answer(tagged(source_hash=JUDGED), **report)
    assert found == "no"
    assert why in said


def test_a_report_of_the_last_minute_of_its_week_counts() -> None:
    assert answer(tagged(source_hash=JUDGED), made=NOW - timedelta(hours=168))[0] == "yes"


@pytest.mark.parametrize("tag", [OTHER, REPORT[:31], "", " ", REPORT.upper()])
def test_a_tag_that_names_no_report_is_told(tag: str) -> None:
    found, why = answer({"tags": {"gatecli-evidence": tag}, "source_hash": JUDGED})
    assert (found, why) == ("no", "no report that was given has the digest in its tag")


def test_without_a_tag_nothing_is_said() -> None:
    assert answer({"source_hash": JUDGED}) == ("no", "")


def test_a_tag_that_is_known_after_the_apply_is_unknown() -> None:
    found, _ = answer({}, marks={"tags": {"gatecli-evidence": True}})
    assert found == "unknown"


def test_without_evidence_every_report_is_too_old() -> None:
    assert TaggedReports().moment.year == 9999
