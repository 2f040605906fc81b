"""Workloads of a plan that serve a model in a cluster: each must name an attestation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gatecli.checks.served_models import (
    AttestationSource,
    GivenAttestations,
    JudgedWorkload,
    Serving,
    bundle_bytes,
    find_unattested_workload,
    is_of_cluster,
    judge_workload,
    sources_of,
)
from gatecli.checks.terraform.form_matches import JudgedForm, Publisher, publishers_in
from gatecli.checks.terraform.resource_types import MODEL
from gatecli.model.document import Place
from gatecli.model.finding import Finding
from gatecli.model.plan import Plan, config_address
from gatecli.model.plan_values import parts_of, values_of

_CONFIG_MAPS = {"kubernetes_config_map", "kubernetes_config_map_v1"}


def find_unattested_workloads(plan: Plan, forms: Sequence[JudgedForm], serving: Serving) -> Iterator[Finding]:
    """The workloads without an attestation; each resource once, whatever its instances are."""
    certain = publishers_in(forms)
    known = {id(each.resource) for each in certain}
    asked = [(each, "") for each in certain]
    for form in forms:
        if form.form.needs_gate and id(form.resource) not in known:
            later = f"its {form.judged.argument} is known only after the apply"
            asked.append((Publisher(form.resource, form.form), later))
    told: set[tuple[str, str]] = set()
    for publisher, doubt in asked:
        judged = judge_in_plan(plan, publisher, serving) if _is_asked(publisher) else JudgedWorkload("yes")
        if judged.answer == "yes" or (publisher.address, doubt or judged.why) in told:
            continue
        told.add((publisher.address, doubt or judged.why))
        if doubt:
            judged = JudgedWorkload("unknown", doubt)
        place = Place(plan.path, pointer=publisher.resource.pointer or None)
        yield find_unattested_workload(publisher, judged, serving.demands.rules, publisher.address, place)


def _is_asked(each: Publisher) -> bool:
    return each.form.holds == MODEL and not each.form.routes and is_of_cluster(each.resource)


def judge_in_plan(plan: Plan, publisher: Publisher, serving: Serving) -> JudgedWorkload:
    """Whether what serves a model is attested, by what it names, the plan holds, and was given."""
    sources = sources_of(publisher, serving.demands.rules)
    held = [_attestations_at(plan, source) for source in sources]
    given = replace(
        serving.given,
        found=(*serving.given.found, *(each for found in held for each in found.found)),
        unread=(*serving.given.unread, *(why for found in held for why in found.unread)),
    )
    return judge_workload(publisher, given, serving.demands, serving.today)


def _attestations_at(plan: Plan, source: AttestationSource) -> GivenAttestations:
    """What a plan holds of a source: a ConfigMap that it makes; a registry is not asked."""
    if source.kind == "registry":
        return GivenAttestations(unread=(f"{source} is not asked here: give the attestation as evidence",))
    for each in plan.resources:
        names = values_of(parts_of(each, "metadata.name")).known if each.type in _CONFIG_MAPS else ()
        if source.name in names and not each.is_leaving:
            texts = values_of(parts_of(each, "data.*"))
            found = tuple((config_address(each.address), bundle_bytes(str(text))) for text in texts.known)
            late = (f"{source} is known only after the apply",) if texts.later else ()
            return GivenAttestations(found, late)
    return GivenAttestations(unread=(f"{source} is not in the plan: give the attestation as evidence",))
