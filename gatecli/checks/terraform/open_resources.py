"""What a plan opens to everyone: data, models and what holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gatecli.checks.terraform.form_matches import JudgedForm
from gatecli.checks.terraform.resource_types import MODEL
from gatecli.checks.terraform.rules import PUBLIC_DATASET, PUBLIC_MODEL, at, unknown
from gatecli.model.finding import Finding
from gatecli.model.plan import Plan
from gatecli.model.policy import PrivacyPolicy

_MEND = "grant it to named principals, or waive it where publishing is meant and the gate passed"


def find_open(plan: Plan, forms: Iterable[JudgedForm], policy: PrivacyPolicy) -> Iterator[Finding]:
    """Every resource that everyone may read, or may be able to: once for each argument that opens it."""
    found = [each for each in forms if each.form.is_public]
    certain = {(id(each.resource), each.judged.argument) for each in found if each.judged.answer == "yes"}
    seen: set[tuple[int, str]] = set()
    for each in found:
        key = (id(each.resource), each.judged.argument)
        is_certain = each.judged.answer == "yes"
        if key not in seen and (is_certain or key not in certain):
            seen.add(key)
            finding = _open_finding(plan, each, is_certain=is_certain)
            yield finding if is_certain else unknown(finding, policy)


def _open_finding(plan: Plan, found: JudgedForm, *, is_certain: bool) -> Finding:
    resource, argument = found.resource, found.judged.argument
    rule = PUBLIC_MODEL if found.form.holds == MODEL else PUBLIC_DATASET
    pointer = "/".join(filter(None, (resource.pointer, argument.partition(".")[0])))
    if is_certain:
        through = f" through its {argument}" if argument else ""
        return at(plan, rule, resource.address, pointer, f"is open to everyone{through}", _MEND)
    what = f"its {argument}" if argument else "what decides it"
    message = f"may be open to everyone: {what} is known only after the apply"
    mend = f"write {what} literally, or take it from what the plan knows"
    if any(each.opens is not None for each in found.form.when):
        mend += ": a data source that writes the policy shows who is let in; or block public access beside it"
    return at(plan, rule, resource.address, pointer, message, mend)
