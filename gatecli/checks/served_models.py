"""Workloads that serve a model: each must name an attestation that the policy trusts.

What serves a model is the table of Terraform's forms: an object of a cluster is what `kubernetes_manifest`
would create. Three-valued: an image without a digest, or a registry that does not answer, is neither a pass
nor, of itself, a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Literal

from gatecli.checks.attestation import TrustTerms
from gatecli.checks.signed_statements import SignedStatement, StatementReader, first_fault
from gatecli.checks.terraform.access_policies import Answer
from gatecli.checks.terraform.byte_arguments import ByteArgument, byte_arguments, own_digests
from gatecli.checks.terraform.form_conditions import index_of
from gatecli.checks.terraform.form_matches import JudgedForm, Publisher, judged_forms, publishers_in
from gatecli.checks.terraform.form_table import FormTable
from gatecli.checks.terraform.resource_types import MODEL
from gatecli.model.attestation import AttestedStatement
from gatecli.model.bounded_memory import OF_ENTRY, BoundedMemory
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.plan import Plan, PlannedResource
from gatecli.model.plan_forms import PlanForm
from gatecli.model.plan_values import parts_of, values_of
from gatecli.model.trust import ServedModelRules

UNATTESTED = Rule(
    "release-unattested-workload",
    Severity.ERROR,
    "A workload serves a model without an attestation that the policy trusts",
)
RULES: tuple[Rule, ...] = (UNATTESTED,)

INLINE = "gatecli.dev/attestation"
"""The annotation that holds an attestation, as `gatecli attest` wrote it."""
CONFIG_MAP = "gatecli.dev/attestation-configmap"
"""The annotation that names a ConfigMap of the same namespace, whose data are attestations."""
SERVES = "gatecli.dev/serves-model"
"""The label, or annotation, of a workload of any kind that serves a model."""

MANIFEST = "kubernetes_manifest"
"""The type whose rows are about objects of a cluster."""
_CLUSTERS = ("kubectl_", "kubernetes_", "kustomization_")
_TEXTS = "kubectl_"
_OBJECTS_METADATA = (
    "manifest.metadata",
    "manifest.spec.template.metadata",
    "manifest.spec.jobTemplate.spec.template.metadata",
)
_METADATA = (
    "metadata",
    "spec.template.metadata",
    "spec.job_template.spec.template.metadata",
    *_OBJECTS_METADATA,
)
_OCI = "oci://"
_HOST = r"[A-Za-z0-9.-]+(?::[0-9]+)?|\[[0-9a-f:]+\](?::[0-9]+)?"
_COMPONENT = "[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
# A repository as the OCI distribution specification has it: what leads elsewhere in an address is none.
_IMAGE = re.compile(
    rf"(?:{_OCI})?(?:({_HOST})/)?({_COMPONENT}(?:/{_COMPONENT})*)(?::[^/@:]+)?@sha256:([0-9a-f]{{64}})"
)
_DOCKER = "docker.io"
_REMEMBERED = 4096 * OF_ENTRY
_SAID = {
    "no": "serves a model without an attestation that the policy trusts",
    "unknown": "serves a model, and whether an attestation that the policy trusts is about it is not known",
}
_SOFTENED = {"fail": Severity.ERROR, "warn": Severity.WARNING, "defer": Severity.NOTE}
_ADVICE = (
    f"name what gatecli attest wrote in the annotation {INLINE} or {CONFIG_MAP}, "
    "and the model or image by its digest; list images that only stand beside it (a mesh's proxy, an init "
    "container) in spec.attestation.workloads.beside of the policy: docs/attestations.md"
)


@dataclass(frozen=True, slots=True)
class AttestationSource:
    """Where attestations of a workload may be: a ConfigMap, or a registry by the digest of an image.

    `name` is that of the ConfigMap, or the repository.
    """

    kind: Literal["config-map", "registry"]
    name: str
    registry: str = ""
    digest: str = ""

    def __str__(self) -> str:
        return "the ConfigMap that it names" if self.kind == "config-map" else f"the registry {self.registry}"


@dataclass(frozen=True, slots=True)
class GivenAttestations:
    """Attestations by where they are from, and in words the places that could not be read, or hold none."""

    found: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    unread: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all attestations."""
        return sum(len(content) for _, content in self.found)


