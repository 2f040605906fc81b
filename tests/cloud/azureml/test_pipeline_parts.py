"""What a pipeline says beside its commands: sweeps, schedules, images, folders, variables, other schemas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gatecli.model.job_definition import HOLE, MOUNT, VALUE
from tests.cloud.azureml.test_pipeline_gate import (
    EVALUATE,
    IMAGE,
    KEPT,
    PINNED,
    RAW,
    RELEASE,
    REPORT,
    RUN,
    SERVER,
    STEP,
    TRAIN,
    write,
)
from tests.support.azureml_examples import COMPONENT, PIPELINE, POLICY, changed_example, judge, rules_of

UNPROTECTED = ["cloud-unprotected-step"]

SEARCHED = f"{RUN} {SERVER} {KEPT} -- python train.py --lr ${{{{search_space.lr}}}}"
SMALL = SEARCHED.replace("0.5", "0.1").replace("1e-8", "1e-9")
NUMBERS = {"lr": {"type": "loguniform", "min_value": -6, "max_value": -1}}
SWEEPS: dict[str, tuple[str, Any, Any, list[str]]] = {
    "trials within the tier": (SMALL, NUMBERS, {"max_total_trials": 5}, []),
    "words and numbers": (
        SMALL,
        {"lr": {"type": "choice", "values": ["adam", 1, 0.5]}},
        {"max_total_trials": 5},
        [],
    ),
    "trials above the tier": (SMALL, NUMBERS, {"max_total_trials": 6}, ["cloud-promise-over-tier"]),
    "trials without an end": (SMALL, NUMBERS, {}, ["cloud-unknown-value"]),
    "a setting that is a command": (
        SMALL,
        {"lr": {"type": "choice", "values": ["1; cp -r /mnt /tmp"]}},
        {"max_total_trials": 5},
        ["cloud-unprotected-step"],
    ),
    "a setting that it does not have": (SMALL, {}, {"max_total_trials": 5}, ["cloud-unprotected-step"]),
}


def write_sweep(folder: Path, trial: Any, space: Any, limits: Any) -> None:
    policy = "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: acme}\n"
    (folder / "gatecli.yaml").write_text(
        f"{policy}spec: {{extends: default, datasets: {{patients-2026: health}}}}\n", "utf-8"
    )
    data = {key: STEP[key] for key in ("inputs", "outputs")}
    step = {"type": "sweep", "trial": trial, "search_space": space, "limits": limits, **data}
    write(folder, "pipeline.json", {"type": "pipeline", "jobs": {"train": step}})


@pytest.mark.parametrize(("command", "space", "limits", "expected"), SWEEPS.values(), ids=SWEEPS.keys())
def test_a_sweep_spends_in_each_of_its_trials(
    tmp_path: Path, command: str, space: Any, limits: Any, expected: list[str]
) -> None:
    write_sweep(tmp_path, {"environment": STEP["environment"], "command": command}, space, limits)
    assert rules_of(tmp_path) == expected


@pytest.mark.parametrize(
    ("space", "expected"), [({}, []), ({"epsilon": {"type": "uniform"}}, ["cloud-unknown-value"])]
)
def test_what_a_sweep_tries_counts_more_than_a_default(
    tmp_path: Path, space: Any, expected: list[str]
) -> None:
    given = "--epsilon ${{inputs.epsilon}}"
    component = {
        **STEP,
        "name": "train",
        "version": "1",
        "inputs": {
            "raw": {"type": "uri_file"},
            "lr": {"type": "number"},
            "epsilon": {"type": "number", "default": 0.1},
        },
        "command": SMALL.replace("--epsilon 0.1", given).replace("search_space", "inputs"),
    }
    write(tmp_path, "train.json", component)
    write_sweep(tmp_path, "./train.json", {**NUMBERS, **space}, {"max_total_trials": 5})
    assert rules_of(tmp_path) == expected


SCHEDULE = "https://azuremlschemas.azureedge.net/latest/schedule.schema.json"
PUBLIC = {"type": "uri_file", "path": "azureml:digits:1"}
BARE = {"type": "uri_file"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, []),
        ({"inputs": {"x": RAW}}, ["cloud-unprotected-step"]),
        ({"inputs": {"x": "${{creation_context.trigger_time}}"}}, []),
        ({"jobs": {"s": {**TRAIN, "inputs": {"x": RAW}}}}, ["cloud-unprotected-step"]),
    ],
    ids=["nothing", "another input", "the time", "another step"],
)
def test_what_a_schedule_gives_counts_more_than_its_file(
    tmp_path: Path, given: Any, expected: list[str]
) -> None:
    """The file alone is in order: its only input is public."""
    (tmp_path / "gatecli.yaml").write_text(
        "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: acme}\n"
        "spec: {extends: default, cloud: {publicInputs: ['azureml:digits']}}\n",
        "utf-8",
    )
    (tmp_path / "jobs").mkdir()
    step = {**TRAIN, "inputs": {"x": "${{parent.inputs.x}}"}}
    pipeline = {"type": "pipeline", "inputs": {"x": PUBLIC}, "jobs": {"s": step}}
    write(tmp_path / "jobs", "pipeline.json", pipeline)
    create = {"type": "pipeline", "job": "./jobs/pipeline.json", **given}
    path = write(tmp_path, "schedule.json", {"$schema": SCHEDULE, "create_job": create})
    found = judge(path)
    assert sorted({each.rule.id for each in found}) == expected
    assert {each.place.pointer for each in found} <= {"/create_job/job"}


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("commandComponent", {**TRAIN, "inputs": {"x": RAW}}, UNPROTECTED),
        ("commandComponent", {**TRAIN, "inputs": {"x": BARE}, "compute": "azureml:cpu"}, UNPROTECTED),
        ("data", {**TRAIN, "command": "cp azureml://datastores/raw/paths/x /tmp", "inputs": {}}, UNPROTECTED),
        (
            "pipelineComponent",
            {"type": "pipeline", "jobs": {"s": {**TRAIN, "inputs": {"x": RAW}}}},
            UNPROTECTED,
        ),
        ("commandComponent", {**TRAIN, "inputs": {"x": BARE}}, []),
        ("commandComponent", {**TRAIN, "inputs": {"x": RAW}, "version": "1"}, []),
        ("data", {"type": "uri_file", "path": "azureml://datastores/raw/paths/x", "name": "raw"}, []),
        ("managedOnlineDeployment", {"environment": PINNED, "identity": {"type": "system_assigned"}}, []),
    ],
)
def test_a_job_is_one_whatever_its_schema_says(
    tmp_path: Path, name: str, data: Any, expected: list[str]
) -> None:
    """Azure ML's client takes a file for a job by its members: nobody reads the schema."""
    schema = f"https://azuremlschemas.azureedge.net/latest/{name}.schema.json"
    write(tmp_path, "job.json", {"$schema": schema, **data})
    assert rules_of(tmp_path) == expected


