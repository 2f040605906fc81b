"""Whether a row of the table is true of a resource: yes, no, or unknown until the apply."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from gatecli.checks.terraform.access_policies import Answer, document_opens, members_open
from gatecli.model.plan import Plan, PlannedResource, config_address
from gatecli.model.plan_forms import ArgumentCondition, FormCondition, Neighbour, PlanForm, PolicyOpening
from gatecli.model.plan_graph import origins_of
from gatecli.model.plan_values import Part, Values, parts_below, parts_of, values_of

_SHORT = 256
"""Characters of a name, at most."""
_DOCUMENTS = {"iam": "aws_iam_policy_document", "members": "google_iam_policy"}
"""By language, the data source that writes such a policy."""

_OPPOSITES: Mapping[Answer, Answer] = {"yes": "no", "no": "yes", "unknown": "unknown"}


@dataclass(frozen=True, slots=True)
class PlanIndex:
    """A plan, and what is looked up in it often: its resources by type, and by the values of an argument."""

    plan: Plan
    by_type: Mapping[str, Sequence[PlannedResource]]
    data: Mapping[str, Sequence[PlannedResource]]
    """The data sources, by their addresses without instance keys."""
    _joins: dict[tuple[tuple[str, ...], str], _Join] = field(default_factory=dict, repr=False)
    _ends: dict[tuple[int, str], _End] = field(default_factory=dict, repr=False)

    def end(self, resource: PlannedResource, path: str) -> _End:
        """One end of a join."""
        key = (id(resource), path)  # an edited plan may hold two of one address
        found = self._ends.get(key)
        if found is None:
            found = self._ends[key] = _end(self.plan, resource, path)
        return found

    def of_types(self, patterns: Iterable[str]) -> Iterator[PlannedResource]:
        """The resources of these types that will be there."""
        for pattern in patterns:
            names = (
                [each for each in self.by_type if fnmatchcase(each, pattern)] if "*" in pattern else [pattern]
            )
            for name in names:
                yield from self.by_type.get(name, ())

    def candidates(
        self, types: tuple[str, ...], path: str, texts: frozenset[str]
    ) -> Iterator[PlannedResource]:
        """Those among them whose argument may have one of these values; without values, all."""
        if not texts:
            yield from self.of_types(types)
            return
        if (types, path) not in self._joins:
            self._joins[types, path] = _join(self, types, path)
        join = self._joins[types, path]
        for text in sorted(texts):
            yield from join.by_text.get(text, ())
        yield from join.rest


@dataclass(frozen=True, slots=True)
class _End:
    """What is known of an argument that joins: its texts, where all are known, and what it is made of."""

    address: str
    texts: frozenset[str]
    origins: frozenset[str]


def _end(plan: Plan, resource: PlannedResource, path: str) -> _End:
    values = values_of(parts_of(resource, path))
    texts = frozenset() if values.later else frozenset(map(plain_text, values.known))
    is_own = not resource.within  # a template refers by names of its own
    references = (resource.arguments or {}).get(path.partition(".")[0], ()) if is_own else ()
    return _End(config_address(resource.address), texts, origins_of(plan, references))


@dataclass(frozen=True, slots=True)
class _Join:
    """Resources by the values of one argument; the rest are those of which it is not known."""

    by_text: Mapping[str, Sequence[PlannedResource]]
    rest: Sequence[PlannedResource]


def _join(index: PlanIndex, types: tuple[str, ...], path: str) -> _Join:
    by_text: dict[str, list[PlannedResource]] = defaultdict(list)
    rest = []
    for each in index.of_types(types):
        texts = index.end(each, path).texts
        for text in texts:
            by_text[text].append(each)
        if not texts:
            rest.append(each)
    return _Join(by_text, rest)


def index_of(plan: Plan) -> PlanIndex:
    """The index of a plan: of what is managed and will be there, and of data sources."""
    by_type: dict[str, list[PlannedResource]] = defaultdict(list)
    data: dict[str, list[PlannedResource]] = defaultdict(list)
    for resource in (*plan.resources, *plan.held):
        if resource.mode == "managed" and not resource.is_leaving and not resource.deposed:
            by_type[resource.type].append(resource)
        elif resource.mode == "data":
            data[config_address(resource.address)].append(resource)
    return PlanIndex(plan, by_type, data)


@dataclass(frozen=True, slots=True)
class FormAnswer:
    """An answer, and the argument that decided it."""

    answer: Answer
    argument: str = ""


def judge_form(index: PlanIndex, resource: PlannedResource, form: PlanForm) -> FormAnswer:
    """Whether a row is true of a resource: of one of the parts that it is about."""
    if not form.within:
        return _judge_part(index, resource, form, None)
    computed = any(each.computed for each in form.when)
    answers = [
        FormAnswer("unknown", form.within)
        if part.unknown is True
        else _judge_part(index, resource, form, part)
        for part in parts_of(resource, form.within, computed=computed)
    ]
    return next(
        (each for wanted in ("yes", "unknown") for each in answers if each.answer == wanted), FormAnswer("no")
    )


def _judge_part(index: PlanIndex, resource: PlannedResource, form: PlanForm, part: Part | None) -> FormAnswer:
    answers = []
    for each in form.when:
        answer = judge_condition(index, resource, each, part)
        if answer == "no":
            return FormAnswer("no")
        answers.append((each, answer))
    exempt = [(each, judge_condition(index, resource, each, part)) for each in form.unless]
    if any(answer == "yes" for _, answer in exempt):
        return FormAnswer("no")
    open_ = [each for each, answer in (*answers, *exempt) if answer == "unknown"]
    # An argument that must be missing is not what opens it.
    stated = [each for each in form.when if each.present is not False]
    first = next((each.path for each in (*open_, *stated) if each.path), "")
    name = first[1:] if first.startswith("/") else ".".join(filter(None, (form.within, first)))
    return FormAnswer("unknown" if open_ else "yes", name)


def judge_condition(
    index: PlanIndex, resource: PlannedResource, condition: ArgumentCondition, part: Part | None = None
) -> Answer:
    """Whether a condition holds of a resource, or of a part of it."""
    if isinstance(condition, FormCondition) and condition.beside is not None:
        return _judge_neighbour(index, resource, condition.beside)
    is_whole = part is None or condition.path.startswith("/")
    parts = (
        parts_of(resource, condition.path.removeprefix("/"), computed=condition.computed)
        if part is None or is_whole
        else parts_below(part, condition.path)
    )
    values = values_of(parts)
    if condition.opens is not None:
        return _judge_policy(index, resource, condition, condition.opens, values)
    answer = _judge_values(condition, values)
    if answer == "unknown" and condition.made_of and is_whole:
        return _judge_origins(index, resource, condition)
    return answer


def _judge_origins(index: PlanIndex, resource: PlannedResource, condition: ArgumentCondition) -> Answer:
    """The answer for a value known only after the apply, by the types of the resources that it refers to.

    "no" only where all of them are of the same provider, and none is of a type in `made_of`.
    """
    name = condition.path.removeprefix("/").partition(".")[0]
    types = [each.split(".")[-2] for each in origins_of(index.plan, (resource.arguments or {}).get(name, ()))]
    if any(fnmatchcase(type_, pattern) for type_ in types for pattern in condition.made_of):
        return "yes"
    provider = resource.type.partition("_")[0]
    return "no" if types and all(each.partition("_")[0] == provider for each in types) else "unknown"


def _judge_values(condition: ArgumentCondition, values: Values) -> Answer:
    if condition.present is not None:
        is_set: Answer = "yes" if values.known else "unknown" if values.later else "no"
        return is_set if condition.present else negate(is_set)
    texts = [plain_text(value) for value in values.known]
    if condition.matches is not None:
        pattern = condition.matches
        return _any_of((_is_match(pattern, text) for text in texts), values)
    if condition.any_of is not None:
        return _any_of((text in condition.any_of for text in texts), values)
    return negate(_any_of((text in (condition.none_of or ()) for text in texts), values))


def negate(answer: Answer) -> Answer:
    return _OPPOSITES[answer]


def plain_text(value: Any) -> str:
    """A value as the table writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def _is_match(pattern: str, text: str) -> bool:
    """The same names stand in many plans and requests; a long text is looked at each time."""
    return _is_short_match(pattern, text) if len(text) <= _SHORT else _matches(pattern, text)


