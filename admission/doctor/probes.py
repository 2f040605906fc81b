"""What `doctor` asks of an installation, but for its webhooks and certificates (`probes_of_webhooks`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from admission.cluster.conditions import ready
from admission.cluster.leader_election import LeaseRecord, from_object
from admission.doctor.cluster_snapshot import DEPLOYMENT, REPORTS, Object, pod_of
from admission.doctor.diagnosis import APPLY, SOON, DiagnosisLine, Probe, Scene, fail, ok, some, warn
from gatecli.model.waiver import PrivacyWaiver

OLDEST = (1, 21)
"""The Kubernetes whose namespaces are labelled by their names, and which has policy/v1."""
SHOWN = 10
"""How many waivers have a line of their own."""
_LEAST_LEASE = timedelta(seconds=60)
"""Clocks differ; a lease of 15 seconds that is a minute old is nobody's."""


def server(scene: Scene) -> Iterator[DiagnosisLine]:
    version = scene.object_at("version") or {}
    shown = f"Kubernetes {version.get('gitVersion', 'of an unknown version')}"
    numbers = [
        int("".join(filter(str.isdigit, str(version.get(part, "")))) or 0) for part in ("major", "minor")
    ]
    if tuple(numbers) < OLDEST:
        yield warn(
            f"{shown} is older than the manifests are made for ({OLDEST[0]}.{OLDEST[1]})",
            "label kube-system gatecli.dev/unchecked=true, and leave out the PodDisruptionBudget",
        )
    else:
        yield ok(shown)


def definitions(scene: Scene) -> Iterator[DiagnosisLine]:
    for key, kind in (("policies", "PrivacyPolicy"), ("waivers", "PrivacyWaiver")):
        found = scene.object_at(key)
        if found is None:
            yield fail(f"the definition of {kind} is missing", APPLY)
        elif not _is_served(found):
            yield fail(f"the definition of {kind} is not served", f"{APPLY}, and look at its status")
        else:
            yield ok(f"{kind} is served")


def _is_served(definition: Object) -> bool:
    conditions = definition.get("status", {}).get("conditions") or ()
    established = any(each["type"] == "Established" and each["status"] == "True" for each in conditions)
    versions = definition["spec"]["versions"]
    return established and any(each["name"] == "v1" and each["served"] for each in versions)


def deployment(scene: Scene) -> Iterator[DiagnosisLine]:
    found = scene.object_at(DEPLOYMENT)
    namespace = scene.subject.namespace
    if found is None:
        yield fail(f"there is no Deployment {scene.subject.name} in {namespace}", APPLY)
        return
    if scene.subject.settings is None:
        yield fail("the Deployment gives settings that cannot be read", "see its Pods' logs: they name each")
    wanted, there = found["spec"].get("replicas", 1), found.get("status", {}).get("availableReplicas") or 0
    look = f"kubectl -n {namespace} describe pods, and logs deployment/{scene.subject.name}"
    if not there:
        yield fail(f"none of {wanted} replicas is available", look)
    elif there < wanted:
        yield warn(f"{there} of {wanted} replicas are available", look)
    elif wanted == 1:
        yield warn("a single replica answers, so every restart is an outage", "run two: --replicas 2")
    else:
        yield ok(f"{there} of {wanted} replicas are available")


def service(scene: Scene) -> Iterator[DiagnosisLine]:
    found, pods = scene.object_at("service"), scene.object_at(DEPLOYMENT)
    if found is None:
        yield fail("there is no Service, so the API server finds no replica", APPLY)
        return
    labels = ((pods or {}).get("spec", {}).get("template", {}).get("metadata", {}).get("labels")) or {}
    selector = found["spec"].get("selector") or {}
    if pods is not None and not selector.items() <= labels.items():
        yield fail("the Service selects other Pods than the Deployment's", APPLY)
    else:
        yield ok("the Service selects the replicas")


def policy(scene: Scene) -> Iterator[DiagnosisLine]:
    settings, found = scene.subject.settings, scene.object_at("policy")
    if _judges_by_a_file(scene):
        yield ok("a policy file is in force, not a PrivacyPolicy")
    elif found is None:
        name = settings.policy_name if settings else "default"
        yield warn(f"there is no PrivacyPolicy {name}; the shipped policy is in force", APPLY)
    else:
        yield from _policy(found)


def _judges_by_a_file(scene: Scene) -> bool:
    settings = scene.subject.settings
    containers = pod_of(scene.object_at(DEPLOYMENT) or {}).get("containers") or ()
    by_option = any("--policy" in (each.get("args") or ()) for each in containers)
    return by_option or (settings is not None and settings.policy is not None)