HIDDEN: dict[str, tuple[list[tuple[str, str, str]], list[str]]] = {
    "arguments of Docker": (
        [(PIPELINE, EVALUATE, f"{EVALUATE}    resources: {{docker_args: '-v /raw:/usr/lib'}}\n")],
        ["cloud-unknown-value"],
    ),
    "arguments of Docker that share memory": (
        [(PIPELINE, EVALUATE, f"{EVALUATE}    resources: {{docker_args: '--ipc=host'}}\n")],
        [],
    ),
    "an expression of another form": (
        [(PIPELINE, RELEASE, RELEASE + "      raw: ${{parent.inputs['patients']}}\n")],
        ["cloud-unknown-binding", "cloud-unprotected-step"],
    ),
    "a folder that is called a model": (
        [
            (
                PIPELINE,
                RELEASE,
                RELEASE + "      m: {type: custom_model, path: 'azureml://datastores/raw/paths/x'}\n",
            )
        ],
        ["cloud-unprotected-step"],
    ),
    "a model of the registry": (
        [(PIPELINE, RELEASE, RELEASE + "      m: {type: mlflow_model, path: 'azureml:churn:3'}\n")],
        [],
    ),
    "a path that is called a text": (
        [(PIPELINE, RELEASE, RELEASE + "      raw: {type: string, path: 'azureml:patients:1'}\n")],
        ["cloud-unprotected-step"],
    ),
    "the image of a step, which counts for nothing": (
        [
            (
                COMPONENT,
                "gatecli-azureml@sha256:6a2fd4b1c3e05d978f1b0c9ae47d3265c8f1a7e90b4d2c63f5e8a917d0b3c4e2",
                "x:1",
            ),
            (
                PIPELINE,
                "    component:",
                f"    environment: {{image: acme.azurecr.io/x{IMAGE}}}\n    component:",
            ),
        ],
        ["cloud-unpinned-image"],
    ),
    "a policy beside the classification": (
        [
            (COMPONENT, "  --policy /etc/gatecli/gatecli.yaml\n", ""),
            (COMPONENT, "--columns ${{inputs.columns}}", "--columns ${{inputs.columns}}/columns.yaml"),
        ],
        ["cloud-policy-from-input", "cloud-unseen-columns"],
    ),
    "a table beside the output": (
        [(COMPONENT, "${{outputs.transformed}}/table", "${{outputs.transformed}}/../table")],
        ["cloud-lost-transformation"],
    ),
    "the shipped policy": ([(COMPONENT, "  --policy /etc/gatecli/gatecli.yaml\n", "")], []),
    "a task of a step that has none": (
        [(PIPELINE, f"command: {REPORT}", f"task: {{command: gatecli}}\n    command: {REPORT}")],
        [],
    ),
    "a function of the shell": (
        [
            (
                PIPELINE,
                EVALUATE,
                f"{EVALUATE}    environment_variables: {{'BASH_FUNC_gatecli%%': '() {{ id; }}'}}\n",
            )
        ],
        ["cloud-weakened-run"],
    ),
    "a file that the shell reads first": (
        [(PIPELINE, EVALUATE, f"{EVALUATE}    environment_variables: {{BASH_ENV: '$(id)'}}\n")],
        ["cloud-weakened-run"],
    ),
}


