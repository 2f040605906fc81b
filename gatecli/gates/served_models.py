"""Workloads that serve a model, for every front door: what a policy demands of them, and the check of one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from gatecli.checks.personal_data import Search
from gatecli.checks.served_models import (
    AttestationSource,
    ServingDemands,
    find_unattested_workload,
    judge_workload,
    object_rows,
    served_by_object,
    sources_of,
)
from gatecli.checks.terraform.form_table import table_of
from gatecli.gates import RELEASE
from gatecli.gates.objects import CHECKS, Object, ObjectCheck, ObjectRequest, Seen
from gatecli.gates.trust_policy import reader_by, trust_by_policy
from gatecli.gates.verification_requests import StatementKind, VerifierDemands
from gatecli.model.document import Place
from gatecli.model.policy import PrivacyPolicy
from gatecli.pii.redaction import redact_text
from gatecli.pii.scanning import scan


def serving_demands(policy: PrivacyPolicy) -> ServingDemands | None:
    """What a policy demands of workloads that serve a model; None where it demands nothing.

    Raises ConfigurationError for a key that is none.
    """
    rules = policy.spec.attestation
    if not rules.are_demanded_of_workloads:
        return None
    trust = trust_by_policy(policy, VerifierDemands(StatementKind.RELEASE, ()))
    rows = object_rows(table_of(policy.spec.terraform))
    return ServingDemands(trust, rules.workloads, rows, reader_by(trust))


def checks_of(demands: ServingDemands | None) -> tuple[ObjectCheck, ...]:
    """All kinds of checks of an object of a cluster, by what a policy demands."""
    return CHECKS if demands is None else (*CHECKS, served_model_check(demands))


def served_model_check(demands: ServingDemands) -> ObjectCheck:
    """The check of what an object serves."""
    serves, find = partial(_serves_model, demands), partial(_find_unattested, demands)
    return ObjectCheck(RELEASE, serves, find, of_copies=False, of_leaves=False)


def wanted_sources(obj: Object, demands: ServingDemands) -> tuple[AttestationSource, ...]:
    """Where attestations of an object may be, beside its own annotations."""
    served = served_by_object(obj, demands.rows)
    return () if served is None else sources_of(served, demands.rules)


def _serves_model(demands: ServingDemands, obj: Object, text: str, search: Search) -> bool:
    del text, search
    return served_by_object(obj, demands.rows) is not None


def _find_unattested(demands: ServingDemands, request: ObjectRequest) -> Iterator[Seen]:
    served = served_by_object(request.object, demands.rows)
    if served is None:
        return
    judged = judge_workload(served, request.attestations, demands, request.terms.today)
    if judged.answer != "yes":
        place = Place(request.raw.path)
        yield find_unattested_workload(served, judged, demands.rules, _subject(request), place), None


def _subject(request: ObjectRequest) -> str:
    """`Kind/name`; a name that is itself personal data is masked."""
    metadata = request.object.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not name:
        return request.raw.path
    shown = redact_text(name, scan(request.search.detector, name, ("metadata", "name")).detections)
    return f"{request.raw.path}/{shown}"
