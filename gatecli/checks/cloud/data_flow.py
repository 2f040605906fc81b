"""Which steps of a pipeline read data about people, and which of their outputs still hold it.

All data is about people that the policy does not call public. A transformer's outputs are what its
classification permits, and the release of a run that declares its budget is private; everything else that
such data flows into holds it, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from gatecli.checks.cloud.addresses import leads_elsewhere, without_version
from gatecli.checks.cloud.run_call import RunCall, read_call
from gatecli.checks.cloud.transform_call import TransformCall
from gatecli.model.job_definition import MOUNT, DataOrigin, FlowStep, JobDefinition, JobFlow
from gatecli.model.policy import CloudRules


def reads_people(job: JobDefinition, rules: CloudRules) -> bool:
    """Whether data about people reaches a job. Of a job without a flow nothing is known, so it does."""
    return job.flow is None or job.step in steps_with_people(job.flow, rules)


def is_transformer(job: JobDefinition, rules: CloudRules) -> bool:
    """Whether a job is a transformer: by its command, or as a component that the policy names."""
    if job.component is not None:
        return job.component.text in rules.transformers
    return isinstance(read_call(job), TransformCall)


@lru_cache(maxsize=8)
def steps_with_people(flow: JobFlow, rules: CloudRules) -> frozenset[str]:
    """The steps that data about people reaches."""
    readers = _readers(flow, rules)
    reached = {
        name
        for name, step in flow.steps.items()
        if any(_is_outside(each, rules, flow) for each in step.reads)
    }
    waiting = sorted(reached)
    while waiting:
        for reader in readers.get(waiting.pop(), ()):
            if reader not in reached:
                reached.add(reader)
                waiting.append(reader)
    return frozenset(reached)


def _is_outside(origin: DataOrigin, rules: CloudRules, flow: JobFlow) -> bool:
    """Whether something is read from outside that is not public. A step that is not there is unknown data."""
    if origin.source is not None:
        return not is_public(origin.source.text, rules)
    return origin.step not in flow.steps


def _readers(flow: JobFlow, rules: CloudRules) -> dict[str, list[str]]:
    """By step, the steps that read an output of it which holds what it read."""
    cleaned = {name: _clean_outputs(step, rules) for name, step in flow.steps.items()}
    found: dict[str, list[str]] = {}
    for name, step in flow.steps.items():
        for origin in step.reads:
            clean = cleaned.get(origin.step)
            if origin.source is None and clean is not None and not clean(origin.output):
                found.setdefault(origin.step, []).append(name)
    return found


class _CleanOutputs:
    """Says of an output whether it holds nothing raw."""

    def __init__(self, *, all_of_them: bool, release: str | None) -> None:
        self._all, self._release = all_of_them, release

    def __call__(self, output: str) -> bool:
        return self._all or output == self._release


def _clean_outputs(step: FlowStep, rules: CloudRules) -> _CleanOutputs:
    return _CleanOutputs(all_of_them=is_transformer(step.job, rules), release=release_output(step.job))


def release_output(job: JobDefinition) -> str | None:
    """The output that a run with a budget leaves its release in; None where it has none."""
    call = read_call(job)
    output = call.value("--output") if isinstance(call, RunCall) else None
    prefix = f"{MOUNT}outputs/"
    if output is None or not output.text.startswith(prefix):
        return None
    return output.text.removeprefix(prefix).partition("/")[0]


def raw_outputs(job: JobDefinition, rules: CloudRules) -> Iterator[str]:
    """The outputs of a job that hold data about people."""
    if not reads_people(job, rules) or is_transformer(job, rules):
        return
    release = release_output(job)
    yield from (output.name for output in job.outputs if output.name != release)


def is_public(source: str, rules: CloudRules) -> bool:
    """Whether the policy calls data public, by the name that jobs use; the version of an asset aside."""
    names = (source, without_version(source))
    return any(_matches(name, pattern) for pattern in rules.public_inputs for name in names)


def _matches(name: str, pattern: str) -> bool:
    if leads_elsewhere(name):
        return False
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
