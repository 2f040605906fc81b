"""Whether a release can be charged to the datasets that it names, and whether it fits into their budgets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gatecli.checks.release.interface import finding_at
from gatecli.ledger.wording import budget_text, names_text, void_command
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.identity import identity_of
from gatecli.model.ledger import Account, Reservation, ReservationState
from gatecli.model.number import show_percent
from gatecli.model.portfolio import Admission, Amounts, Member, held_share, member_holds
from gatecli.model.release import ReleaseSubject

# Nothing softens or forgives these: what they are about is not charged, or not for what it is.
BUDGET_EXCEEDED = Rule(
    "ledger-budget-exceeded",
    Severity.ERROR,
    "A release does not fit into what is left of a dataset's budget",
    falsehood=True,
    unforgivable=True,
)
UNKNOWN_DATASET = Rule(
    "ledger-unknown-dataset",
    Severity.ERROR,
    "The ledger has no account that a release can be charged to",
    falsehood=True,
    unforgivable=True,
)
SCHEMA_CHANGED = Rule(
    "ledger-schema-changed", Severity.ERROR, "A dataset has another schema than the ledger knows it by"
)
UNIT_DIFFERS = Rule(
    "ledger-unit-differs",
    Severity.ERROR,
    "A release protects another unit than the dataset's budget is for",
    falsehood=True,
    unforgivable=True,
)
RELEASE_CHANGED = Rule(
    "ledger-release-changed",
    Severity.ERROR,
    "The ledger holds this version of a release with other content",
    falsehood=True,
    unforgivable=True,
)
RESERVATION_LAPSED = Rule(
    "ledger-reservation-lapsed",
    Severity.WARNING,
    "A reservation is neither committed nor voided after its last day",
)

NOT_ASKED = Rule(
    "ledger-not-asked",
    Severity.ERROR,
    "The policy asks for a ledger, and a run named none",
    falsehood=True,
    unforgivable=True,
)

RULES = (
    BUDGET_EXCEEDED,
    NOT_ASKED,
    UNKNOWN_DATASET,
    SCHEMA_CHANGED,
    UNIT_DIFFERS,
    RELEASE_CHANGED,
    RESERVATION_LAPSED,
)

DATASETS = "/spec/datasets"


def find_not_asked(subject: ReleaseSubject) -> Finding:
    """Without a ledger each release is judged alone, and all of them together may tell everything."""
    return finding_at(
        NOT_ASKED,
        subject,
        DATASETS,
        "was not judged against a ledger, which the policy asks for (ledger.required)",
        "name it: --ledger URL, or the variable GATECLI_LEDGER",
    )


def find_no_dataset(subject: ReleaseSubject) -> Finding:
    """A release that names no dataset is charged to none, and so it would be free."""
    return finding_at(
        UNKNOWN_DATASET,
        subject,
        DATASETS,
        "names no dataset, so nothing can be charged for it",
        "list the training data under spec.datasets by the names it has in the ledger",
    )


def find_unknown(subject: ReleaseSubject, number: int, near: Sequence[str]) -> Finding:
    """A dataset without an account; `near` are datasets of the ledger that may be meant.

    To add a name that was misspelled would give the same people a second budget.
    """
    name = subject.release.spec.datasets[number].name
    meant = (
        f"did you mean {' or '.join(near)}? Then mend the name. If it is other data, "
        if near
        else "check the name against gatecli ledger dataset list; if it is new data, "
    )
    fix = (
        f"{meant}whoever keeps the ledger adds it (gatecli ledger dataset add {name} …, with --parent where "
        "it shares people with another); data of nobody is listed under ledger.public in the policy"
    )
    return finding_at(
        UNKNOWN_DATASET,
        subject,
        f"{DATASETS}/{number}/name",
        f"is made from {name}, which the ledger does not know",
        fix,
        about=name,
    )


def find_closed(subject: ReleaseSubject, name: str) -> Finding:
    """A dataset that is named, or the parent of one, and takes no more charges."""
    named = [dataset.name for dataset in subject.release.spec.datasets]
    which = f"is made from {name}" if name in named else f"is charged to the parent {name} too"
    return finding_at(
        UNKNOWN_DATASET,
        subject,
        f"{DATASETS}/{named.index(name)}/name" if name in named else DATASETS,
        f"{which}, whose account in the ledger is closed",
        "use other data; a closed account takes no more charges",
        about=name,
    )


def find_leases(subject: ReleaseSubject, names: Sequence[str]) -> Finding:
    """Two leases may be of data about the same people, and no child knows what the lender knows of that."""
    return finding_at(
        UNKNOWN_DATASET,
        subject,
        DATASETS,
        f"is made from {' and '.join(names)}, each of a lease of its own",
        "ask for one lease of what both are made from",
        about="\0".join(names),
    )


def find_unit(subject: ReleaseSubject, account: Account) -> Iterator[Finding]:
    """ε protects a unit: a budget for persons says nothing of a release that protects single records."""
    claim = subject.release.claim
    unit = claim.unit if claim else None
    if claim is None or identity_of(unit or "") == identity_of(account.terms.unit):
        return
    terms = account.terms
    protected = f"a {unit}" if unit else "a unit that it does not name"
    yield finding_at(
        UNIT_DIFFERS,
        subject,
        "/spec/privacy/unit",
        f"protects {protected}, and the budget of {terms.name} is for a {terms.unit}",
        f"account for a {terms.unit}: declare it as the unit, with maxContributions if noise is per record",
        about=f"{terms.name}\0{unit}",
    )


def find_schema(subject: ReleaseSubject, number: int, account: Account) -> Iterator[Finding]:
    """New columns are new data: the budget was set for the old ones."""
    known, dataset = account.terms.schema_sha256, subject.release.spec.datasets[number]
    declared = dict(subject.schemas).get(dataset.name)
    is_unread = dataset.table_schema is not None and declared is None  # the source said why
    if known is None or declared == known or is_unread:
        return
    told = (
        f"states no schema of {dataset.name}, and the ledger knows one"
        if declared is None
        else f"has a schema of {dataset.name} that is not the one in the ledger"
    )
    yield finding_at(
        SCHEMA_CHANGED,
        subject,
        f"{DATASETS}/{number}/schema",
        told,
        f"state the schema that {dataset.name} was added with; changed columns are a dataset of their own, "
        "with a budget of its own and this one as its parent",
        about=f"{dataset.name}\0{declared}",
    )


def find_changed(subject: ReleaseSubject, reservation: Reservation) -> Finding:
    """What was verified is what ships: one version is one content."""
    holder = reservation.plan or reservation.subject
    void = f"; or, if it was never run, {void_command(holder)}"
    return finding_at(
        RELEASE_CHANGED,
        subject,
        "/metadata/version",
        f"is {reservation.state} in the ledger with another claim, dataset or artifact, or at a lower cost",
        f"give it a new version{void if reservation.state is ReservationState.HELD else ''}",
        about=reservation.digest,
    )


def find_twice(subject: ReleaseSubject, digest: str) -> Finding:
    """Two declarations of one version in one run would be two releases for one charge."""
    return finding_at(
        RELEASE_CHANGED,
        subject,
        "/metadata/version",
        "is declared twice in this run, with different claims",
        "give one of them a new version",
        about=digest,
    )


def find_reserved(subject: ReleaseSubject, reservation: Reservation) -> Finding:
    """What is reserved alone, or in a plan, is charged there."""
    where = f"in the plan {reservation.plan}" if reservation.plan else "by itself"
    return finding_at(
        RELEASE_CHANGED,
        subject,
        "/metadata/version",
        f"is {reservation.state} in the ledger already, {where}",
        "leave it out of this plan, or give it a new version",
        about=reservation.digest,
    )


def find_not_planned(subject: ReleaseSubject, plan: Reservation, *, voided: bool) -> Finding:
    """A plan is what it was reserved as: no release joins it later, nor comes back once it was void."""
    told = "was voided in the plan" if voided else "is not in the plan"
    return finding_at(
        RELEASE_CHANGED,
        subject,
        "/metadata/version",
        f"{told} {plan.subject}, which is {plan.state} in the ledger",
        "leave it out of this run, or reserve it by itself: gatecli release check --reserve",
        about=plan.digest,
    )


def find_missing_planned(subject: ReleaseSubject, plan: Reservation, missing: Sequence[str]) -> Finding:
    """A plan is judged as the one mechanism that it was reserved as; `subject` is a release of this run."""
    return make_finding(
        RELEASE_CHANGED,
        f"the plan {plan.subject} was reserved with {names_text(missing)} too, which this run leaves out",
        subject=plan.subject,
        place=subject.document.place(""),
        mend="name all declarations of the plan, or give the new plan another --name",
        identity="\0".join((plan.subject, plan.digest, *missing)),
    )


def find_unbounded(subject: ReleaseSubject, dataset: str, reasons: tuple[str, ...]) -> Finding:
    """What nothing bounds cannot be charged."""
    why = f": {reasons[0]}" if reasons else ""
    return finding_at(
        BUDGET_EXCEEDED,
        subject,
        "/spec/privacy",
        f"cannot be charged to {dataset}, since nothing bounds what it costs{why}",
        "declare mechanisms that an accountant can bound (gatecli explain dp-unaccountable-mechanism)",
        about=dataset,
    )


@dataclass(frozen=True, slots=True)
class RefusedCharge:
    """A charge that a budget has no room for.

    `before` is what the account would hold without it: what the ledger holds, and what the releases `ahead`
    of it in the same run would add. `group` is how many units of the work one unit changes, `children` are
    the datasets of the release that the account is a parent of. With `plan` it is the charge of a whole plan.
    """

    account: Account
    before: Amounts
    wanted: Amounts
    group: int = 1
    children: tuple[str, ...] = ()
    ahead: tuple[str, ...] = ()
    plan: str | None = None


def find_exceeded(subject: ReleaseSubject, charge: RefusedCharge) -> Finding:
    """Whose budget it is, what of it others hold, and what this run would add before."""
    terms, after = charge.account.terms, charge.before + charge.wanted
    share = held_share(after, terms.limits, terms.admission)
    filters, other_lease = _lacking_filters(charge.account, after)
    together = f", with all of the plan {charge.plan}," if charge.plan else ""
    return finding_at(
        BUDGET_EXCEEDED,
        subject,
        "/spec/privacy",
        f"does not fit{together} into the budget {budget_text(terms.budget)} of {_charged_as(charge)}: "
        f"{_held_before(charge)}, and more than 100 % would be{filters}",
        f"spend less (gatecli release calibrate finds the noise), use other data, or void a reservation that "
        f"was never run ({void_command('NAME@VERSION')}); the budget of {terms.name} is fixed{other_lease}",
        about=f"{terms.name}\0{share}",
    )


def _charged_as(charge: RefusedCharge) -> str:
    """`people, the parent of visits, charged for a group of 3`."""
    name = charge.account.terms.name
    parent = f", the parent of {' and '.join(charge.children)}" if charge.children else ""
    group = f", charged for a group of {charge.group}" if charge.group > 1 else ""
    return f"{name}{parent}{group}"


def _held_before(charge: RefusedCharge) -> str:
    """`12 % is held`, and what it is with the releases ahead in this run."""
    account = charge.account
    terms = account.terms
    held, before = (
        show_percent(held_share(each, terms.limits, terms.admission))
        for each in (account.held, charge.before)
    )
    if not charge.ahead:
        return f"{held} is held"
    return f"{held} is held, {before} with {names_text(charge.ahead)} of this run"


def _lacking_filters(account: Account, after: Amounts) -> tuple[str, str]:
    """Where all filters must have room: those that have none, and what to do about it."""
    terms = account.terms
    if terms.admission is Admission.ANY:
        return "", ""
    lacking = [member for member in Member if not member_holds(member, after, terms.limits)]
    kept = next((member for member in Member if member not in lacking), Member.BASIC)
    names = ", ".join(lacking)
    other_lease = (
        "; a lease by one filter alone has more room for what that is for: "
        f"gatecli ledger lease grant --by {kept}"
    )
    return f"; every filter must have room for it, and there is none in {names}", other_lease


def find_lapsed(
    subject: ReleaseSubject, dataset: str, lapsed: Reservation, releases: Sequence[str] = ()
) -> Finding:
    """A lapsed reservation still holds its budget: nobody knows whether its output was seen.

    `releases` are the held ones of a plan.
    """
    commit = f"gatecli ledger commit {names_text(releases) or lapsed.subject}"
    return finding_at(
        RESERVATION_LAPSED,
        subject,
        DATASETS,
        f"shares {dataset} with {lapsed.subject}, which lapsed on {lapsed.lapses} and still holds budget",
        f"{commit}; or, if it never ran, {void_command(lapsed.subject)}",
        about=f"{dataset}\0{lapsed.subject}",
    )