@dataclass(frozen=True, slots=True)
class ServingDemands:
    """What a policy demands of workloads that serve a model."""

    trust: TrustTerms
    rules: ServedModelRules
    rows: ObjectRows
    reader: StatementReader
    _holding: BoundedMemory[tuple[str, tuple[str, ...], tuple[str, ...], date], bool] = field(
        default_factory=lambda: BoundedMemory(_REMEMBERED), repr=False
    )
    """The statements that held on a day, by whom they are signed, and whose signatures do not hold."""

    def first_fault(self, signed: SignedStatement, today: date) -> str | None:
        """What is wrong with a statement; None where it holds. A day counts whole, at every front door."""
        signers = tuple(each.key.id for each in signed.signers.signed)
        key = (signed.sha256, signers, signed.signers.broken, today)
        if self._holding.get(key):
            return None
        fault = first_fault(signed, self.trust, today)
        if fault is None:
            self._holding.put(key, value=True, size=0)
        return fault


@dataclass(frozen=True, slots=True)
class Serving:
    """What workloads must have, the attestations that are given beside them, and the day."""

    demands: ServingDemands
    given: GivenAttestations
    today: date


@dataclass(frozen=True, slots=True)
class _Answered:
    """What an object serves, by what it is and its parts."""

    kind: tuple[Any, Any]
    metadata: dict[str, Any] = field(repr=False)
    spec: dict[str, Any] = field(repr=False)
    served: Publisher | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ObjectRows:
    """The table's rows on objects of a cluster: those of one kind by its name, and those of any."""

    by_kind: Mapping[str, Sequence[PlanForm]]
    others: Sequence[PlanForm]
    _last: list[_Answered | None] = field(default_factory=lambda: [None], repr=False)

    def last_answer(self, obj: Mapping[str, Any]) -> _Answered | None:
        """The last answer, where it was about the same metadata and the same spec, by identity."""
        last = self._last[0]
        if last is None or last.metadata is not obj.get("metadata") or last.spec is not obj.get("spec"):
            return None
        return last if last.kind == (obj.get("apiVersion"), obj.get("kind")) else None

    def keep_answer(self, obj: Mapping[str, Any], served: Publisher | None) -> None:
        """Keep an answer about an object that has both; what else it holds may differ in parts of it."""
        metadata, spec = obj.get("metadata"), obj.get("spec")
        if isinstance(metadata, dict) and isinstance(spec, dict):
            self._last[0] = _Answered((obj.get("apiVersion"), obj.get("kind")), metadata, spec, served)

    def rows_for(self, kind: object) -> Sequence[PlanForm]:
        """The rows that may be true of an object of a kind."""
        return self.by_kind.get(kind, self.others) if isinstance(kind, str) else self.others


def object_rows(table: FormTable) -> ObjectRows:
    """The rows of `MANIFEST`, in their order for each kind."""
    rows = table.rows_of((MANIFEST,)).get(MANIFEST, ())
    of_kinds = [(row, _kinds_of(row)) for row in rows]
    names = {kind for _, kinds in of_kinds for kind in kinds or ()}
    by_kind = {
        name: tuple(row for row, kinds in of_kinds if kinds is None or name in kinds) for name in names
    }
    return ObjectRows(by_kind, tuple(row for row, kinds in of_kinds if kinds is None))


def _kinds_of(row: PlanForm) -> Sequence[str] | None:
    """The kinds that a row is about; None where it is about any."""
    path = "/manifest.kind" if row.within else "manifest.kind"
    return next((each.any_of for each in row.when if each.path == path and each.any_of), None)


