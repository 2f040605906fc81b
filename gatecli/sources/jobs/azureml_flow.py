"""The steps of a pipeline of Azure ML's, and where the data of each comes from. Nested ones are flattened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from gatecli.model.document import Document
from gatecli.model.finding import Finding
from gatecli.model.job_definition import (
    HOLE,
    DataOrigin,
    FlowStep,
    JobDefinition,
    JobFlow,
    JobText,
)
from gatecli.model.quoting import quote_name
from gatecli.sources.jobs.azureml_components import Definition, definition_of
from gatecli.sources.jobs.azureml_expressions import expressions, named_in_command
from gatecli.sources.jobs.azureml_inputs import LITERALS, Given, given_value
from gatecli.sources.jobs.azureml_outputs import KeptOutput, kept_under
from gatecli.sources.jobs.azureml_steps import (
    HOLDERS,
    KINDS,
    PIPELINE,
    StepPlace,
    command_values,
    inner_of,
    input_parts,
    is_optional,
    kind_of,
    output_names,
    searched_values,
    step_job,
    texts_of_reading,
)
from gatecli.sources.jobs.interface import invalid, unbound, unsupported_job
from gatecli.sources.jobs.moved_jobs import moved_job
from gatecli.sources.jobs.parts import JobPart, plain_text, text_of

DEEPEST = 8
"""Pipelines within pipelines."""
MOST = 1_000
"""Steps of a pipeline, with those of all pipelines within."""

_FORMS: Mapping[str, tuple[str, tuple[type, ...]]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "inputs",
                "outputs",
                "environment_variables",
                "services",
                "resources",
                "identity",
                "distribution",
            ),
            ("a block of keys", (dict,)),
        ),
        **dict.fromkeys(("command", "code", "type"), ("a text", (str,))),
        **dict.fromkeys(("environment", "component", "trial"), ("a text or a block of keys", (str, dict))),
    }
)
"""Parts that are read, and the form that they must have."""

_BIND = "bind it to ${{parent.inputs.NAME}} or ${{parent.jobs.STEP.outputs.NAME}}"


@dataclass(frozen=True, slots=True)
class FlowScope:
    """A pipeline, or one within it: `given` are its inputs, `targets` where its outputs are kept.

    `at` is where findings stand, in place of the parts' own pointers, where it stands in another file.
    """

    prefix: str
    given: Mapping[str, Given]
    targets: Mapping[str, KeptOutput]
    outputs: frozenset[str]
    folder: Path
    at: str | None = None
    identity: JobText | None = None
    depth: int = 0


@dataclass(slots=True)
class FlowReader:
    """Reads a pipeline step by step; `finish` gives the jobs."""

    document: Document
    name: str
    steps: dict[str, FlowStep] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    bound: dict[tuple[str, str], tuple[DataOrigin, ...]] = field(default_factory=dict)
    kept: dict[tuple[str, str], tuple[DataOrigin, ...]] = field(default_factory=dict)
    texts: tuple[JobText, ...] = ()
    is_cut_off: bool = False
    findings: list[Finding] = field(default_factory=list)

    def read(self, members: Mapping[str, JobPart], scope: FlowScope) -> None:
        """Every step of a scope, by its name; the only one of a single job has none."""
        made = {name: self._definition(step, scope) for name, step in members.items()}
        known = {name: _known_outputs(step, made[name]) for name, step in members.items()}
        for name, step in members.items():
            if self.is_cut_off:
                return
            if len(self.steps) + len(self.groups) >= MOST:
                self._cut_off(step, scope, f"the pipeline has more than {MOST:,} steps", "part it")
                return
            if not isinstance(step.value, Mapping):
                self._invalid(step, scope, "a step is not a block of keys", "write type, inputs and command")
                continue
            self._read_step(name, step, made[name], scope, known)

    def _definition(self, step: JobPart, scope: FlowScope) -> Definition:
        kind = text_of(step.member("type"))
        key = HOLDERS.get(kind.text.lower() if kind is not None else "", "component")
        return definition_of(step, scope.folder, key)

    def _read_step(
        self,
        name: str,
        step: JobPart,
        definition: Definition,
        scope: FlowScope,
        known: Mapping[str, frozenset[str] | None],
    ) -> None:
        kind, at = kind_of(step, definition), scope.at or step.pointer
        self.check_blocks(step, scope.at)
        if definition.part is not None and definition.part is not step:
            self.check_blocks(definition.part, scope.at or definition.at)
        own = f"{scope.prefix}{name}"
        if own in self.steps or own in self.groups:
            self._invalid(
                step, scope, "two steps have one name with those they stand in", "leave / out of names"
            )

        def resolve(expression: str, pointer: str) -> Given:
            return self._resolve(expression, scope.at or pointer, scope, known)

        given = {key: _moved_to(given_value(part, resolve), scope) for key, part in input_parts(step)}
        if definition.problem:
            self._invalid(step, scope, f"its component {definition.problem}", "name a file of the repository")
        if kind not in KINDS:
            self._report_kind(step, scope, kind)
            given["?"] = Given(at, None, (DataOrigin(source=JobText(HOLE, at)),))
        self._check_inputs(step, definition, given, scope)
        targets = dict(self._targets(own, step, scope))
        if kind == PIPELINE:
            self._read_group(own, step, definition, given, targets, scope)
            return
        place = StepPlace(
            self.document, f"{self.name}/{own}" if own else self.name, kind, scope.folder, at, scope.identity
        )
        job = step_job(step, definition, given, _texts_of(targets), place)
        if scope.at is not None:
            job = moved_job(job, scope.at)
        reads = (origin for each in given.values() for origin in each.origins)
        shown = (origin for each in targets.values() if each.is_shown for origin in each.holds)
        self.kept |= {(own, output): each.holds for output, each in targets.items()}
        self.steps[own] = FlowStep(job, (*reads, *shown, *texts_of_reading(job)))

    def check_blocks(self, part: JobPart, at: str | None) -> None:
        """Tell of a part that is not of the form which is read: it would be passed over."""
        for key, (called, kinds) in _FORMS.items():
            found = part.member(key)
            if found is not None and found.value is not None and not isinstance(found.value, kinds):
                problem = f"{key} is not {called}, so nothing of it can be judged"
                mend = f"write {called}"
                where = at or found.pointer
                self.findings.append(invalid(self.document, where, problem, mend, subject=self.name))

    def _read_group(
        self,
        own: str,
        step: JobPart,
        definition: Definition,
        given: Mapping[str, Given],
        targets: Mapping[str, KeptOutput],
        scope: FlowScope,
    ) -> None:
        """A pipeline within the pipeline."""
        jobs = None if definition.part is None else definition.part.member("jobs")
        if jobs is None:
            place = StepPlace(
                self.document,
                f"{self.name}/{own}",
                PIPELINE,
                scope.folder,
                scope.at or step.pointer,
                scope.identity,
            )
            job = step_job(
                step, Definition(None, definition.at, definition.reference), given, _texts_of(targets), place
            )
            self.steps[own] = FlowStep(job, tuple(o for each in given.values() for o in each.origins))
            return
        if scope.depth >= DEEPEST:
            self._cut_off(
                step, scope, f"pipelines stand in each other more than {DEEPEST} deep", "flatten them"
            )
            return
        self.groups.add(own)
        at = scope.at or (definition.at if definition.is_file else None)
        values = {**_defaults(definition, at or step.pointer), **given}
        self.read(
            dict(jobs.members()),
            FlowScope(
                f"{own}/",
                values,
                targets,
                output_names(step, definition),
                definition.folder or scope.folder,
                at,
                scope.identity,
                scope.depth + 1,
            ),
        )

    def _resolve(
        self, expression: str, at: str, scope: FlowScope, known: Mapping[str, frozenset[str] | None]
    ) -> Given:
        match expression.split("."):
            case ["parent", "inputs", name, *_] if name in scope.given:
                return replace(scope.given[name], pointer=at)
            case ["parent", "jobs", step, "outputs", output] if step in known:
                outputs = known[step]
                if outputs is None or output in outputs:
                    return Given(at, None, (DataOrigin(f"{scope.prefix}{step}", output),))
            case ["parent", "jobs", step, "inputs", *_] if step in known:
                return Given(at, None, (DataOrigin(source=JobText(HOLE, at)),))
        problem = (
            f"${{{{{quote_name(expression)}}}}} names nothing of its pipeline, so what it reads is unknown"
        )
        self.findings.append(unbound(self.document, at, problem, _BIND, subject=self.name))
        return Given(at, None, (DataOrigin(source=JobText(HOLE, at)),))

    def _targets(self, own: str, step: JobPart, scope: FlowScope) -> Iterator[tuple[str, KeptOutput]]:
        """Where outputs are kept under a name or a path, as the step or its pipeline says."""
        outputs = step.member("outputs")
        for name, part in outputs.members() if outputs is not None else ():
            text = part.text()
            for expression in expressions(text.text) if text is not None else ():
                target = self._bound_target(own, name, expression, scope.at or part.pointer, scope)
                if target is not None:
                    yield name, target
            target = kept_under(part)
            if target is not None:
                yield name, replace(target, text=JobText(target.text.text, scope.at or target.text.pointer))

    def _bound_target(
        self, own: str, name: str, expression: str, at: str, scope: FlowScope
    ) -> KeptOutput | None:
        match expression.split("."):
            case ["parent", "outputs", output] if output in scope.outputs:
                if scope.prefix:
                    group = scope.prefix.removesuffix("/")
                    before = self.bound.get((group, output), ())
                    self.bound[group, output] = (*before, DataOrigin(own, name))
                target = scope.targets.get(output)
                return None if target is None else replace(target, text=JobText(target.text.text, at))
        problem = f"${{{{{quote_name(expression)}}}}} names no output of its pipeline"
        self.findings.append(
            unbound(self.document, at, problem, "bind it to ${{parent.outputs.NAME}}", subject=self.name)
        )
        return None

    def _check_inputs(
        self, step: JobPart, definition: Definition, given: dict[str, Given], scope: FlowScope
    ) -> None:
        """What is given against what is declared and used."""
        declared = (
            None if definition.part is None or definition.part is step else definition.part.member("inputs")
        )
        names = dict(declared.members()) if declared is not None else {}
        is_open = definition.part is None or definition.part is step or declared is None
        for name, each in list(given.items()):
            part = names.get(name)
            if not is_open and part is None and name != "?":
                problem = f"its component has no input {quote_name(name)}"
                self._unbound(each.pointer, problem, _near(name, names))
            kind = None if part is None else text_of(part.member("type"))
            if each.literal is not None and kind is not None and kind.text.lower() not in LITERALS:
                source = DataOrigin(source=JobText(each.literal, each.pointer))
                given[name] = replace(each, literal=None, origins=(*each.origins, source))
        searched = searched_values(step)
        for name, part in names.items():
            if name not in {*given, *searched} and not is_optional(part) and part.member("default") is None:
                problem = f"the input {quote_name(name)} of its component is not given"
                self._unbound(scope.at or step.pointer, problem, _BIND)
        self._check_command(step, definition, given, scope)

    def _check_command(
        self, step: JobPart, definition: Definition, given: Mapping[str, Given], scope: FlowScope
    ) -> None:
        inner = inner_of(definition)
        text = None if inner is None else text_of(inner.member("command"))
        if text is None:
            return
        at = scope.at or (definition.at if definition.is_file else text.pointer)
        declared = None if definition.part is None else definition.part.member("inputs")
        inputs = {*given, *(name for name, _ in (declared.members() if declared is not None else ()))}
        inputs |= {*command_values(step, definition, given)}
        for kind, known in (("inputs", inputs), ("outputs", output_names(step, definition))):
            for name in sorted({*named_in_command(text.text, kind)} - known):
                if name.partition(".")[0] not in known:
                    problem = f"its command names ${{{{{kind}.{quote_name(name)}}}}}, which it does not have"
                    self._unbound(at, problem, _near(name, dict.fromkeys(known)))

    def _unbound(self, at: str, problem: str, mend: str) -> None:
        self.findings.append(unbound(self.document, at, problem, mend, subject=self.name))

    def _invalid(self, step: JobPart, scope: FlowScope, problem: str, mend: str) -> None:
        at = scope.at or step.pointer
        self.findings.append(invalid(self.document, at, problem, mend, subject=self.name))

    def _cut_off(self, step: JobPart, scope: FlowScope, problem: str, mend: str) -> None:
        """Read no further: pipelines that hold each other many times would never end."""
        self.is_cut_off = True
        self._invalid(step, scope, problem, mend)

    def _report_kind(self, step: JobPart, scope: FlowScope, kind: str) -> None:
        at = scope.at or step.pointer
        problem = f"a step of type {quote_name(kind)} is of a kind that no rule judges"
        mend = f"use one of {', '.join(sorted(KINDS))}"
        self.findings.append(unsupported_job(self.document, at, problem, mend, subject=self.name))

    def finish(self) -> Sequence[JobDefinition]:
        """The jobs of the pipeline, each with the whole flow of its data."""
        steps = {
            name: replace(step, reads=tuple(dict.fromkeys(self._expand_groups(step.reads))))
            for name, step in self.steps.items()
        }
        flow = JobFlow(steps)
        jobs = [replace(step.job, step=name, flow=flow) for name, step in steps.items()]
        told = [
            replace(job, texts=(*job.texts, *self.texts)) for job in jobs[:1]
        ]  # once, with the first step
        return (*told, *jobs[1:])

    def _expand_groups(self, origins: Sequence[DataOrigin]) -> Iterator[DataOrigin]:
        """Outputs of pipelines within as those of the steps in them."""
        waiting, seen = list(origins), set[tuple[str, str]]()
        while waiting:
            origin = waiting.pop(0)
            if origin.step not in self.groups:
                yield from (origin, *self.kept.get((origin.step, origin.output), ()))
                continue
            key = (origin.step, origin.output)
            if key in seen:
                continue
            seen.add(key)
            inner = self.bound.get(key)
            waiting += inner or (DataOrigin(source=JobText(HOLE, "")),)


def _known_outputs(step: JobPart, definition: Definition) -> frozenset[str] | None:
    """The outputs that a step has; None where nobody can say."""
    kind = kind_of(step, definition)
    if definition.part is None or kind not in KINDS or kind in {"automl", "finetuning"}:
        return None
    return output_names(step, definition)


def _texts_of(targets: Mapping[str, KeptOutput]) -> dict[str, JobText]:
    return {name: target.text for name, target in targets.items()}


def _moved_to(given: Given, scope: FlowScope) -> Given:
    return given if scope.at is None else replace(given, pointer=scope.at)


def _defaults(definition: Definition, at: str) -> dict[str, Given]:
    """Inputs of a pipeline within that have a value of their own."""
    declared = None if definition.part is None else definition.part.member("inputs")
    found: dict[str, Given] = {}
    for name, part in declared.members() if declared is not None else ():
        default = part.member("default")
        literal = (
            None
            if default is None or isinstance(default.value, dict | list)
            else plain_text(str(default.value))
        )
        found[name] = Given(at, literal)
    return found


def _near(name: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f"did you mean {quote_name(close[0])}?" if close else "check the spelling"