@pytest.mark.parametrize(("changes", "expected"), HIDDEN.values(), ids=HIDDEN.keys())
def test_what_is_said_beside_the_command_is_read(
    tmp_path: Path, changes: list[tuple[str, str, str]], expected: list[str]
) -> None:
    assert rules_of(changed_example(tmp_path, changes)) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("azureml://datastores/raw/paths/patients/", ["cloud-unprotected-step"]),
        ("azureml://datastores/raw/paths/${{name}}/", []),
        ("azureml://datastores/public/paths/x/", []),
        ("azureml://datastores/public/%2e%2e/raw/", ["cloud-unprotected-step"]),
        ("azureml://datastores/public/..\\raw/", ["cloud-unprotected-step"]),
    ],
)
@pytest.mark.parametrize("mode", ["upload", "rw_mount"])
def test_a_folder_that_a_transformer_writes_to_may_hold_more(
    tmp_path: Path, mode: str, path: str, expected: list[str]
) -> None:
    output = "      transformed:\n        type: uri_folder\n"
    read = "      t: ${{parent.jobs.transform.outputs.transformed}}\n"
    changes = [
        (PIPELINE, output, f"{output}        mode: {mode}\n        path: {path}\n"),
        (PIPELINE, RELEASE, RELEASE + read),
        (POLICY, '["azureml:icd-codes"]', '["azureml:icd-codes", "azureml://datastores/public/*"]'),
    ]
    assert rules_of(changed_example(tmp_path, changes)) == expected


def test_data_that_a_spark_job_is_told_by_an_argument_is_read(tmp_path: Path) -> None:
    step = {"type": "spark", "entry": {"file": "s.py"}, "environment": PINNED}
    write(
        tmp_path,
        "pipeline.json",
        {"type": "pipeline", "jobs": {"s": {**step, "args": "--in azureml://datastores/raw/paths/x"}}},
    )
    assert rules_of(tmp_path) == ["cloud-unprotected-step"]


PUBLIC_STEP = {**TRAIN, "command": "python report.py ${{inputs.x}}", "inputs": {"x": 1}}
SAID: dict[str, tuple[Any, Any, list[str]]] = {
    "a tag of the pipeline": ({"tags": {"token": "hunter2"}}, {}, ["cloud-plaintext-secret"]),
    "a description of the pipeline": (
        {"description": "ask zoe.miller@hospital-nord.org"},
        {},
        ["pii-email-address"],
    ),
    "an input that is a secret": (
        {},
        {"inputs": {"x": 1, "api_key": "hunter2"}},
        ["cloud-plaintext-secret"],
    ),
    "an input of the pipeline that is one": (
        {"inputs": {"api_key": "hunter2"}},
        {"inputs": {"x": 1, "api_key": "${{parent.inputs.api_key}}"}},
        ["cloud-plaintext-secret"],
    ),
    "nothing": ({"tags": {"team": "churn"}, "inputs": {"epochs": 3}}, {}, []),
}


@pytest.mark.parametrize(("top", "step", "expected"), SAID.values(), ids=SAID.keys())
def test_what_everybody_reads_of_a_pipeline_is_searched(
    tmp_path: Path, top: Any, step: Any, expected: list[str]
) -> None:
    write(
        tmp_path,
        "pipeline.json",
        {"type": "pipeline", **top, "jobs": {"a": {**PUBLIC_STEP, **step}, "b": PUBLIC_STEP}},
    )
    assert [each.rule.id for each in judge(tmp_path)] == expected


