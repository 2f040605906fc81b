"""Pipelines as graphs: a step is reported where data about people reaches it past every transformer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gatecli.checks.cloud.azureml_steps import UNPROTECTED
from gatecli.checks.cloud.interface import JobContext
from gatecli.checks.cloud.locations import UNCHARGED
from gatecli.checks.cloud.registry import find_in_job
from gatecli.model.finding import Rule
from gatecli.model.policy import CloudRules, DataLocation, PrivacyPolicy
from gatecli.sources.jobs.azureml import read_azureml
from gatecli.sources.json_text import read_json
from gatecli.sources.policy import default_policy

PINNED = {"image": "acme.azurecr.io/x@sha256:" + "a" * 64}
OWN = "gatecli cloud azureml"
COMMANDS = {
    "plain": "python step.py",
    "transform": f"{OWN} transform --input ${{{{inputs.i0}}}} -o ${{{{outputs.out}}}}/t.csv --columns c.yaml",
    "run": f"{OWN} run --dataset d --epsilon 1 --delta 0 --output ${{{{outputs.out}}}} -- python step.py",
}
POLICY = default_policy()
PUBLIC: PrivacyPolicy = POLICY.model_copy(
    update={"spec": POLICY.spec.model_copy(update={"cloud": CloudRules(public_inputs=("azureml:public",))})}
)


@dataclass(frozen=True)
class Graph:
    """Kinds of steps, edges `(from, output, to)`, and which steps read raw or public data."""

    kinds: tuple[str, ...]
    edges: frozenset[tuple[int, str, int]]
    raw: frozenset[int]
    public: frozenset[int]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    kinds = tuple(draw(st.lists(st.sampled_from(sorted(COMMANDS)), min_size=2, max_size=7)))
    step = st.integers(0, len(kinds) - 1)
    edge = st.tuples(step, st.sampled_from(["out", "side"]), step)
    edges = draw(st.frozensets(edge, min_size=len(kinds) - 1, max_size=3 * len(kinds)))
    raw = draw(st.frozensets(step, min_size=1, max_size=2))
    return Graph(kinds, edges, raw, draw(st.frozensets(step, max_size=2)))


def reached(graph: Graph) -> set[int]:
    """By paths from raw data, one step after the other; nothing raw leaves a transformer, or as a release."""
    found, before = set(graph.raw), set[int]()
    while found != before:
        before = set(found)
        found |= {
            to
            for start, output, to in graph.edges
            if start in before
            and graph.kinds[start] != "transform"
            and not (graph.kinds[start] == "run" and output == "out")
        }
    return found


def pipeline(graph: Graph) -> dict[str, Any]:
    inputs: dict[int, list[str]] = {number: [] for number in range(len(graph.kinds))}
    for start, output, to in sorted(graph.edges):
        inputs[to].append(f"${{{{parent.jobs.s{start}.outputs.{output}}}}}")
    for number in graph.raw:
        inputs[number].append("${{parent.inputs.raw}}")
    for number in graph.public:
        inputs[number].append("${{parent.inputs.public}}")
    jobs = {
        f"s{number}": {
            "type": "command",
            "command": COMMANDS[kind],
            "environment": PINNED,
            "inputs": {f"i{place}": text for place, text in enumerate(inputs[number])} or {"i0": 1},
            "outputs": {"out": {"type": "uri_folder"}, "side": {"type": "uri_folder"}},
        }
        for number, kind in enumerate(graph.kinds)
    }
    paths = {"raw": "azureml:patients:1", "public": "azureml:public:1"}
    given_inputs = {name: {"type": "uri_file", "path": path} for name, path in paths.items()}
    return {"type": "pipeline", "inputs": given_inputs, "jobs": jobs}


def steps_reported(data: Any, wanted: Rule = UNPROTECTED, policy: PrivacyPolicy = PUBLIC) -> set[str]:
    (document,) = read_json("pipeline.json", json.dumps(data))
    loaded = read_azureml(document)
    assert loaded is not None
    assert loaded.findings == ()
    context = JobContext(policy)
    found = [(job.step, each.rule) for job in loaded.values for each in find_in_job(job, context)]
    return {step for step, rule in found if rule is wanted}


@given(graphs())
def test_a_step_is_reported_where_people_reach_it(graph: Graph) -> None:
    expected = {f"s{number}" for number in reached(graph) if graph.kinds[number] == "plain"}
    assert steps_reported(pipeline(graph)) == expected


def with_location(dataset: str) -> PrivacyPolicy:
    """The policy that keeps the raw data as this dataset."""
    rules = CloudRules(locations=(DataLocation(dataset=dataset, at=("azureml:patients",)),))
    return POLICY.model_copy(update={"spec": POLICY.spec.model_copy(update={"cloud": rules})})


def charging(graph: Graph) -> set[int]:
    """The runs that people reach, also through a transformer: only a release has paid for itself."""
    through = Graph(
        tuple("plain" if kind == "transform" else kind for kind in graph.kinds),
        graph.edges,
        graph.raw,
        graph.public,
    )
    return {number for number in reached(through) if graph.kinds[number] == "run"}


@given(graphs())
def test_a_run_charges_the_people_that_reach_it(graph: Graph) -> None:
    data = pipeline(graph)
    expected = {f"s{number}" for number in charging(graph)}
    assert steps_reported(data, UNCHARGED, with_location("patients")) == expected
    assert steps_reported(data, UNCHARGED, with_location("d")) == set()


@given(graphs(), st.data())
def test_a_transformer_in_place_of_a_step_reports_nothing_more(graph: Graph, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(graph.kinds) - 1))
    kinds = tuple("transform" if at == number else kind for at, kind in enumerate(graph.kinds))
    cleaner = Graph(kinds, graph.edges, graph.raw, graph.public)
    assert steps_reported(pipeline(cleaner)) <= steps_reported(pipeline(graph))


@given(graphs(), st.randoms(use_true_random=False))
def test_the_order_of_steps_changes_nothing(graph: Graph, random: Any) -> None:
    data = pipeline(graph)
    jobs = list(data["jobs"].items())
    random.shuffle(jobs)
    assert steps_reported({**data, "jobs": dict(jobs)}) == steps_reported(data)


WORDS = [
    "${{parent.inputs.raw}}",
    "${{parent.jobs.s.outputs.o}}",
    "${{",
    "$[[",
    "azureml:x:1",
    "./c.yaml",
    "command",
    "sweep",
]
KEYS = [
    "type",
    "path",
    "inputs",
    "outputs",
    "jobs",
    "command",
    "component",
    "trial",
    "task",
    "environment",
    "image",
    "code",
    "identity",
    "services",
    "resources",
    "environment_variables",
    "default",
    "optional",
    "s",
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(WORDS) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=5)
    ),
    max_leaves=24,
)


@given(VALUES, VALUES, st.sampled_from(["pipelineJob", "commandJob", "sweepJob", "schedule", "data"]))
def test_whatever_a_document_holds_is_judged_or_told(jobs: Any, inputs: Any, schema: str) -> None:
    """Nothing raises, and a pipeline of which nothing is known is never without a finding."""
    data = {
        "$schema": f"https://azuremlschemas.azureedge.net/latest/{schema}.schema.json",
        "type": "pipeline",
    }
    (document,) = read_json("pipeline.json", json.dumps({**data, "jobs": jobs, "inputs": inputs}))
    loaded = read_azureml(document)
    assert loaded is not None
    found = [each for job in loaded.values for each in find_in_job(job, JobContext(PUBLIC))]
    if schema == "pipelineJob":
        assert loaded.values or loaded.findings
        assert all(each.message for each in (*found, *loaded.findings))
