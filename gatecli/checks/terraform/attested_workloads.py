"""Workloads of a plan that serve a model in a cluster: each must name an attestation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gatecli.checks.served_models import (
    MANIFEST,
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
from gatecli.model.plan import Plan, PlannedResource, config_address
from gatecli.model.plan_values import Values, parts_of, values_of

_CONFIG_MAPS = {"kubernetes_config_map", "kubernetes_config_map_v1"}
_DEFAULT = ("default",)
"""The namespace of what names none."""


def find_unattested_workloads(plan: Plan, forms: Sequence[JudgedForm], serving: Serving) -> Iterator[Finding]:
    """The workloads without an attestation; each resource once, whatever its instances are."""
    certain = publishers_in(forms)
    known = {id(each.resource) for each in certain}
    asked = [(each, "") for each in certain if _is_asked(each)]
    for form in forms:
        publisher = Publisher(form.resource, form.form)
        if form.form.needs_gate and id(form.resource) not in known and _is_asked(publisher):
            asked.append((publisher, f"its {form.judged.argument} is known only after the apply"))
    told: set[tuple[str, str]] = set()
    for publisher, doubt in asked:
        judged = judge_in_plan(plan, publisher, serving)
        if judged.answer != "yes" and doubt:
            judged = JudgedWorkload("unknown", doubt)
        if judged.answer == "yes" or (publisher.address, judged.why) in told:
            continue
        told.add((publisher.address, judged.why))
        place = Place(plan.path, pointer=publisher.resource.pointer or None)
        yield find_unattested_workload(publisher, judged, serving.demands.rules, publisher.address, place)


def _is_asked(each: Publisher) -> bool:
    return each.form.holds == MODEL and not each.form.routes and is_of_cluster(each.resource)


def judge_in_plan(plan: Plan, publisher: Publisher, serving: Serving) -> JudgedWorkload:
    """Whether what serves a model is attested, by what it names, the plan holds, and was given."""
    sources = sources_of(publisher, serving.demands.rules)
    held = [_attestations_at(plan, source, publisher.resource) for source in sources]
    given = replace(
        serving.given,
        found=(*serving.given.found, *(each for found in held for each in found.found)),
        unread=(*serving.given.unread, *(why for found in held for why in found.unread)),
        empty=(*serving.given.empty, *(why for found in held for why in found.empty)),
    )
    return judge_workload(publisher, given, serving.demands, serving.today)


def _attestations_at(plan: Plan, source: AttestationSource, near: PlannedResource) -> GivenAttestations:
    """What a plan holds of a source: a ConfigMap that it makes in the namespace of `near`; a registry is not
    asked.
    """
    if source.kind == "registry":
        return GivenAttestations(unread=(f"{source} is not asked here: give the attestation as evidence",))
    maps = [each for each in plan.resources if not each.is_leaving and _is_map(each, source.name, near)]
    if not maps:
        return GivenAttestations(unread=(f"{source} is not in the plan: give the attestation as evidence",))
    texts = [(config_address(each.address), _values(each, "data.*")) for each in maps]
    found = ((address, bundle_bytes(str(text))) for address, held in texts for text in held.known)
    if any(held.later for _, held in texts):
        return GivenAttestations(tuple(found), (f"{source} is known only after the apply",))
    is_empty = not any(held.known for _, held in texts)
    return GivenAttestations(tuple(found), empty=(f"{source} is empty",) if is_empty else ())


def _is_map(resource: PlannedResource, name: str, near: PlannedResource) -> bool:
    """Whether a resource is a ConfigMap of that name, in the same namespace as far as the plan says."""
    if not (resource.type in _CONFIG_MAPS or _is_manifest_of_map(resource)):
        return False
    own, its = (_values(each, "metadata.namespace") for each in (resource, near))
    is_near = own.later or its.later or (own.known or _DEFAULT) == (its.known or _DEFAULT)
    return name in _values(resource, "metadata.name").known and is_near


def _is_manifest_of_map(resource: PlannedResource) -> bool:
    is_manifest = resource.type == MANIFEST
    return is_manifest and values_of(parts_of(resource, "manifest.kind")).known == ("ConfigMap",)


def _values(resource: PlannedResource, path: str) -> Values:
    """The values at a path of an object, whether it stands in HCL or in a manifest."""
    return values_of((*parts_of(resource, path), *parts_of(resource, f"manifest.{path}")))