def served_by_object(obj: Mapping[str, Any], rows: ObjectRows) -> Publisher | None:
    """What an object of a cluster serves; None where it serves no model.

    One review asks several times about parts of one object, so the last answer is kept for them.
    """
    last = rows.last_answer(obj)
    if last is not None:
        return last.served
    resource = PlannedResource("", "managed", MANIFEST, "", values={"manifest": obj})
    index = index_of(Plan("", "plan", ""))
    served = served_among(judged_forms(index, resource, rows.rows_for(obj.get("kind"))))
    rows.keep_answer(obj, served)
    return served


def served_among(forms: Iterable[JudgedForm]) -> Publisher | None:
    """The first that serves a model for certain, and holds it itself."""
    found = (each for each in publishers_in(forms) if each.form.holds == MODEL and not each.form.routes)
    return next(found, None)


def annotations_alone(obj: Mapping[str, Any]) -> dict[str, Any]:
    """An object with nothing but the attestation in its own annotations, at its place."""
    metadata = obj.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    text = annotations.get(INLINE) if isinstance(annotations, dict) else None
    return {"metadata": {"annotations": {INLINE: text}}} if isinstance(text, str) else {}


def names_places(obj: Mapping[str, Any], rules: ServedModelRules) -> bool:
    """Whether attestations of an object may be elsewhere, and none stands in it: a quick look."""
    resource = PlannedResource("", "managed", MANIFEST, "", values={"manifest": obj})
    if not (rules.registries or _annotations_of(resource, CONFIG_MAP).known):
        return False
    return not _annotations_of(resource, INLINE).known


def is_of_cluster(resource: PlannedResource) -> bool:
    """Whether a resource of a plan makes an object of a cluster."""
    return resource.type.startswith(_CLUSTERS)


def sources_of(served: Publisher, rules: ServedModelRules) -> tuple[AttestationSource, ...]:
    """Where attestations of a workload may be, beside its own annotations."""
    maps = [
        AttestationSource("config-map", name) for name in _annotations_of(served.resource, CONFIG_MAP).known
    ]
    images = (_registry_of(each, rules) for each in asked_arguments(served, rules))
    return tuple(dict.fromkeys((*maps, *(each for each in images if each is not None))))


def _registry_of(argument: ByteArgument, rules: ServedModelRules) -> AttestationSource | None:
    found = _IMAGE.fullmatch(argument.value or "")
    if found is None:
        return None
    host, path, digest = found[1], found[2], found[3]
    if host is None or not ("." in host or ":" in host or host == "localhost"):
        host, path = _DOCKER, f"{host or 'library'}/{path}"
    return AttestationSource("registry", path, host, digest) if host in rules.registries else None


@dataclass(frozen=True, slots=True)
class _Annotated:
    known: tuple[str, ...]
    later: bool


def _annotations_of(resource: PlannedResource, name: str) -> _Annotated:
    paths = _OBJECTS_METADATA if resource.type == MANIFEST else _METADATA
    values = [values_of(parts_of(resource, f"{path}.annotations[{name}]")) for path in paths]
    known = tuple(each for found in values for each in found.known if isinstance(each, str))
    return _Annotated(tuple(dict.fromkeys(known)), any(found.later for found in values))


def bundle_bytes(text: str) -> bytes:
    """The file that a text of an object holds: shells and YAML leave out the end of its line."""
    return f"{text.strip()}\n".encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class JudgedWorkload:
    """Whether a workload is attested; why not, in words that hold no value of the workload."""

    answer: Answer
    why: str = ""