def _matches(pattern: str, text: str) -> bool:
    return _pattern(pattern).search(text) is not None


_is_short_match = lru_cache(maxsize=8192)(_matches)


def _any_of(answers: Iterable[bool], values: Values) -> Answer:
    return "yes" if any(answers) else "unknown" if values.later else "no"


def _judge_policy(
    index: PlanIndex,
    resource: PlannedResource,
    condition: ArgumentCondition,
    opening: PolicyOpening,
    values: Values,
) -> Answer:
    answers = [_opens(opening, value) for value in values.known]
    if values.later:
        name = condition.path.partition(".")[0]
        answers += _judge_documents(index, resource, name, opening) or ["unknown"]
    return _worst(answers)


def _opens(opening: PolicyOpening, document: Any) -> Answer:
    return document_opens(document, opening.actions) if opening.language == "iam" else members_open(document)


def _worst(answers: Iterable[Answer]) -> Answer:
    found = set(answers)
    return "yes" if "yes" in found else "unknown" if "unknown" in found else "no"


def _judge_documents(
    index: PlanIndex, resource: PlannedResource, name: str, opening: PolicyOpening
) -> list[Answer]:
    """What the data sources say that an unknown policy is made of; nothing where it is made of more."""
    references = (resource.arguments or {}).get(name, ())
    origins = origins_of(index.plan, references)
    type_ = _DOCUMENTS[opening.language]
    if not all(f".data.{type_}." in f".{node}" for node in origins):
        return []
    documents = (each for node in sorted(origins) for each in index.data.get(node, ()))
    return [_judge_document(each, opening) for each in documents]


