"""The JSON Schemas of every document kind, by name: what the models say, in the words an editor shows."""

from __future__ import annotations

from typing import Any

from gatecli.model.attestation import PersonalDataScan, PrivacyRelease, TableAnonymity
from gatecli.model.audit import AuditFile
from gatecli.model.base import Resource, Value, schema_of
from gatecli.model.column_classification import ColumnClassification
from gatecli.model.federated_evidence import FederatedEvidence
from gatecli.model.key_policy import KeyPolicy
from gatecli.model.lineage import facet_schema
from gatecli.model.number import NUMBER_SCHEMA
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.private_endpoint import PrivateEndpoint
from gatecli.model.release import ModelRelease
from gatecli.model.sealed_artifact import SealedManifest
from gatecli.model.strict_data import data_schema
from gatecli.model.table_evidence import TableEvidence
from gatecli.model.table_questions import TableQuestions
from gatecli.model.transformation import Transformation
from gatecli.model.waiver import PrivacyWaiver

KINDS: tuple[type[Resource], ...] = (
    ModelRelease,
    PrivacyPolicy,
    PrivacyWaiver,
    TableQuestions,
    PrivateEndpoint,
    KeyPolicy,
    ColumnClassification,
)
FILES: dict[str, type[Value]] = {
    "audit-v1": AuditFile,
    "federated-evidence-v1": FederatedEvidence,
    "table-evidence-v1": TableEvidence,
    "transformation-v1": Transformation,
    "sealed-v1": SealedManifest,
}
"""Files that a command writes and another reads."""
PREDICATES: dict[str, type] = {
    "privacy-release-v1": PrivacyRelease,
    "anonymity-v1": TableAnonymity,
    "scan-v1": PersonalDataScan,
}
"""What signed statements hold, read without pydantic."""