def judge_workload(
    served: Publisher, given: GivenAttestations, demands: ServingDemands, today: date
) -> JudgedWorkload:
    """Whether every model, else image, that a workload serves has an attestation that holds `today`."""
    annotated = _annotations_of(served.resource, INLINE)
    inline = [(f"the annotation {INLINE}", bundle_bytes(text)) for text in annotated.known]
    read = demands.reader.statements_of((*inline, *given.found))
    doubts = [*given.unread, *_doubts(served.resource, annotated)]
    asked = {(each.name, each.value): each for each in asked_arguments(served, demands.rules)}.values()
    if not (read.signed or read.problems or doubts):
        return JudgedWorkload("no", next(iter(given.empty), "it names no attestation"))
    if not asked:
        return JudgedWorkload("unknown", "it does not say by an argument that is known what it serves")
    judged = [_judge_argument(each, read.signed, read.problems, doubts, demands, today) for each in asked]
    for wanted in ("no", "unknown"):
        found = next((each for each in judged if each.answer == wanted), None)
        if found is not None:
            return found
    return JudgedWorkload("yes")


def _doubts(resource: PlannedResource, annotated: _Annotated) -> Iterator[str]:
    if annotated.later:
        yield "its annotations are known only after the apply"
    if resource.type.startswith(_TEXTS):
        yield "its manifest is a text, of which kubernetes_manifest would show what it names"


def asked_arguments(served: Publisher, rules: ServedModelRules) -> tuple[ByteArgument, ...]:
    """The arguments that must be attested: without the images that the policy lets stand beside a model."""
    return tuple(
        each
        for each in byte_arguments(served.resource, served.form)
        if not (each.read.holds == "image" and stands_beside(each.value or "", rules))
    )


def stands_beside(image: str, rules: ServedModelRules) -> bool:
    """Whether the policy lets an image stand beside a model without an attestation."""
    return any(fnmatchcase(image, pattern) for pattern in rules.beside)


def _judge_argument(
    argument: ByteArgument,
    signed: Sequence[SignedStatement],
    problems: Sequence[str],
    doubts: Sequence[str],
    demands: ServingDemands,
    today: date,
) -> JudgedWorkload:
    name = argument.name.removeprefix("manifest.")
    if argument.value is None:
        return JudgedWorkload("unknown", f"its {name} is known only after the apply")
    digests = own_digests(argument)
    if not _is_believed(argument, demands.rules):
        return JudgedWorkload("unknown", f"its {name} is in none of the policy's stores")
    if not digests:
        return JudgedWorkload("unknown", f"its {name} does not state a SHA-256")
    about = [each for each in signed if digests <= _digests_of(each.statement)]
    faults = [demands.first_fault(each, today) for each in about]
    if None in faults:
        return JudgedWorkload("yes")
    if doubts:
        return JudgedWorkload("unknown", doubts[0])
    why = next((each for each in (*faults, *problems) if each), "")
    return JudgedWorkload("no", why or f"no attestation that it names is about its {name}")


def _is_believed(argument: ByteArgument, rules: ServedModelRules) -> bool:
    """Whether the bytes are those that the digest names: an image's are, an address is only said to be so."""
    value = argument.value or ""
    if argument.read.holds != "address" or not rules.stores:
        return True
    if value.startswith(_OCI) and _IMAGE.fullmatch(value):
        return True
    return any(fnmatchcase(value, store) for store in rules.stores)


def _digests_of(statement: AttestedStatement) -> frozenset[str]:
    return frozenset(digest for subject in statement.subjects for digest in subject.digest.values())


def find_unattested_workload(
    served: Publisher,
    judged: JudgedWorkload,
    rules: ServedModelRules,
    subject: str,
    place: Place,
) -> Finding:
    """The finding of a workload that is not attested, as bad as the policy has it where nobody can tell.

    It is the same one as long as the same is served.
    """
    asked = sorted(f"{each.name}={each.value}" for each in asked_arguments(served, rules))
    finding = make_finding(
        UNATTESTED,
        f"{subject} {_SAID[judged.answer]}: {judged.why}",
        subject=subject,
        place=place,
        mend=_ADVICE,
        identity="\0".join((subject, *asked)),
    )
    is_known = judged.answer == "no"
    return finding if is_known else replace(finding, severity=_SOFTENED[rules.on_unknown])