def test_a_schedule_without_a_schema_is_one_too(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    write(
        tmp_path / "jobs",
        "pipeline.txt",
        {"type": "pipeline", "jobs": {"s": {**TRAIN, "inputs": {"x": RAW}}}},
    )
    write(
        tmp_path, "nightly.json", {"trigger": {"type": "cron"}, "create_job": {"job": "./jobs/pipeline.txt"}}
    )
    assert rules_of(tmp_path) == UNPROTECTED


def test_workers_of_tensorflow_are_processes(tmp_path: Path) -> None:
    distribution = {"type": "tensorflow", "worker_count": 4}
    write(
        tmp_path, "pipeline.json", {"type": "pipeline", "jobs": {"s": {**STEP, "distribution": distribution}}}
    )
    assert "cloud-refused-run" in rules_of(tmp_path)


def test_a_path_that_no_file_can_have_is_data(tmp_path: Path) -> None:
    step = {**TRAIN, "inputs": {"x": {"type": "uri_file", "path": f"./{'a' * 5000}.yaml"}}}
    write(tmp_path, "pipeline.json", {"type": "pipeline", "jobs": {"s": step}})
    assert rules_of(tmp_path) == UNPROTECTED


def test_a_step_whose_name_is_that_of_another_within_is_told(tmp_path: Path) -> None:
    inner = {"type": "pipeline", "jobs": {"b": {**TRAIN, "inputs": {"x": RAW}}}}
    steps = {"a": inner, "a/b": PUBLIC_STEP}
    write(tmp_path, "pipeline.json", {"type": "pipeline", "jobs": steps})
    assert "cloud-invalid" in rules_of(tmp_path)


@pytest.mark.parametrize("mark", [MOUNT, VALUE, HOLE])
@pytest.mark.parametrize("how", ["command", "input", "default", "variable"])
def test_a_character_that_stands_for_an_output_here_is_none_there(
    tmp_path: Path, mark: str, how: str
) -> None:
    """Else a job could leave its release elsewhere, and raw data in the output that counts as the release."""
    path = f"{mark}outputs/release"
    command = f"{RUN} {SERVER} -- python train.py"
    step = {
        "command": {**STEP, "command": command.replace("--", f"--output {path} --", 1)},
        "input": {**STEP, "command": command.replace(" -- ", " --output ${{inputs.o}} -- ")},
        "default": {**STEP, "command": command.replace(" -- ", " --output ${{inputs.o}} -- ")},
        "variable": {**STEP, "command": command, "environment_variables": {"GATECLI_JOB_OUTPUT": path}},
    }[how]
    if how == "input":
        step = {**step, "inputs": {**STEP["inputs"], "o": path}}
    if how == "default":
        component = {**step, "name": "t", "version": "1"}
        component["inputs"] = {"raw": {"type": "uri_file"}, "o": {"type": "string", "default": path}}
        write(tmp_path, "train.json", component)
        step = {"type": "command", "component": "./train.json", "inputs": STEP["inputs"]}
    write(tmp_path, "pipeline.json", {"type": "pipeline", "jobs": {"train": step}})
    found = set(rules_of(tmp_path))
    assert found & {"cloud-unknown-value", "cloud-unprotected-step"}


def test_options_of_a_transformer_may_be_variables(tmp_path: Path) -> None:
    columns = "  --policy /etc/gatecli/gatecli.yaml\n"
    variables = "environment_variables: {GATECLI_POLICY: /etc/gatecli/gatecli.yaml, GATECLI_TIMEOUT: 60s}\n"
    changes = [(COMPONENT, columns, ""), (COMPONENT, "command: >-", f"{variables}command: >-")]
    assert rules_of(changed_example(tmp_path, changes)) == []


def test_pipelines_that_hold_each_other_many_times_end(tmp_path: Path) -> None:
    for level in range(6):
        below = {"type": "pipeline", "component": f"./{level + 1}.json"}
        step = below if level < 5 else PUBLIC_STEP
        write(
            tmp_path,
            f"{level}.json",
            {"type": "pipeline", "jobs": {f"s{number}": step for number in range(20)}},
        )
    (found,) = [each for each in judge(tmp_path / "0.json") if each.rule.id == "cloud-invalid"]
    assert found.message == "the pipeline has more than 1,000 steps"


def test_a_pipeline_that_holds_itself_many_times_ends(tmp_path: Path) -> None:
    step = {"type": "pipeline", "component": "./pipeline.json"}
    path = write(
        tmp_path, "pipeline.json", {"type": "pipeline", "jobs": {f"s{number}": step for number in range(20)}}
    )
    (found,) = judge(path)
    assert found.message == "pipelines stand in each other more than 8 deep"