def _policy(found: Object) -> Iterator[DiagnosisLine]:
    name, generation = found["metadata"]["name"], found["metadata"].get("generation", 0)
    condition = ready(found.get("status") or {})
    see = f"kubectl get privacypolicy {name} -o yaml"
    if not condition:
        yield warn(f"no replica has read the PrivacyPolicy {name} yet", "wait for a leader; see its logs")
    elif condition.get("observedGeneration") != generation:
        told = condition.get("observedGeneration")
        yield warn(
            f"generation {generation} of {name} has not been read yet, {told} has", "wait for a leader"
        )
    elif condition["status"] != "True":
        yield fail(f"{name} cannot be used; the last good one stays in force: {condition['message']}", see)
    else:
        yield ok(f"generation {generation} of {name} is in force")
    yield from _mode((found.get("spec") or {}).get("admission") or {}, name)


def _mode(rules: Object, name: str) -> Iterator[DiagnosisLine]:
    """What a policy lets through on purpose: nobody should have to remember it."""
    edit = f"kubectl edit privacypolicy {name}"
    if (mode := rules.get("mode") or "deny") in {"audit", "warn"}:
        yield warn(f"{name} sets mode: {mode}, so nothing is refused", f"{edit}: mode: deny")
    spaces = sorted((rules.get("namespaces") or {}).items())
    if exempt := [pattern for pattern, own in spaces if own.get("exempt")]:
        yield warn(f"{name} exempts {some(exempt)}", f"{edit}, if that is no longer wanted")
    if rules.get("onIncomplete") == "warn":
        yield warn(
            f"{name} admits objects that could not be searched to the end", f"{edit}: onIncomplete: deny"
        )


def waivers(scene: Scene) -> Iterator[DiagnosisLine]:
    held = scene.items("all waivers")
    lines = [line for each in sorted(held, key=_full_name) if (line := _waiver(each, scene.at.date()))]
    yield from lines[:SHOWN]
    if len(lines) > SHOWN:
        all_of_them = "kubectl get privacywaivers --all-namespaces"
        yield warn(f"{len(lines) - SHOWN} more waivers have the same problem", all_of_them)
    if not lines:
        yield ok(f"waivers: {len(held)}; none expires within {SOON.days} days")


def _waiver(item: Object, today: date) -> DiagnosisLine | None:
    namespace, name = item["metadata"].get("namespace", ""), item["metadata"]["name"]
    shown, delete = f"{namespace}/{name}", f"kubectl -n {namespace} delete privacywaiver {name}"
    content = {"apiVersion": "gatecli.dev/v1", "kind": "PrivacyWaiver", "metadata": {"name": name}}
    told = ready(item.get("status") or {})
    try:
        last = PrivacyWaiver.from_file({**content, "spec": item.get("spec")}).expiry
    except ValueError:
        told = {"reason": "Invalid"}
    if told.get("reason") == "Invalid":
        return warn(f"the waiver {shown} is not valid and forgives nothing", f"fix its spec, or {delete}")
    if last is None:
        return warn(
            f"the waiver {shown} has no date that can be read, so it counts as expired", "write YYYY-MM-DD"
        )
    if last < today:
        return warn(f"the waiver {shown} expired on {last}", f"renew it with a reason, or {delete}")
    if last <= today + SOON:
        return warn(
            f"the waiver {shown} expires on {last}", "fix what it forgives, or renew it with a reason"
        )
    return None


def _full_name(item: Object) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def lease(scene: Scene) -> Iterator[DiagnosisLine]:
    found = scene.object_at("lease")
    record = from_object(found) if found else LeaseRecord()
    look = f"kubectl -n {scene.subject.namespace} logs deployment/{scene.subject.name}"
    if not record.holder:
        yield warn("no replica leads: certificates are not renewed and no status is written", look)
    elif (age := _age(record.renewed, scene.at)) is None or age > _LEAST_LEASE:
        yield warn(
            f"{record.holder} led until {record.renewed or 'an unknown time'}, and no replica leads now", look
        )
    else:
        yield ok(f"{record.holder} leads")


def _age(time: str, now: datetime) -> timedelta | None:
    try:
        return now - datetime.fromisoformat(time)
    except (ValueError, TypeError):
        return None


def reports(scene: Scene) -> Iterator[DiagnosisLine]:
    if scene.object_at("reports") is None:
        yield warn(
            f"the definition {REPORTS} is missing, so no PolicyReport can be written",
            "gatecli-admission manifests --with policy-reports | kubectl apply -f -, if you want them",
        )
    else:
        yield ok("PolicyReports can be written")


FIRST = (
    Probe("server", ("version",), server),
    Probe("definitions", ("policies", "waivers"), definitions),
    Probe("deployment", (DEPLOYMENT,), deployment),
    Probe("service", ("service", DEPLOYMENT), service),
)
LAST = (
    Probe("policy", ("policy", DEPLOYMENT), policy),
    Probe("waivers", ("all waivers",), waivers),
    Probe("leader", ("lease",), lease),
    Probe("reports", ("reports",), reports),
)
