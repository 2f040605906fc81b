"""The gates: each is one function from a request to a verdict, and every front door calls these functions.

This list is the one place that names them all. A gate's module, and the engine behind it, are imported when
the gate is run; the modules of its rules when a rule is looked up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, cast

from gatecli import package

if TYPE_CHECKING:
    from gatecli.gates.folder import Folder
    from gatecli.model.finding import Rule
    from gatecli.model.verdict import Verdict


class GateName(StrEnum):
    """The gates of `gatecli check`, as `--only`, `--skip` and a policy name them, in the order of a run."""

    RELEASE = "release"
    ANONYMITY = "anonymity"
    PII = "pii"
    TERRAFORM = "terraform"
    SERVE = "serve"
    CLOUD = "cloud"


class GateModule(Protocol):
    """What a gate's module offers to `gatecli check`."""

    def check_folder(self, folder: Folder, /) -> Verdict:
        """The verdict over what the gate discovers in a folder."""
        ...


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate by its name in reports; `docs/check.md` says what it discovers and checks.

    `families` are the words that the ids of the rules that it looks for begin with. `rule_modules` each
    have a tuple `RULES`.
    """

    name: str
    families: frozenset[str]
    discovers: str
    checks: str
    rule_modules: tuple[str, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule that the gate itself can report. Imports the modules that hold them."""
        return tuple(rule for name in self.rule_modules for rule in package.member(f"{name}:RULES"))

    @property
    def module(self) -> GateModule:
        """`gatecli.gates.NAME`, imported when it is asked for."""
        return cast("GateModule", package.module(f"gates.{self.name}"))


RELEASE = Gate(
    GateName.RELEASE,
    frozenset(
        {"audit-missing", "audit-not-compared", "audit-unbound", "doc", "dp", "ledger", "release", "waiver"}
    ),
    discovers="declarations, and model files without one",
    checks="that the declared budget covers what the training cost and stays within the policy's tier",
    rule_modules=(
        "checks.release.registry",
        "checks.ledger.charging",
        "sources.rules",
        "checks.added_waivers",
        "checks.served_models",
    ),
)
ANONYMITY = Gate(
    GateName.ANONYMITY,
    frozenset({"anon"}),
    discovers="the tables that declarations make a promise about",
    checks="k-anonymity and its relatives against the thresholds",
    rule_modules=("checks.tables.table_findings",),
)
PII = Gate(
    GateName.PII,
    frozenset({"pii"}),
    discovers="every text file",
    checks="that no personal data is in plain text",
    rule_modules=("checks.personal_data_rules", "sources.scan_rules", "model.inline"),
)
TERRAFORM = Gate(
    GateName.TERRAFORM,
    frozenset({"tf", "pii", "cloud", "ledger", "release-unattested-workload"}),
    discovers="JSON files that begin like a plan or a state, and Terraform's files without a plan",
    checks="that a plan publishes and serves only what the other gates have passed",
    rule_modules=(
        "checks.terraform.rules",
        "checks.terraform.closed_gates",
        "checks.terraform.static_findings",
        "checks.terraform.budget_resets",
        "checks.terraform.carried_evidence",
        "checks.terraform.programs",
        "sources.plan.rules",
    ),
)
SERVE = Gate(
    GateName.SERVE,
    frozenset({"serve"}),
    discovers="YAML and JSON files that hold a PrivateEndpoint",
    checks="that what an endpoint answers has a proof or noise, and a budget that pays for it",
    rule_modules=("checks.serving.registry", "sources.endpoint"),
)
CLOUD = Gate(
    GateName.CLOUD,
    frozenset({"cloud", "pii"}),
    discovers="JSON and YAML files that define managed jobs of a cloud",
    checks="that a job runs the entry point in a pinned image, within a declared budget, and out of reach",
    rule_modules=("checks.cloud.registry", "sources.jobs.interface"),
)
LEDGER = Gate(
    "ledger",
    frozenset({"ledger"}),
    discovers="nothing by itself: a ledger is named by its URL, an export by its file",
    checks="that a ledger is what was written into it: chains, sums, checkpoints",
    rule_modules=("checks.ledger.chain", "checks.ledger.tags"),
)
AUDIT = Gate(
    "audit",
    frozenset({"audit-code"}),
    discovers="Python files and notebooks",
    checks="that no known wrong pattern of privacy code is in them",
    rule_modules=("checks.code.registry", "sources.python_code"),
)
VERIFY = Gate(
    "verify",
    frozenset({"attestation"}),
    discovers="nothing by itself: an attestation is named by its file",
    checks="that trusted keys signed a verdict that passed, about what is here",
    rule_modules=("checks.attestation",),
)
DOCUMENT = Gate(
    "document",
    frozenset({"doc"}),
    discovers="documents that gatecli wrote, and decision records that releases name",
    checks="that documents say what is there now, and that decisions are accepted",
    rule_modules=("checks.decisions",),
)
CHECK = Gate(
    "check",
    frozenset({"allowance", "baseline", "check", "policy"}),
    discovers="everything that the other gates discover",
    checks="everything that the other gates check, and names what was left out",
    rule_modules=("checks.coverage", "checks.law"),
)

GATES: Mapping[GateName, Gate] = MappingProxyType(
    {GateName(gate.name): gate for gate in (RELEASE, ANONYMITY, PII, TERRAFORM, SERVE, CLOUD)}
)
"""The gates that `gatecli check` runs, in their order."""

ALL: tuple[Gate, ...] = (*GATES.values(), LEDGER, AUDIT, VERIFY, DOCUMENT, CHECK)
