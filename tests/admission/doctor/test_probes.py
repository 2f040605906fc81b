"""What `doctor` says of what was seen, without a cluster."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from admission.commands.doctor import PROBES, as_json, as_text
from admission.deploy.rendering import NAMESPACE
from admission.doctor.cluster_snapshot import DEPLOYMENT
from admission.doctor.diagnosis import DiagnosisLine, Probe, Scene, diagnose, exit_code, ok, some
from admission.tls.certificates import issue, new_authority
from tests.support.installation import (
    NAME,
    NOW,
    SERVICE,
    authority,
    condition,
    encoded,
    leaf,
    namespace,
    scene_of,
    shown_secret,
    waiver,
    well,
)

Places = dict[str, Any]
Change = Callable[[Places], object]


def lines_after(change: Change) -> tuple[DiagnosisLine, ...]:
    places = well()
    change(places)
    return diagnose(PROBES, scene_of(places))


def at(*path: str | int) -> Callable[[Places, Any], None]:
    """Sets what stands at a path of keys."""

    def put(places: Places, value: Any) -> None:
        *above, last = path
        node: Any = places
        for key in above:
            node = node[key]
        node[last] = value

    return put


def setting(value: Any, *path: str | int) -> Change:
    return lambda places: at(*path)(places, value)


def gone(*keys: str) -> Change:
    return lambda places: [at(key)(places, None) for key in keys]


def hook(key: str, value: Any, which: str = "validating") -> Change:
    return setting(value, which, "webhooks", 0, key)


def policy_says(**admission: Any) -> Change:
    return lambda places: places["policy"]["spec"]["admission"].update(admission)


def env(name: str, value: str) -> Change:
    return lambda places: places[DEPLOYMENT]["spec"]["template"]["spec"]["containers"][0]["env"].append(
        {"name": f"GATECLI_ADMISSION_{name}", "value": value}
    )


def both(*changes: Change) -> Change:
    return lambda places: [change(places) for change in changes]


@pytest.mark.parametrize("certificates", ["self-signed", "cert-manager"])
def test_nothing_is_said_against_an_installation_in_which_all_is_well(certificates: Any) -> None:
    places = well(certificates)
    lines = diagnose(PROBES, scene_of(places))
    assert {line.state for line in lines} == {"ok"}
    assert {line.probe for line in lines} == {probe.name for probe in PROBES}
    assert exit_code(lines) == 0


STRANGER = new_authority(NOW)
FAILURES: dict[str, tuple[Change, str, str]] = {
    "no definition": (gone("policies"), "definitions", "the definition of PrivacyPolicy is missing"),
    "a definition that is not served": (
        setting([], "waivers", "status", "conditions"),
        "definitions",
        "the definition of PrivacyWaiver is not served",
    ),
    "no Deployment": (gone(DEPLOYMENT), "deployment", f"there is no Deployment {NAME} in {NAMESPACE}"),
    "no replica": (setting({}, DEPLOYMENT, "status"), "deployment", "none of 2 replicas is available"),
    "settings that nobody can read": (env("WORKERS", "many"), "deployment", "settings that cannot be read"),
    "no Service": (gone("service"), "service", "there is no Service"),
    "a Service of other Pods": (
        setting({"app": "other"}, "service", "spec", "selector"),
        "service",
        "selects other Pods",
    ),
    "no configuration": (gone("validating"), "validating", "there is no ValidatingWebhookConfiguration"),
    "no mutating configuration": (gone("mutating"), "mutating", "there is no MutatingWebhookConfiguration"),
    "an emptied configuration": (setting([], "validating", "webhooks"), "validating", "is empty"),
    "no bundle": (
        setting("", "validating", "webhooks", 0, "clientConfig", "caBundle"),
        "validating",
        "has no caBundle that can be read, so every object is refused",
    ),
    "no bundle, and open": (
        both(
            hook("failurePolicy", "Ignore"),
            lambda places: places["validating"]["webhooks"][0]["clientConfig"].pop("caBundle"),
        ),
        "validating",
        "so every object is admitted without a search",
    ),
    "a bundle that is none": (
        setting("bm8gUEVN", "mutating", "webhooks", 0, "clientConfig", "caBundle"),
        "mutating",
        "no caBundle that can be read",
    ),
    "a bundle that is no base64": (
        setting("¿", "mutating", "webhooks", 0, "clientConfig", "caBundle"),
        "mutating",
        "no caBundle that can be read",
    ),
    "another service": (
        setting("elsewhere", "validating", "webhooks", 0, "clientConfig", "service", "namespace"),
        "validating",
        f"calls elsewhere/{NAME}, not this installation",
    ),
    "a URL": (
        setting(
            {"url": "https://a.example/", "caBundle": encoded(authority().certificate)},
            "validating",
            "webhooks",
            0,
            "clientConfig",
        ),
        "validating",
        "calls https://a.example/, not this installation",
    ),
    "no webhook at all": (gone("validating", "mutating"), "namespaces", "no webhook is called"),
    "kube-system locked out": (
        hook("namespaceSelector", {}),
        "namespaces",
        "kube-system cannot start anything",
    ),
    "its own namespace locked out": (
        hook("namespaceSelector", {}, "mutating"),
        "namespaces",
        f"{NAMESPACE} cannot start anything while no replica answers: mutating need one",
    ),
    "no Secret": (gone("certificate"), "certificate", f"there is no Secret {NAME}-tls"),
    "an empty Secret": (setting({}, "certificate"), "certificate", "holds no certificate that can be read"),
    "a Secret of nonsense": (
        setting(shown_secret(b"nonsense"), "certificate"),
        "certificate",
        "holds no certificate that can be read",
    ),
    "a certificate that is over": (
        setting(
            shown_secret(issue(authority(), [SERVICE], NOW - timedelta(days=91)).certificate), "certificate"
        ),
        "certificate",
        "the certificate expired on 2026-11-20",
    ),
    "a certificate that does not hold yet": (
        setting(
            shown_secret(issue(authority(), [SERVICE], NOW + timedelta(days=1)).certificate), "certificate"
        ),
        "certificate",
        "the certificate is not valid before 2026-11-22",
    ),
    "a certificate of another name": (
        setting(shown_secret(leaf(90, "other.svc").certificate), "certificate"),
        "certificate",
        f"was not issued for {SERVICE}",
    ),
    "a certificate of nobody's name": (
        setting(shown_secret(authority().certificate), "certificate"),
        "certificate",
        f"was not issued for {SERVICE}",
    ),
    "a certificate of a stranger": (
        setting(shown_secret(issue(STRANGER, [SERVICE], NOW).certificate), "certificate"),
        "certificate",
        "the caBundle of validating and mutating does not verify the certificate",
    ),
    "a policy that cannot be used": (
        setting({"conditions": [condition("False", "Invalid", 3, "no such entity")]}, "policy", "status"),
        "policy",
        "default cannot be used; the last good one stays in force: no such entity",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_what_is_broken_fails_and_says_how_to_mend_it(name: str) -> None:
    change, probe, sentence = FAILURES[name]
    lines = lines_after(change)
    failed = [line for line in lines if line.state == "fail"]
    assert [line for line in failed if line.probe == probe and sentence in line.text], lines
    assert all(line.mend for line in failed)
    assert exit_code(lines) == 1


WARNINGS: dict[str, tuple[Change, str, str]] = {
    "an old server": (setting({"major": "1", "minor": "20"}, "version"), "server", "older than"),
    "a server without a version": (setting({}, "version"), "server", "older than"),
    "some replicas": (
        setting({"availableReplicas": 1}, DEPLOYMENT, "status"),
        "deployment",
        "1 of 2 replicas",
    ),
    "a single replica": (
        both(
            setting(1, DEPLOYMENT, "spec", "replicas"),
            setting({"availableReplicas": 1}, DEPLOYMENT, "status"),
        ),
        "deployment",
        "every restart is an outage",
    ),
    "an open webhook": (hook("failurePolicy", "Ignore"), "validating", "failurePolicy: Ignore"),
    "a webhook in a hurry": (
        hook("timeoutSeconds", 3),
        "validating",
        "waits 3 s, and an answer may take 4.5 s",
    ),
    "a webhook that answers late": (
        env("REQUEST_SECONDS", "9"),
        "mutating",
        "waits 5 s, and an answer may take 9 s",
    ),
    "an object selector": (
        hook("objectSelector", {"matchLabels": {"a": "b"}}),
        "validating",
        "by their own labels",
    ),
    "match conditions": (hook("matchConditions", [{"name": "a"}]), "validating", "by their own labels"),
    "resources left out": (
        lambda places: places["validating"]["webhooks"][0]["rules"].pop(2),
        "validating",
        "is not called for jobs, cronjobs",
    ),
    "updates left out": (
        lambda places: [
            rule.update(operations=["CREATE"]) for rule in places["mutating"]["webhooks"][0]["rules"]
        ],
        "mutating",
        "and 20 more",
    ),
    "a labelled namespace": (
        lambda places: places["namespaces"]["items"].append(
            namespace("x", **{"gatecli.dev/unchecked": "true"})
        ),
        "namespaces",
        "not searched, by label or by name: x",
    ),
    "a certificate that ends soon": (
        setting(shown_secret(leaf(5).certificate), "certificate"),
        "certificate",
        "the certificate expires in 5 days",
    ),
    "no policy": (gone("policy"), "policy", "the shipped policy is in force"),
    "a policy nobody looked at": (setting({}, "policy", "status"), "policy", "no replica has read"),
    "a policy of an older generation": (
        setting(4, "policy", "metadata", "generation"),
        "policy",
        "generation 4 of default has not been read yet, 3 has",
    ),
    "audit": (policy_says(mode="audit"), "policy", "sets mode: audit, so nothing is refused"),
    "warn": (policy_says(mode="warn"), "policy", "sets mode: warn"),
    "an exempt namespace": (
        policy_says(namespaces={"legacy-*": {"exempt": True, "reason": "r"}, "a": {"mode": "warn"}}),
        "policy",
        "default exempts legacy-*",
    ),
    "what was not finished is let in": (policy_says(onIncomplete="warn"), "policy", "could not be searched"),
    "a waiver that is over": (
        setting([waiver("w", "2026-11-20")], "all waivers", "items"),
        "waivers",
        "team-a/w expired on 2026-11-20",
    ),
    "a waiver that ends": (
        setting([waiver("w", "2026-12-05")], "all waivers", "items"),
        "waivers",
        "team-a/w expires on 2026-12-05",
    ),
    "a waiver without a date": (
        setting([waiver("w", "soon")], "all waivers", "items"),
        "waivers",
        "no date that can be read",
    ),
    "a waiver that is none": (
        setting([{"metadata": {"namespace": "n", "name": "w"}}], "all waivers", "items"),
        "waivers",
        "n/w is not valid",
    ),
    "a waiver of a rule that is none": (
        setting(
            [waiver("w", "2027-12-05", status={"conditions": [condition("False", "Invalid", 1)]})],
            "all waivers",
            "items",
        ),
        "waivers",
        "team-a/w is not valid",
    ),
    "many waivers": (
        setting([waiver(f"w{number:02}", "2026-11-20") for number in range(12)], "all waivers", "items"),
        "waivers",
        "2 more waivers",
    ),
    "no lease": (gone("lease"), "leader", "no replica leads"),
    "a lease given back": (setting({"holderIdentity": ""}, "lease", "spec"), "leader", "no replica leads"),
    "a lease that is over": (
        setting("2026-11-21T11:50:00.000000Z", "lease", "spec", "renewTime"),
        "leader",
        "pod-1 led until 2026-11-21T11:50:00.000000Z",
    ),
    "a lease without a time": (
        setting("", "lease", "spec", "renewTime"),
        "leader",
        "led until an unknown time",
    ),
    "no reports": (gone("reports"), "reports", "no PolicyReport can be written"),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_what_may_be_meant_is_a_warning_that_says_how_to_mend_it(name: str) -> None:
    change, probe, sentence = WARNINGS[name]
    lines = lines_after(change)
    told = [line for line in lines if line.state == "warn"]
    assert [line for line in told if line.probe == probe and sentence in line.text], lines
    assert all(line.mend for line in told)
    assert exit_code(lines) == 0


@pytest.mark.parametrize("key", list(well()))
def test_what_could_not_be_looked_at_is_never_well(key: str) -> None:
    lines = diagnose(PROBES, scene_of(well(), hidden=key))
    concerned = {probe.name for probe in PROBES if key in probe.needs}
    assert {line.probe for line in lines if line.state == "unknown"} == concerned
    assert not any(line.state == "ok" for line in lines if line.probe in concerned)
    assert exit_code(lines) == 4


def test_what_was_not_seen_outweighs_what_fails() -> None:
    assert exit_code([DiagnosisLine("fail", "a"), DiagnosisLine("unknown", "b")]) == 4


def test_a_diagnosis_of_nothing_is_no_pass() -> None:
    assert exit_code([]) == 4


def test_a_probe_that_says_nothing_has_found_nothing_out() -> None:
    silent = Probe("silent", (), lambda _: ())
    assert [line.state for line in diagnose([silent], scene_of(well()))] == ["unknown"]


def test_a_policy_file_needs_no_policy_in_the_cluster() -> None:
    def by_file(places: Places) -> None:
        places["policy"] = None
        places[DEPLOYMENT]["spec"]["template"]["spec"]["containers"][0]["args"] = [
            "run",
            "--policy",
            "/p.yaml",
        ]

    said = [line for line in lines_after(by_file) if line.probe == "policy"]
    assert said == [DiagnosisLine("ok", "a policy file is in force, not a PrivacyPolicy", probe="policy")]
    said = [
        line for line in lines_after(both(gone("policy"), env("POLICY", "/p.yaml"))) if line.probe == "policy"
    ]
    assert [line.state for line in said] == ["ok"]


def test_rules_with_stars_cover_what_they_mean() -> None:
    everything = {"apiGroups": ["*"], "resources": ["*", "*/*"], "operations": ["*"]}
    lines = lines_after(hook("rules", [everything]))
    assert {line.state for line in lines} == {"ok"}


@pytest.mark.parametrize(
    ("expression", "is_searched"),
    [
        ({"key": "team", "operator": "Exists"}, True),
        ({"key": "team", "operator": "DoesNotExist"}, False),
        ({"key": "team", "operator": "In", "values": ["a"]}, True),
        ({"key": "team", "operator": "In", "values": ["b"]}, False),
        ({"key": "team", "operator": "NotIn", "values": ["a"]}, False),
        ({"key": "absent", "operator": "NotIn", "values": ["a"]}, True),
    ],
)
def test_a_selector_is_read_as_the_api_server_reads_it(expression: dict[str, Any], is_searched: bool) -> None:  # noqa: FBT001 - a table's column
    places = well()
    places["namespaces"]["items"] = [namespace("x", team="a")]
    for key in ("validating", "mutating"):
        places[key]["webhooks"][0]["namespaceSelector"] = {"matchExpressions": [expression]}
    (line,) = [line for line in diagnose(PROBES, scene_of(places)) if line.probe == "namespaces"]
    assert (line.state == "ok") is is_searched


def test_the_secret_is_the_one_that_is_mounted() -> None:
    assert scene_of(well("cert-manager")).subject.secret == f"{NAME}-serving"
    assert scene_of(well()).subject.secret == f"{NAME}-tls"


def test_text_has_a_line_each_and_what_mends_it_below() -> None:
    text = as_text(
        [
            DiagnosisLine("fail", "it is broken", "mend it", "server"),
            DiagnosisLine("ok", "well", "", "policy"),
        ]
    )
    assert text.splitlines() == [
        "fail     server       it is broken",
        "                      fix: mend it",
        "ok       policy       well",
        "1 ok · 0 warn · 1 fail · 0 unknown",
    ]


def test_nothing_in_the_cluster_steers_a_terminal() -> None:
    assert "\x1b" not in as_text([DiagnosisLine("ok", "a\x1b[2Jb", "c\r", "server")])


def test_json_holds_what_text_says() -> None:
    shown = json.loads(as_json([DiagnosisLine("fail", "it is broken", "mend it", "server")]))
    assert shown == {
        "schema": "gatecli/doctor/v1",
        "exit_code": 1,
        "lines": [{"state": "fail", "probe": "server", "message": "it is broken", "remediation": "mend it"}],
        "summary": {"ok": 0, "warn": 0, "fail": 1, "unknown": 0},
    }


def test_a_long_list_of_names_is_cut() -> None:
    assert some(str(number) for number in range(12)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"


def test_a_scene_gives_what_was_found() -> None:
    def judge(scene: Scene) -> list[DiagnosisLine]:
        return [ok(str((scene.object_at("version") or {})["gitVersion"]))]

    (line,) = diagnose([Probe("p", ("version",), judge)], scene_of(well()))
    assert line == DiagnosisLine("ok", "v1.31.2", probe="p")
