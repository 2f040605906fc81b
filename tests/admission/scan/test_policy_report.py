"""Policy reports: their form, their bounds, and no value in them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from admission.policy_loader import unread
from admission.scan.judgement import ScanContext, look
from admission.scan.kinds import SECRET
from admission.scan.policy_report import MOST_BYTES, MOST_RESULTS, cluster_report_of, report_of, within
from admission.scan.scanner import Listed, ScanPass, Tally
from gatecli.errors import GatecliError
from gatecli.model.waiver import PlacedWaiver
from tests.support.reviews import OTHER_ID, RESIDENT_ID, TODAY, rulebook, still, waiver
from tests.support.scans import BY_NAME, config_map


def seen_of(
    *objects: dict[str, Any], waivers: tuple[PlacedWaiver, ...] = (), **spec: Any
) -> tuple[Tally, ScanPass]:
    book = rulebook(*waivers, **spec)
    listed, tally = Listed(BY_NAME["ConfigMap"]), Tally()
    for obj in objects:
        tally.add(look(obj, listed.kind, "v1", ScanContext(book, TODAY, still)), None)
    listed.namespaces["team-a"] = tally
    return tally, ScanPass(book, [listed])


def reported(*objects: dict[str, Any], **more: Any) -> dict[str, Any]:
    return report_of("team-a", *seen_of(*objects, **more))


def test_a_finding_is_a_result_about_its_object() -> None:
    report = reported(config_map(), config_map("clean", "x"))
    assert (report["kind"], report["metadata"]["name"]) == ("PolicyReport", "gatecli")
    assert report["summary"] == {"pass": 1, "fail": 1, "warn": 0, "error": 0, "skip": 0}
    (result,) = report["results"]
    assert (result["policy"], result["rule"], result["result"]) == ("test", "pii-cn-resident-id", "fail")
    assert result["resources"] == [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "namespace": "team-a",
            "name": "notes",
            "uid": "ConfigMap-notes",
        }
    ]
    assert result["properties"]["pointer"] == "/data/customer"
    assert RESIDENT_ID not in json.dumps(report)


@pytest.mark.parametrize(
    ("mode", "entity", "told", "severity"),
    [
        ("deny", "deny", "fail", "high"),
        ("deny", "mask", "fail", "high"),
        ("deny", "warn", "warn", "medium"),
        ("deny", "audit", "warn", "low"),
        ("warn", "deny", "warn", "high"),
        ("audit", "deny", "warn", "high"),
    ],
)
def test_a_result_fails_where_the_webhook_would_refuse(
    mode: str, entity: str, told: str, severity: str
) -> None:
    spec: dict[str, Any] = {"admission": {"mode": mode}, "pii": {"entities": {"CN_RESIDENT_ID": entity}}}
    (result,) = reported(config_map(), **spec)["results"]
    assert (result["result"], result["severity"]) == (told, severity)


def test_what_is_waived_is_told_as_skipped_and_by_which_waiver() -> None:
    report = reported(config_map(), waivers=(waiver(subject="ConfigMap/notes"),))
    assert report["summary"] == {"pass": 1, "fail": 0, "warn": 0, "error": 0, "skip": 1}
    assert report["results"][0]["properties"]["waiver"] == "w"


def test_what_was_not_listed_is_an_error_in_every_report() -> None:
    tally, scan = seen_of(config_map())
    scan = ScanPass(
        scan.rulebook, scan.kinds, (unread("pods could not be listed", "pods", GatecliError("403")),)
    )
    report = report_of("team-a", tally, scan)
    assert [result["result"] for result in report["results"]] == ["error", "fail"]
    assert report["summary"]["error"] == 1


def test_the_cluster_s_report_says_which_kinds_were_left_out() -> None:
    _, scan = seen_of(config_map())
    left_out = Listed(SECRET, skipped="the settings say scan_secrets: false")
    report = cluster_report_of(Tally(), ScanPass(scan.rulebook, [*scan.kinds, left_out]), {"a": "b"})
    assert (report["kind"], report["metadata"]["annotations"]) == ("ClusterPolicyReport", {"a": "b"})
    assert "namespace" not in report["metadata"]
    assert [(result["result"], "secrets" in result["message"]) for result in report["results"]] == [
        ("skip", True)
    ]


def test_the_same_objects_in_another_order_give_the_same_bytes() -> None:
    some = [config_map("a"), config_map("b", OTHER_ID), config_map("c")]
    assert json.dumps(reported(*some)) == json.dumps(reported(*reversed(some)))


def test_a_name_that_is_personal_data_is_not_in_the_report() -> None:
    report = reported(config_map(f"of-{RESIDENT_ID}"))
    assert report["summary"]["fail"] >= 2
    assert RESIDENT_ID not in json.dumps(report)


def test_the_worst_stay_and_the_rest_is_counted() -> None:
    objects = [config_map(f"n{number:04}") for number in range(MOST_RESULTS + 50)]
    report = reported(*objects, waivers=(waiver(subject="ConfigMap/n0000"),))
    *kept, last = report["results"]
    assert len(report["results"]) == MOST_RESULTS
    assert {result["result"] for result in kept} == {"fail"}
    assert last["message"].startswith("51 more results are left out")
    assert report["summary"]["fail"] == MOST_RESULTS + 49


def test_exactly_as_many_as_fit_are_all_told() -> None:
    report = reported(*(config_map(f"n{number:04}") for number in range(MOST_RESULTS)))
    assert [result["rule"] for result in report["results"]] == ["pii-cn-resident-id"] * MOST_RESULTS


def test_no_message_is_longer_than_it_may_be_or_holds_a_line_break() -> None:
    long = {"metadata": {"name": "n", "namespace": "team-a"}, "data": {"k\n" * 5_000: RESIDENT_ID}}
    for result in reported(long)["results"]:
        assert all(len(text) <= 1_000 for text in (result["message"], *result["properties"].values()))
        assert "\n" not in result["message"]


def test_one_result_larger_than_a_report_is_left_out_and_counted() -> None:
    huge = {"policy": "p", "message": "x" * MOST_BYTES}
    (result,) = within([huge], 1, 200, "p")
    assert result["message"].startswith("1 more results")