DESCRIPTIONS = {
    "ModelRelease.metadata": "which release makes the promise",
    "ModelRelease.spec": "what ships, and what the release promises",
    "ReleaseMetadata.name": "the model's name",
    "ReleaseMetadata.version": "the model's version; quote it where it looks like a number",
    "ReleaseMetadata.owner": "who is responsible for the release",
    "ReleaseSpec.sensitivity": "the tier of the policy that its data belongs to",
    "ReleaseSpec.artifacts": "the files that ship",
    "ReleaseSpec.privacy": "the claim; `none` promises nothing and needs a waiver",
    "ReleaseSpec.datasets": "the data that the model was made from",
    "Artifact.path": "relative to the declaration, inside the repository",
    "Artifact.sha256": "64 hexadecimal digits",
    "Privacy.unit": "what the budget protects: a person, household, record, a day of a person",
    "Privacy.neighbouring": "which datasets are neighbours; every ε and δ is relative to it",
    "Privacy.variant": "the definition of privacy; pure where delta is 0, else approximate",
    "Privacy.epsilon": "the promised ε of everything that was run on the data, taken together",
    "Privacy.delta": "the promised δ, below 1/records; 0 for a pure claim",
    "Privacy.rho": "ρ of a zCDP claim",
    "Privacy.mu": "μ of a Gaussian-DP claim",
    "Privacy.trustModel": "who sees raw data",
    "Privacy.preprocessing": "whether anything before training was computed from the data",
    "Privacy.tuning": "hyper-parameter tuning on the same data",
    "Privacy.mechanisms": "what was run on the data; ε is recomputed from it",
    "Privacy.evidence": "files in which the training tool recorded what was run",
    "Dataset.records": "the number of units of privacy in it",
    "Anonymity.k": "every combination of quasi-identifiers is shared by at least k records",
    "Anonymity.l": "every such class has at least l distinct sensitive values",
    "Anonymity.t": "no class's sensitive values are further than t from the whole table's",
    "PolicySpec.tiers": "limits by the sensitivity that a release names",
    "PolicySpec.release": "how releases are judged",
    "PolicySpec.anonymity": "how tables are judged",
    "PolicySpec.columns": "what may become of a table's columns, by their class",
    "PolicySpec.cloud": "how pipelines of managed jobs are judged",
    "PolicySpec.pii": "which personal data is looked for",
    "PolicySpec.check": "what gatecli check covers; no other command reads it",
    "PolicySpec.severities": "the severity of a rule, where it is not the shipped one",
    "Tier.maxEpsilon": "the largest ε that may be declared",
    "Tier.maxDelta": "the largest δ that may be declared",
    "WaiverSpec.rule": "the rule that is forgiven",
    "WaiverSpec.subject": "the release that the waiver is for, as name@version",
    "WaiverSpec.fingerprint": "the fingerprint of the one finding that is forgiven, from a report",
    "WaiverSpec.reason": "why it is forgiven",
    "AttestationKey.name": "what findings call it",
    "AttestationIdentity.name": "what findings call it",
    "WaiverSpec.owner": "who is responsible for it",
    "WaiverSpec.expires": "the waiver's last day, as YYYY-MM-DD",
    "TableEvidence.tool": "the program that wrote the file",
    "TableEvidence.engine": "the library that drew the noise",
    "TableEvidence.dataset": "what the ledger calls the table",
    "TableEvidence.unit": "what one step of the relation adds or removes",
    "TableEvidence.unitColumn": "the column that says whose a row is; absent where each row is a unit",
    "TableEvidence.rowsPerUnit": "how many rows of one unit were counted at most",
    "TableEvidence.neighbouring": "the relation that every mechanism is stated under",
    "TableEvidence.source": "the rows that were asked about",
    "TableEvidence.ledger": "where the questions were charged; absent where a session paid",
    "TableEvidence.questions": "one for each question, or for several that were paid for at once",
    "FederatedEvidence.tool": "the program that wrote the file",
    "FederatedEvidence.framework": "the library that ran the rounds",
    "FederatedEvidence.strategy": "how rounds were aggregated: the name of a strategy",
    "FederatedEvidence.client": "what one client is, such as person, device or hospital; absent where the "
    "run does not say it",
    "FederatedEvidence.sampling": "how the clients of a round were drawn",
    "FederatedEvidence.samplingRate": "the probability of each client in a round, where sampling is poisson",
    "FederatedEvidence.denominator": "the fixed number that sums are divided by; absent where they are "
    "divided by the number of clients that answered",
    "FederatedEvidence.rounds": "one for each round, or for several in a row that were alike",
    "FederatedRound.round": "the number of the round, from 1",
    "FederatedRound.count": "how many rounds in a row were like this one",
    "FederatedRound.population": "the clients that were drawn from",
    "FederatedRound.sampled": "the clients that were asked",
    "FederatedRound.answered": "the clients whose updates were aggregated; absent where the round is open",
    "FederatedRound.released": "whether an aggregate left the round",
    "FederatedRound.clipping": "the bound on the norm of an update; absent where there was none",
    "FederatedRound.noise": "where noise was added, and how much; absent where there was none",
    "FederatedRound.weights": "the weights of the updates that were aggregated",
    "FederatedRound.metrics": "the names of what clients sent beside their updates",
    "RoundClipping.norm": "the norm that updates were clipped to",
    "RoundClipping.adaptive": "whether the norm follows from the updates of earlier rounds",
    "RoundClipping.countStandardDeviation": "the standard deviation of the noise on the number of clipped "
    "updates; absent or 0 where there was none",
    "ServerNoise.multiplier": "of clippingNorm ÷ clients: the standard deviation of the noise on the mean",
    "ServerNoise.clippingNorm": "the norm that the noise was scaled to",
    "ServerNoise.clients": "the number of clients that the noise was scaled to",
    "ClientNoise.multiplier": "of clippingNorm ÷ √clients: the standard deviation of each client's noise",
    "ClientNoise.clippingNorm": "the norm that the noise was scaled to",
    "ClientNoise.clients": "the number of clients that the noise was scaled to",
    "LocalNoise.epsilon": "the ε that the noise was chosen for",
    "LocalNoise.delta": "the δ that the noise was chosen for",
    "LocalNoise.sensitivity": "the sensitivity that the noise was chosen for",
    "RoundWeights.largest": "the largest weight of an update",
    "RoundWeights.total": "the sum of all weights",
    "TableSource.digestOf": "what the digest is of, in words",
    "AnsweredQuestion.subject": "its name in the ledger",
    "AnsweredQuestion.question": "the digest of what was asked",
    "AnsweredQuestion.epsilon": "what the caller gave for it",
    "AnsweredQuestion.answered": "false where it failed after it was paid for; it is spent all the same",
    "AnsweredQuestion.mechanisms": "what was drawn; ε is recomputed from it",
    "TableQuestionsSpec.table": "the file or URL of the rows; paths are relative to this file",
    "TableQuestionsSpec.dataset": "what the ledger calls the table",
    "TableQuestionsSpec.budget": "what this run may spend, where there is no ledger",
    "TableQuestionsSpec.ledger": "the ledger that pays",
    "TableQuestionsSpec.ledgerKey": "the key that signs the ledger's entries",
    "TableQuestionsSpec.policy": "what is spent must be within one of its tiers",
    "TableQuestionsSpec.sensitivity": "the tier",
    "TableQuestionsSpec.unit": "the column that says whom a row is about",
    "TableQuestionsSpec.rowsPerUnit": "how many rows of one unit are counted at most",
    "TableQuestionsSpec.bounds": "the least and the greatest value of columns, as is public",
    "TableQuestionsSpec.keys": "the values that columns are grouped by, as is public",
    "TableQuestionsSpec.engine": "the library that draws the noise",
    "TableQuestionsSpec.plan": "one budget for all questions; then none has one of its own",
    "TableQuestion.derive": 'new columns, as expressions: bmi: "weight / 3.1"',
    "TableQuestion.bounds": "bounds of new columns, or others for old ones",
    "TableQuestion.keys": "keys of new columns, or others for old ones",
    "TableQuestion.filter": 'the rows that are asked about: age >= 18 and ward in ("a", "b")',
    "TableQuestion.groupBy": "columns with keys; each combination is answered",
    "TableQuestion.ask": "statistics by name: n: count, or m: [age, mean], or q: [age, quantile, 0.9]",
    "TableQuestion.describe": "counts, means, deviations and quartiles of these columns",
    "TableQuestion.histogram": "rows in equal parts of a column's bounds",
    "TableQuestion.standardise": "clipping bounds, mean and deviation of these columns",
    "TableQuestion.findKeys": "the values of a column that many rows have, with their counts; needs a delta",
    "TableQuestion.epsilon": "what it costs, of one unit more or less",
    "TableQuestion.delta": "above 0 where Gaussian noise may be used",
    "TableQuestion.weight": "its share of a plan",
    "PlannedBudget.method": "by weights, equal noise by sensitivity, or the least total variance",
    "ColumnClassificationSpec.columns": "every column by its name; one that is not here is refused",
    "Transformation.tool": "the program that wrote the file",
    "Transformation.source": "the table that was read",
    "Transformation.output": "the table that was written",
    "Transformation.rows": "how many rows were written",
    "Transformation.classification": "the document that said what each column is",
    "Transformation.policy": "the policy that permitted it",
    "Transformation.columns": "what became of each column",
    "Transformation.key": "where the key of the pseudonyms is; absent where none was needed",
    "Transformation.anonymity": "what was measured of the new table; absent where it has no quasi-identifier",
    "MeasuredAnonymity.k": "the size of the smallest class",
    "MeasuredAnonymity.demanded": "the thresholds that the policy demanded and the table keeps",
    "AuditFile.results": "one for each attack",
    "AuditFile.tool": "the program that wrote the file",
    "AuditResult.subject": "what was attacked",
    "AuditResult.method": "the test: betting, lattice, fixed-noise, one-run, clopper-pearson",
    "AuditResult.outcome": "the claim is false, this attack found nothing, or it could not be tried",
    "AuditResult.claim": "what was attacked: a budget under a neighbouring relation",
    "AuditResult.confidence": "with what probability the lower bound holds",
    "AuditResult.lower": "a lower bound on ε at the claim's δ; a refuted claim's ε is at most this",
    "AuditResult.samples": "draws of each input, or canaries",
    "AuditResult.inputs": "the two neighbouring inputs, in words",
    "AuditResult.event": "what was likelier on the first input than the claim allows, in words",
    "AuditResult.power": "the least ε that would have been found, and with what probability",
    "AuditResult.digest": "the SHA-256 of the weights or the code that was attacked; of several files "
    "of code, that of their digests, sorted and joined as hexadecimal text",
    "AuditResult.reason": "why it could not run",
    "AuditResult.measures": "further figures by name",
}
"""What a key means, by definition and key; kept out of the models, so that no start pays for it."""

