"""Pipelines of Azure ML's before they run: each step that reads data about people transforms it or pays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gatecli.cli.app import main
from tests.support.azureml_examples import (
    COLUMNS,
    COMPONENT,
    PIPELINE,
    POLICY,
    changed_example,
    judge,
    rules_of,
)

TRANSFORM = "      table: ${{parent.inputs.patients}}\n"
PATIENTS = "      patients: ${{parent.jobs.transform.outputs.transformed}}\n"
RELEASE = "      release: ${{parent.jobs.train.outputs.release}}\n"
REPORT = "python -m readmission.report"
SECRET = "https://hospital-keys.vault.azure.net/secrets/patient-pseudonyms/3f1c5d7e9a0b4c2d8e6f1a3b5c7d9e0f"  # noqa: S105 - an address
IMAGE = "@sha256:0c7e6b5a4f3d2e1c9b8a7d6e5f4c3b2a1d0e9f8c7b6a5d4e3f2c1b0a9d8e7f6c"

CALL = """\
      gatecli cloud azureml run
      --dataset patients-2026
      --epsilon 0.5
      --delta 1e-8
      --ledger postgresql://ledger.acme.example/budgets
      --output ${{outputs.release}}
      -- python"""
EVALUATE = "  evaluate:\n    type: command\n"
VARIABLE = "    environment_variables: {RAW: 'https://acme.blob.core.windows.net/raw/patients.csv'}\n"

MUTATIONS = {
    "evaluation reads the patients": (
        [(PIPELINE, RELEASE, RELEASE + "      raw: ${{parent.inputs.patients}}\n")],
        ["cloud-unprotected-step"],
    ),
    "training without a budget on raw data": (
        [
            (PIPELINE, PATIENTS, "      patients: ${{parent.inputs.patients}}\n"),
            (
                PIPELINE,
                CALL,
                "      python",
            ),
        ],
        ["cloud-unprotected-step"],
    ),
    "raw data through the output of a step that is no transformer": (
        [
            (COMPONENT, "gatecli cloud azureml transform", "cp-and-hope"),
            (PIPELINE, RELEASE, RELEASE + "      t: ${{parent.jobs.transform.outputs.transformed}}\n"),
        ],
        ["cloud-unprotected-step"],
    ),
    "a second command behind the transformer": (
        [
            (
                COMPONENT,
                "--columns ${{inputs.columns}}",
                "--columns ${{inputs.columns}} && cat ${{inputs.table}}",
            )
        ],
        ["cloud-unprotected-step"],
    ),
    "public data that is not": (
        [(POLICY, '["azureml:icd-codes"]', "[]")],
        ["cloud-unprotected-step"],
    ),
    "another asset in place of the public one": (
        [(PIPELINE, "azureml:icd-codes:2", "azureml:icd-codes-of-patients:2")],
        ["cloud-unprotected-step"],
    ),
    "data by an address in the command": (
        [(PIPELINE, REPORT, REPORT + " --raw azureml://datastores/hospital/paths/patients.csv")],
        ["cloud-unprotected-step"],
    ),
    "data by an address in the environment": (
        [
            (
                PIPELINE,
                "  evaluate:\n    type: command\n",
                EVALUATE + VARIABLE,
            )
        ],
        ["cloud-unprotected-step"],
    ),
    "data as a literal": (
        [(PIPELINE, RELEASE, RELEASE + "      raw: azureml:patients:7\n")],
        ["cloud-unprotected-step"],
    ),
    "an input that comes when it is submitted": (
        [(PIPELINE, "    path: azureml:icd-codes:2\n", "")],
        ["cloud-unprotected-step"],
    ),
    "a component that is kept elsewhere": (
        [(PIPELINE, "./components/privacy_transformer/component.yaml", "azureml:privacy_transformer:1.0.0")],
        ["cloud-unprotected-step"],
    ),
    "a component file that is not there": (
        [(PIPELINE, "privacy_transformer/component.yaml", "privacy_transformer/other.yaml")],
        ["cloud-invalid", "cloud-unprotected-step"],
    ),
    "an input that there is not": (
        [(PIPELINE, "${{parent.inputs.icd_codes}}", "${{parent.inputs.icd_code}}")],
        ["cloud-unknown-binding"],
    ),
    "a step that there is not": (
        [(PIPELINE, "${{parent.jobs.train.outputs.release}}", "${{parent.jobs.trian.outputs.release}}")],
        ["cloud-unknown-binding", "cloud-unprotected-step"],
    ),
    "an output that there is not": (
        [
            (
                PIPELINE,
                "${{parent.jobs.transform.outputs.transformed}}",
                "${{parent.jobs.transform.outputs.table}}",
            )
        ],
        ["cloud-unknown-binding"],
    ),
    "an input that the component does not have": (
        [(PIPELINE, "      key_vault_secret:", "      key_vault_sekret:")],
        ["cloud-key-not-by-reference", "cloud-unknown-binding"],
    ),
    "an input that the component needs": (
        [(PIPELINE, TRANSFORM, "")],
        ["cloud-unknown-binding"],
    ),
    "an input that the command does not have": (
        [(PIPELINE, "--codes ${{inputs.codes}}\n  evaluate", "--codes ${{inputs.icd}}\n  evaluate")],
        ["cloud-unknown-binding"],
    ),
    "an image by its tag": ([(PIPELINE, IMAGE, ":latest")], ["cloud-unpinned-image"]),
    "an environment of the workspace": (
        [(PIPELINE, f"\n      image: acme.azurecr.io/readmission{IMAGE}", " azureml:readmission:4")],
        ["cloud-unpinned-image"],
    ),
    "packages beside the image": (
        [(PIPELINE, IMAGE, IMAGE + "\n      conda_file: conda.yaml")],
        ["cloud-unknown-value"],
    ),
    "an image that is built": (
        [(PIPELINE, f"image: acme.azurecr.io/readmission{IMAGE}", "build: {path: docker}")],
        ["cloud-unknown-value", "cloud-unpinned-image"],
    ),
    "code beside the image of a transformer": (
        [(COMPONENT, "command: >-", "code: ./src\ncommand: >-")],
        ["cloud-code-from-input"],
    ),
    "raw data that is registered": (
        [
            (COMPONENT, "gatecli cloud azureml transform", "cp-and-hope"),
            (
                PIPELINE,
                "      transformed:\n        type: uri_folder\n",
                "      transformed:\n        type: uri_folder\n        name: patients-copy\n",
            ),
        ],
        ["cloud-raw-output", "cloud-unprotected-step"],
    ),
    "a raw output of a run that is registered": (
        [
            (PIPELINE, PATIENTS, "      patients: ${{parent.inputs.patients}}\n"),
            (
                PIPELINE,
                "      release: ${{parent.outputs.release}}\n",
                "      release: ${{parent.outputs.release}}\n      rows: {type: uri_folder, path: 'azureml://datastores/out/paths/x/'}\n",
            ),
        ],
        ["cloud-raw-output"],
    ),
    "the rights of a person": (
        [(PIPELINE, "  type: managed\n", "  type: user_identity\n")],
        ["cloud-personal-rights"],
    ),
    "a key in the definition": (
        [(PIPELINE, SECRET, "5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5fa7")],
        ["cloud-key-not-by-reference"],
    ),
    "the newest key": ([(PIPELINE, "/3f1c5d7e9a0b4c2d8e6f1a3b5c7d9e0f", "")], ["cloud-newest-key"]),
    "pseudonyms without a key": (
        [(PIPELINE, f"      key_vault_secret: {SECRET}\n", "")],
        ["cloud-key-not-by-reference"],
    ),
    "a policy from an input": (
        [(COMPONENT, "--policy /etc/gatecli/gatecli.yaml", "--policy ${{inputs.columns}}")],
        ["cloud-policy-from-input"],
    ),
    "a table that is lost": (
        [(COMPONENT, "${{outputs.transformed}}/table.parquet", "/scratch/table.parquet")],
        ["cloud-lost-transformation"],
    ),
    "a class that the policy says otherwise": (
        [(COLUMNS, "readmitted: {class: sensitive", "readmitted: {class: public")],
        ["cloud-column-classification"],
    ),
    "a treatment that the policy does not permit": (
        [
            (
                COLUMNS,
                "patient_id: {class: direct-identifier, treatment: pseudonymise}",
                "patient_id: {class: direct-identifier, treatment: keep}",
            )
        ],
        ["cloud-column-classification"],
    ),
    "a classification with a mistake": (
        [(COLUMNS, "treatment: mask", "treatment: maks")],
        ["cloud-column-classification"],
    ),
    "a classification that is kept elsewhere": (
        [(PIPELINE, "./columns.yaml", "azureml:columns:1")],
        ["cloud-unseen-columns"],
    ),
    "no budget": (
        [
            (PIPELINE, PATIENTS, "      patients: ${{parent.inputs.patients}}\n"),
            (PIPELINE, "      --epsilon 0.5\n", ""),
        ],
        ["cloud-missing-promise"],
    ),
    "more than the tier": (
        [(PIPELINE, "--epsilon 0.5", "--epsilon 5")],
        ["cloud-promise-over-tier"],
    ),
    "a password": (
        [(PIPELINE, "postgresql://ledger", "postgresql://job:secret@ledger")],
        ["cloud-password-in-ledger"],
    ),
    "a secret in the environment": (
        [
            (
                PIPELINE,
                "  evaluate:\n    type: command\n",
                "  evaluate:\n    type: command\n    environment_variables: {DB_PASSWORD: hunter2hunter2}\n",
            )
        ],
        ["cloud-plaintext-secret"],
    ),
    "personal data in an argument": (
        [(PIPELINE, REPORT, REPORT + " --notify carol@hospital-west.de")],
        ["pii-email-address"],
    ),
    "a way into the running job": (
        [(COMPONENT, "command: >-", "services: {inside: {type: ssh}}\ncommand: >-")],
        ["cloud-remote-shell"],
    ),
    "several machines": (
        [
            (PIPELINE, PATIENTS, "      patients: ${{parent.inputs.patients}}\n"),
            (
                PIPELINE,
                "  train:\n    type: command\n",
                "  train:\n    type: command\n    resources: {instance_count: 4}\n",
            ),
        ],
        ["cloud-several-machines"],
    ),
    "a step of a kind that nobody knows": (
        [(PIPELINE, "  evaluate:\n    type: command\n", "  evaluate:\n    type: quantum\n")],
        ["cloud-unprotected-step", "cloud-unsupported-job"],
    ),
    "a loop": (
        [
            (
                PIPELINE,
                "  evaluate:\n    type: command\n",
                "  again: {type: do_while, body: train}\n  evaluate:\n    type: command\n",
            )
        ],
        ["cloud-unprotected-step", "cloud-unsupported-job"],
    ),
    "a pipeline without steps": (
        [(PIPELINE, "\njobs:\n", "\njobs: {}\nunused:\n")],
        ["cloud-invalid"],
    ),
}


def test_the_example_passes(tmp_path: Path) -> None:
    assert judge(changed_example(tmp_path, [])) == ()


@pytest.mark.parametrize(("changes", "expected"), MUTATIONS.values(), ids=MUTATIONS)
def test_each_change_is_found(
    tmp_path: Path, changes: list[tuple[str, str, str]], expected: list[str]
) -> None:
    found = rules_of(changed_example(tmp_path, changes))
    assert [rule for rule in found if rule != "cloud-unpinned-image" or rule in expected] == expected
    assert all(rule in found for rule in expected)


def test_the_whole_check_passes_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changes, _ = MUTATIONS["evaluation reads the patients"]
    copy = changed_example(tmp_path, [])
    monkeypatch.chdir(copy)
    assert main(["check", "."]) == 0
    text = (copy / PIPELINE).read_text("utf-8")
    (copy / PIPELINE).write_text(text.replace(changes[0][1], changes[0][2], 1), "utf-8")
    assert main(["check", "."]) == 1
    assert "cloud-unprotected-step" in capsys.readouterr().out


def test_a_transformer_in_a_registry_is_trusted_by_its_version(tmp_path: Path) -> None:
    reference = "azureml://registries/acme/components/privacy_transformer/versions/1.0.0"
    copy = changed_example(
        tmp_path,
        [
            (PIPELINE, "./components/privacy_transformer/component.yaml", reference),
            (POLICY, "  cloud:\n", f'  cloud:\n    transformers: ["{reference}"]\n'),
        ],
    )
    assert rules_of(copy) == []
    text = (copy / PIPELINE).read_text("utf-8")
    (copy / PIPELINE).write_text(text.replace("versions/1.0.0", "versions/1.0.1"), "utf-8")
    assert rules_of(copy) == ["cloud-unprotected-step"]


def write(folder: Path, name: str, data: Any) -> Path:
    path = folder / name
    path.write_text(json.dumps(data))
    return path


PINNED = {"image": "acme.azurecr.io/x@sha256:" + "a" * 64}
TRAIN = {"type": "command", "command": "python t.py ${{inputs.x}}", "environment": PINNED}
RAW = {"type": "uri_file", "path": "azureml:patients:1"}


def test_a_single_job_is_judged_at_its_lines(tmp_path: Path) -> None:
    job = {"$schema": "https://azuremlschemas.azureedge.net/latest/commandJob.schema.json", **TRAIN}
    path = write(tmp_path, "job.json", {**job, "inputs": {"x": RAW}})
    (found,) = judge(path)
    assert (found.rule.id, found.place.pointer) == ("cloud-unprotected-step", "/command")


def test_a_job_without_a_schema_is_one_too(tmp_path: Path) -> None:
    write(tmp_path, "job.json", {**TRAIN, "inputs": {"x": RAW}, "compute": "azureml:cpu"})
    assert rules_of(tmp_path) == ["cloud-unprotected-step"]


def test_a_component_by_itself_is_no_job(tmp_path: Path) -> None:
    component = {**TRAIN, "name": "t", "version": "1", "inputs": {"x": {"type": "uri_file"}}}
    write(tmp_path, "component.json", component)
    assert judge(tmp_path) == ()


@pytest.mark.parametrize(
    ("step", "form"),
    [
        (
            {
                "type": "sweep",
                "trial": {k: TRAIN[k] for k in ("command", "environment")},
                "inputs": {"x": RAW},
            },
            "sweep",
        ),
        (
            {
                "type": "parallel",
                "task": {"code": "./src", "entry_script": "s.py", "environment": PINNED},
                "inputs": {"x": RAW},
            },
            "parallel",
        ),
        (
            {
                "type": "spark",
                "entry": {"file": "s.py"},
                "code": "./src",
                "environment": PINNED,
                "inputs": {"x": RAW},
            },
            "spark",
        ),
        ({"type": "automl", "task": "classification", "training_data": RAW}, "automl"),
        ({"type": "data_transfer", "task": "copy_data", "inputs": {"x": RAW}}, "data_transfer"),
        ({"type": "import", "source": {"type": "database", "connection": "azureml:db"}}, "import"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_kind_of_step_that_reads_people_is_found(tmp_path: Path, step: Any, form: str) -> None:
    write(tmp_path, "pipeline.json", {"type": "pipeline", "jobs": {"s": step}})
    assert "cloud-unprotected-step" in rules_of(tmp_path)


def nested(tmp_path: Path, inner_command: str) -> Path:
    component = {
        "$schema": "https://azuremlschemas.azureedge.net/latest/pipelineComponent.schema.json",
        "type": "pipeline",
        "inputs": {"raw": {"type": "uri_file"}},
        "outputs": {"out": {"type": "uri_folder"}},
        "jobs": {
            "inner": {
                "type": "command",
                "command": inner_command,
                "environment": PINNED,
                "inputs": {
                    "t": "${{parent.inputs.raw}}",
                    "c": {"type": "uri_file", "path": "azureml:columns:1"},
                },
                "outputs": {"o": "${{parent.outputs.out}}"},
            }
        },
    }
    write(tmp_path, "inner.json", component)
    outer = {"type": "pipeline", "component": "./inner.json", "inputs": {"raw": "${{parent.inputs.raw}}"}}
    last = {**TRAIN, "inputs": {"x": "${{parent.jobs.sub.outputs.out}}"}}
    jobs = {"last": last, "sub": outer}
    return write(tmp_path, "pipeline.json", {"type": "pipeline", "inputs": {"raw": RAW}, "jobs": jobs})


def test_a_pipeline_within_is_followed_to_its_steps(tmp_path: Path) -> None:
    path = nested(tmp_path, "cp ${{inputs.t}} ${{outputs.o}}")
    found = [
        (each.subject, each.place.pointer) for each in judge(path) if each.rule.id == "cloud-unprotected-step"
    ]
    assert found == [
        ("pipeline.json/last", "/jobs/last/command"),
        ("pipeline.json/sub/inner", "/jobs/sub/component"),
    ]


def test_a_transformer_within_cleans_what_comes_out(tmp_path: Path) -> None:
    arguments = "--input ${{inputs.t}} --columns ${{inputs.c}} --output ${{outputs.o}}/t.csv"
    command = f"gatecli cloud azureml transform {arguments}"
    assert "cloud-unprotected-step" not in [each.rule.id for each in judge(nested(tmp_path, command))]


def test_a_pipeline_that_holds_itself_ends(tmp_path: Path) -> None:
    step = {"type": "pipeline", "component": "./pipeline.json"}
    path = write(tmp_path, "pipeline.json", {"type": "pipeline", "jobs": {"again": step}})
    assert "cloud-invalid" in {each.rule.id for each in judge(path)}


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (
            {"create_job": {"type": "pipeline", "jobs": {"s": {**TRAIN, "inputs": {"x": RAW}}}}},
            ["cloud-unprotected-step"],
        ),
        ({"create_job": "azureml:nightly"}, ["cloud-unsupported-job"]),
        ({"create_job": "./pipeline.yml"}, ["cloud-invalid"]),
        ({}, ["cloud-invalid"]),
    ],
)
def test_a_schedule_is_judged_by_its_job(tmp_path: Path, schedule: Any, expected: list[str]) -> None:
    schema = "https://azuremlschemas.azureedge.net/latest/schedule.schema.json"
    write(tmp_path, "schedule.json", {"$schema": schema, **schedule})
    assert rules_of(tmp_path) == expected


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("inputs", ["${{parent.inputs.raw}}"]),
        ("outputs", "o"),
        ("environment_variables", ["RAW=1"]),
        ("command", ["python", "t.py"]),
        ("code", {"path": "./src"}),
        ("environment", 4),
        ("component", 4),
        ("services", "ssh"),
        ("identity", "managed"),
    ],
)
def test_a_part_of_another_form_is_told_and_not_passed_over(tmp_path: Path, key: str, value: Any) -> None:
    write(
        tmp_path,
        "pipeline.json",
        {"type": "pipeline", "jobs": {"s": {**TRAIN, "inputs": {"x": 1}, key: value}}},
    )
    assert "cloud-invalid" in rules_of(tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        {"command": ["python", "t.py"], "environment": [{"name": "A", "value": "b"}], "image": "x"},
        {"command": "run", "environment": {"A": "b"}},
        {"type": "pipeline", "jobs": [{"name": "build"}]},
        {"apiVersion": "v1", "kind": "Pod", "type": "command", "command": "x", "inputs": {}},
        {"services": {"a": {"command": "x", "environment": {}}}},
    ],
    ids=["a container of ECS", "a service", "another pipeline", "an object of a cluster", "a compose file"],
)
def test_what_other_tools_call_a_command_is_no_job(tmp_path: Path, data: Any) -> None:
    write(tmp_path, "other.json", data)
    assert judge(tmp_path) == ()


@pytest.mark.parametrize(
    ("mode", "expected"),
    [({}, ["cloud-raw-output", "cloud-unprotected-step"]), ({"mode": "upload"}, [])],
    ids=["mounted", "uploaded"],
)
def test_an_output_that_is_mounted_shows_what_is_there(
    tmp_path: Path, mode: Any, expected: list[str]
) -> None:
    outputs = {"o": {"type": "uri_folder", "path": "azureml://datastores/hospital/paths/raw/", **mode}}
    step = {**TRAIN, "command": "cat ${{outputs.o}}/patients.csv", "outputs": outputs}
    write(tmp_path, "pipeline.json", {"type": "pipeline", "jobs": {"s": step}})
    assert rules_of(tmp_path) == expected


PATIENTS_INPUT = {"type": "uri_file", "path": "azureml:patients:1"}
RUN = "gatecli cloud azureml run --dataset patients-2026 --epsilon 0.5 --delta 1e-8"
SERVER = "--ledger postgresql://ledger.acme.example/budgets"
KEPT = "--output ${{outputs.release}}"
STEP: dict[str, Any] = {
    "type": "command",
    "inputs": {"raw": PATIENTS_INPUT},
    "outputs": {"release": {"type": "uri_folder"}},
    "environment": {"image": f"acme.azurecr.io/job{IMAGE}"},
    "command": f"{RUN} {SERVER} {KEPT} -- python train.py",
}
REFUSED: dict[str, tuple[Any, list[str]]] = {
    "the step itself": ({}, []),
    "one process": ({"distribution": {"type": "pytorch", "process_count_per_instance": 1}}, []),
    "two processes": (
        {"distribution": {"type": "pytorch", "process_count_per_instance": 2}},
        ["cloud-refused-run"],
    ),
    "processes that come later": (
        {"distribution": {"type": "mpi", "process_count_per_instance": "${{parent.inputs.n}}"}},
        ["cloud-unknown-value"],
    ),
    "ranks of its own": ({"environment_variables": {"WORLD_SIZE": "4"}}, ["cloud-refused-run"]),
    "one rank": ({"environment_variables": {"WORLD_SIZE": "1"}}, []),
    "the name of another run": (
        {"environment_variables": {"AZUREML_RUN_ID": "another"}},
        ["cloud-refused-run"],
    ),
    "a folder that is uploaded meanwhile": (
        {"command": f"{RUN} {SERVER} --output outputs -- python train.py"},
        ["cloud-lost-release"],
    ),
    "a folder of the container": (
        {"command": f"{RUN} {SERVER} --output /tmp/release -- python train.py"},
        ["cloud-lost-release"],
    ),
    "a folder below an output": (
        {"command": f"{RUN} {SERVER} {KEPT}/churn -- python train.py"},
        ["cloud-lost-release"],
    ),
    "no folder": ({"command": f"{RUN} {SERVER} -- python train.py"}, ["cloud-lost-release"]),
    "a ledger of the image": (
        {"command": f"{RUN} --ledger /opt/ledger.db {KEPT} -- python train.py"},
        ["cloud-lost-ledger"],
    ),
    "a declaration in the release": (
        {"command": f"{RUN} {SERVER} {KEPT} --declaration ${{{{outputs.release}}}}/a.yaml -- python t.py"},
        ["cloud-refused-run"],
    ),
    "another word": (
        {"command": f"{RUN} {SERVER} {KEPT} --fail-on never -- python train.py"},
        ["cloud-refused-run"],
    ),
    "a switch that is neither": ({"environment_variables": {"GATECLI_QUIET": 2}}, ["cloud-refused-run"]),
}


@pytest.mark.parametrize(("change", "expected"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_entry_point_of_a_step_refuses_is_told_before(
    tmp_path: Path, change: Any, expected: list[str]
) -> None:
    policy = "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: acme}\n"
    (tmp_path / "gatecli.yaml").write_text(
        f"{policy}spec: {{extends: default, datasets: {{patients-2026: health}}}}\n", "utf-8"
    )
    write(tmp_path, "pipeline.json", {"type": "pipeline", "jobs": {"train": {**STEP, **change}}})
    assert rules_of(tmp_path) == expected
