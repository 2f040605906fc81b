"""Tags that name evidence: what the evidence is bound to, one by one."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gatecli.checks.terraform.form_table import GENERIC_READS, shipped_forms
from gatecli.checks.terraform.tagged_evidence import Attestation, TaggedReports, judge_tag
from gatecli.model.plan import PlannedResource
from gatecli.model.plan_forms import PlanForm
from gatecli.model.policy import stamp
from gatecli.sources.policy import default_policy

NOW = datetime(2026, 1, 8, tzinfo=UTC)
POLICY = default_policy()
DATA = b"age,zip\n30,10115\n"
JUDGED = hashlib.sha256(DATA).hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()
REPORT = hashlib.sha256(b"report").hexdigest()
TAGS = {"gatecli-evidence": REPORT}


def row(type_: str) -> PlanForm:
    """The row by which a type publishes."""
    return next(form for form in shipped_forms() if form.type == type_ and form.needs_gate)


OWN = PlanForm(type="my_table", reads=GENERIC_READS)
OBJECT, BLOB, MODEL = row("aws_s3_object"), row("azurerm_storage_blob"), row("aws_sagemaker_model")


def answer(
    values: dict[str, Any],
    form: PlanForm = OBJECT,
    *,
    marks: Any = False,
    files: dict[str, str] | None = None,
    **report: Any,
) -> tuple[str, str]:
    made: dict[str, Any] = {
        "kind": form.holds,
        "inputs": frozenset({JUDGED}),
        "policy": stamp(POLICY).sha256,
        "made": NOW,
        "paths": {JUDGED: frozenset({"data.csv"})},
    }
    evidence = TaggedReports({REPORT: Attestation(**(made | report))}, NOW)
    resource = PlannedResource("a.b", "managed", "a", "b", values=values, unknown=marks)
    found = judge_tag(resource, form, evidence, POLICY, files or {})
    return found.answer, found.why


def tagged(**values: Any) -> dict[str, Any]:
    return {"tags": TAGS} | values


def container(**values: Any) -> dict[str, Any]:
    return {"image": "registry.example.org/server:1"} | values


IMAGE = f"registry.example.org/model@sha256:{JUDGED}"


@pytest.mark.parametrize(
    ("form", "values"),
    [
        (OBJECT, tagged(source="data.csv", source_hash=JUDGED)),
        (OBJECT, tagged(source="./data.csv", source_hash=JUDGED)),
        (
            OBJECT,
            tagged(source="data.csv", checksum_sha256=base64.b64encode(bytes.fromhex(JUDGED)).decode()),
        ),
        (OBJECT, tagged(content=DATA.decode())),
        (OBJECT, tagged(content_base64=base64.b64encode(DATA).decode())),
        (OBJECT, {"labels": {"gatecli_evidence": REPORT[:63]}, "source": "data.csv", "source_hash": JUDGED}),
        (BLOB, tagged(source_content=DATA.decode())),
        (MODEL, tagged(primary_container=[container(model_data_url=f"s3://models/{JUDGED}/m.tar.gz")])),
        (MODEL, tagged(container=[container(image=IMAGE), container(image=IMAGE)])),
        (OWN, tagged(containers=[{"image": IMAGE}])),
        (OWN, tagged(model_data_url=f"s3://models/{JUDGED}.tar.gz")),
    ],
    ids=str,
)
def test_a_resource_that_reads_the_bytes_that_were_judged_is_attested(
    form: PlanForm, values: dict[str, Any]
) -> None:
    assert answer(values, form) == ("yes", "")


@pytest.mark.parametrize(
    ("form", "values"),
    [
        (OBJECT, tagged(source="data.csv", source_hash=OTHER)),
        (OBJECT, tagged(content="other")),
        (OBJECT, tagged(content="other", source_hash=JUDGED)),
        (OBJECT, tagged(content_base64="no base64")),
        (OWN, tagged(image=f"model@sha256:{OTHER}")),
        (MODEL, tagged(container=[container(image=IMAGE), container(image=f"m@sha256:{OTHER}")])),
        (
            MODEL,
            tagged(
                container=[container(image=IMAGE), container(model_data_url=f"s3://models/{OTHER}/m.tar.gz")]
            ),
        ),
    ],
    ids=str,
)
def test_a_resource_that_reads_other_bytes_is_not(form: PlanForm, values: dict[str, Any]) -> None:
    found, why = answer(values, form)
    assert found == "no"
    assert "other data" in why


@pytest.mark.parametrize(
    ("form", "values"),
    [
        (OBJECT, tagged()),
        (OBJECT, tagged(source="data.csv")),
        (OBJECT, tagged(source="data.csv", source_hash="v1")),
        (OBJECT, tagged(tags_all=TAGS)),
        (MODEL, tagged(primary_container=[container(model_data_url="s3://models/m.tar.gz")])),
        (MODEL, tagged(primary_container=[container()])),
    ],
    ids=str,
)
def test_a_resource_that_states_no_bytes_is_unknown(form: PlanForm, values: dict[str, Any]) -> None:
    found, why = answer(values, form)
    assert found == "unknown"
    assert why.endswith("does not state the SHA-256 of what it publishes")


@pytest.mark.parametrize(
    ("form", "values"),
    [
        (OBJECT, tagged(source="raw.csv", metadata={"sha256": JUDGED})),
        (OBJECT, tagged(source="raw.csv", tags_all={"source_hash": JUDGED})),
        (OBJECT, tagged(source_hash=JUDGED)),
        (OBJECT, tagged(source="raw.csv", source_hash=JUDGED)),
        (OBJECT, tagged(source="raw/data.csv", source_hash=JUDGED)),
        (OWN, tagged(artifact_uri=f"https://example.org/{JUDGED}/../raw.csv")),
        (OWN, tagged(artifact_uri=f"https://example.org/{JUDGED}/%2e%2e/raw.csv")),
        (OWN, tagged(artifact_uri=f"https://example.org/raw.csv?digest={JUDGED}")),
        (MODEL, tagged(primary_container=[container(image=f"registry.example.org/{JUDGED}/model:1")])),
        (
            MODEL,
            tagged(
                primary_container=[
                    container(
                        environment={"MODEL": IMAGE, "uri": f"s3://models/{JUDGED}/m.tar.gz"},
                        model_data_url="s3://models/raw.tar.gz",
                    )
                ]
            ),
        ),
        (
            MODEL,
            tagged(container=[container(image=IMAGE), container(model_data_url="s3://models/raw.tar.gz")]),
        ),
    ],
    ids=str,
)
def test_a_digest_of_the_judged_file_beside_what_is_read_states_nothing(
    form: PlanForm, values: dict[str, Any]
) -> None:
    assert answer(values, form)[0] == "unknown"


@pytest.mark.parametrize(
    ("values", "files", "expected"),
    [
        (tagged(source="data.csv"), {"data.csv": JUDGED}, "yes"),
        (tagged(source="copy.csv"), {"copy.csv": JUDGED}, "yes"),
        (tagged(source="data.csv", source_hash=JUDGED), {"data.csv": OTHER}, "no"),
        (tagged(source="raw.csv", source_hash=JUDGED), {"raw.csv": OTHER}, "no"),
        (tagged(source="raw.csv", source_hash=JUDGED), {"data.csv": JUDGED}, "unknown"),
    ],
)
def test_a_file_that_is_there_says_itself_what_it_is(
    values: dict[str, Any], files: dict[str, str], expected: str
) -> None:
    assert answer(values, files=files)[0] == expected


def test_bytes_that_only_the_apply_knows_are_unknown() -> None:
    found, why = answer(tagged(source_hash=JUDGED), marks={"source": True})
    assert (found, why) == ("unknown", "its source is known only after the apply")


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
    found, said = answer(tagged(source="data.csv", source_hash=JUDGED), **report)
    assert found == "no"
    assert why in said


def test_a_report_of_the_last_minute_of_its_week_counts() -> None:
    assert answer(tagged(source="data.csv", source_hash=JUDGED), made=NOW - timedelta(hours=168))[0] == "yes"


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