_NUMBER = {"description": 'an exact number, or its text: 0.5, 1e-5, "1/3"', **NUMBER_SCHEMA}


def schemas() -> dict[str, dict[str, Any]]:
    """JSON Schema (2020-12) by kind, or by the name and version of a file."""
    models = {model.__name__: model for model in KINDS} | FILES
    files = {name: _tidy_schema(schema_of(model)) for name, model in models.items()}
    predicates = {name: data_schema(model) | {"$defs": {}} for name, model in PREDICATES.items()}
    return files | predicates | {"privacy-budget-run-facet-v1": facet_schema()}


def _tidy_schema(schema: dict[str, Any]) -> dict[str, Any]:
    definitions = {name: _object(name, node) for name, node in schema.pop("$defs", {}).items()}
    tidy = _object(str(schema["title"]), schema)
    return tidy | {"$defs": dict(sorted({**definitions, "Number": _NUMBER}.items()))}


def _object(name: str, node: dict[str, Any]) -> dict[str, Any]:
    """A definition without the noise: no titles that repeat a key, no default that says nothing."""
    properties = {
        key: _describe_node(f"{name}.{key}", _property(value))
        for key, value in node.get("properties", {}).items()
    }
    tidy = {key: value for key, value in node.items() if key != "title"} | {"title": name}
    if properties:
        tidy["properties"] = properties
    if "const" in properties.get("kind", {}) and "kind" not in tidy.get("required", ()):
        tidy["required"] = ["kind", *tidy.get("required", ())]  # it chooses the mechanism
    return tidy


def _describe_node(path: str, node: dict[str, Any]) -> dict[str, Any]:
    return {"description": DESCRIPTIONS[path]} | node if path in DESCRIPTIONS else node


def _property(node: Any) -> Any:
    if isinstance(node, list):
        return [_property(item) for item in node]
    if not isinstance(node, dict):
        return node
    tidy = {
        key: _property(value)
        for key, value in node.items()
        if key != "title" and not (key == "default" and (value is None or "const" in node))
    }
    members = tidy.get("anyOf", [])
    if all(member in members for member in NUMBER_SCHEMA["anyOf"]):
        rest = [member for member in members if member not in NUMBER_SCHEMA["anyOf"]]
        del tidy["anyOf"]
        tidy |= {"anyOf": [{"$ref": "#/$defs/Number"}, *rest]} if rest else {"$ref": "#/$defs/Number"}
    return tidy