def _judge_document(document: PlannedResource, opening: PolicyOpening) -> Answer:
    """A policy as a data source's blocks have it."""
    if opening.language == "members":
        values = values_of(parts_of(document, "binding.members"))
        held = members_open({"bindings": [{"members": list(values.known)}]})
        return "unknown" if held == "no" and values.later else held
    blocks = parts_of(document, "statement")
    others = values_of(
        (*parts_of(document, "source_policy_documents"), *parts_of(document, "override_policy_documents"))
    )
    unknown: list[Answer] = ["unknown"] if others.later or any(_hides(part) for part in blocks) else []
    statements = [_statement(part) for part in blocks if isinstance(part.value, dict)]
    own = document_opens({"Statement": statements}, opening.actions)
    return _worst([own, *(document_opens(each, opening.actions) for each in others.known), *unknown])


def _hides(block: Part) -> bool:
    """Whether who is let in, or under which condition, is known only after the apply."""
    marks = block.unknown
    if marks is True:
        return True
    return any(
        values_of(parts_below(block, name)).later
        for name in ("effect", "actions", "not_actions", "principals", "not_principals", "condition")
    )


def _statement(block: Part) -> dict[str, Any]:
    """A block `statement` as JSON has it."""
    own: Mapping[str, Any] = block.value
    principals = [_principal(each) for each in own.get("principals") or ()]
    conditions: dict[str, dict[str, Any]] = {}
    for each in own.get("condition") or ():
        conditions.setdefault(str(each.get("test")), {})[str(each.get("variable"))] = each.get("values")
    said = {
        "Effect": own.get("effect") or "Allow",
        "Principal": principals or None,
        "NotPrincipal": own.get("not_principals") or None,
        "Action": own.get("actions"),
        "NotAction": own.get("not_actions") or None,
        "Resource": own.get("resources") or ["*"],
        "Condition": conditions or None,
    }
    return {key: value for key, value in said.items() if value is not None}


def _principal(block: Mapping[str, Any]) -> Mapping[str, Any]:
    return {str(block.get("type")): block.get("identifiers")}


def _judge_neighbour(index: PlanIndex, resource: PlannedResource, neighbour: Neighbour) -> Answer:
    """Whether a resource of these types belongs to this one and is as the conditions have it."""
    answers: list[Answer] = []
    own, its = next(iter(neighbour.joined.items()), ("", ""))
    for other in index.candidates(neighbour.types, its, index.end(resource, own).texts):
        joined = _judge_join(index, resource, other, neighbour.joined)
        if joined == "no":
            continue
        held = [judge_condition(index, other, each) for each in neighbour.when]
        if "no" not in held:  # a later apply makes what is deferred
            is_sure = joined == "yes" and "unknown" not in held and not other.deferred
            answers.append("yes" if is_sure else "unknown")
        if "yes" in answers:
            break
    return _worst(answers)


def _judge_join(
    index: PlanIndex, one: PlannedResource, other: PlannedResource, arguments: Mapping[str, str]
) -> Answer:
    unsure = False
    for own, its in arguments.items():
        answer = _equal(index.end(one, own), index.end(other, its))
        if answer == "no":
            return "no"
        unsure |= answer == "unknown"
    return "unknown" if unsure or not _is_of_one_call(index, one, other, arguments) else "yes"


def _equal(left: _End, right: _End) -> Answer:
    """Whether two arguments have one value, or are both made of the same one resource's."""
    if left.texts and right.texts:
        return "yes" if left.texts & right.texts else "no"
    refer = left.address in right.origins or right.address in left.origins
    if refer or (left.origins == right.origins and len(left.origins) == 1):
        return "yes"
    return "no" if len(left.origins) == len(right.origins) == 1 else "unknown"


def _is_of_one_call(
    index: PlanIndex, one: PlannedResource, other: PlannedResource, arguments: Mapping[str, str]
) -> bool:
    """Whether both have the same instance keys, of themselves and of their modules; by value none matter."""
    if all(index.end(one, own).texts and index.end(other, its).texts for own, its in arguments.items()):
        return True
    are_plain = "[" not in one.module + other.module
    return one.index == other.index and (are_plain or one.module == other.module)
