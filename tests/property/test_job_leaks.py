"""What is somebody's in a job, its files or its data is shown by nothing that is printed, written or kept."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gatecli.cli.app import main
from tests.support.job_definitions import JOB, TRAINING_JOB
from tests.support.jobs import (
    DATASET,
    INPUT,
    OUTPUT,
    Container,
    declaration,
    job_files,
    ledger,
    s3_input,
    s3_output,
    shell,
    terms_of_dataset,
)

PERSONAL = {"an address": "zoe.miller@hospital-nord.org", "a number": "536-90-4399"}
SECRETS = {"a key": "AKIA" + "Q1" * 8, "a token": "ghp_" + "a1" * 18}
PLANTED = {**PERSONAL, **SECRETS}

STEP: dict[str, Any] = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json",
    "type": "pipeline",
    "display_name": "readmission",
    "inputs": {"raw": {"type": "uri_file", "path": "azureml:patients:1"}},
    "jobs": {
        "train": {
            "type": "command",
            "inputs": {"raw": "${{parent.inputs.raw}}", "k": "3"},
            "outputs": {"release": {"type": "uri_folder", "path": "azureml://datastores/a/paths/b"}},
            "environment": {"image": "acme.azurecr.io/job@sha256:" + "0c" * 32},
            "environment_variables": {"GATECLI_LEDGER": "postgresql://h/d", "NOTE": "a"},
            "command": "gatecli cloud azureml run --dataset p --epsilon 1 --delta 1e-8 "
            "--output ${{outputs.release}} -- python t.py --data ${{inputs.raw}}",
            "identity": {"type": "managed"},
        },
        "transform": {
            "type": "command",
            "inputs": {"columns": {"type": "uri_file", "path": "./columns.yaml"}},
            "outputs": {"o": {"type": "uri_folder"}},
            "environment": "azureml:env:1",
            "command": "gatecli cloud azureml transform --input a --output ${{outputs.o}}/a.csv "
            "--columns ${{inputs.columns}} --key-vault-secret https://v.vault.azure.net/secrets/a",
        },
    },
}
DEFINITIONS: Mapping[str, Any] = {"processing": JOB, "training": TRAINING_JOB, "pipeline": STEP}


def planted_in(value: Any, text: str) -> Iterator[Any]:
    """A copy of a document for each of its texts and keys, with `text` behind it and in its place."""
    match value:
        case Mapping():
            for key, inner in value.items():
                yield from ({**value, key: changed} for changed in planted_in(inner, text))
                yield {**{k: v for k, v in value.items() if k != key}, f"{key} {text}": inner}
        case list():
            for at, inner in enumerate(value):
                yield from ([*value[:at], changed, *value[at + 1 :]] for changed in planted_in(inner, text))
        case str():
            yield f"{value} {text}"
            yield text
        case _:
            yield text


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED.keys())
@pytest.mark.parametrize("platform", DEFINITIONS)
def test_the_gate_shows_no_text_of_a_definition_that_is_somebodys(
    platform: str, planted: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for number, job in enumerate(planted_in(DEFINITIONS[platform], planted)):
        (tmp_path / f"job-{number}.json").write_text(json.dumps(job), "utf-8")
    capfd.readouterr()
    for form in ("json", "text", "sarif"):
        code = main(["cloud", "check", str(tmp_path), "--format", form, "-v"])
        said = "".join(capfd.readouterr())
        assert code in {1, 4}
        assert planted not in said


Place = Callable[[Container, str], tuple[list[str], dict[str, str]]]


def described(container: Container, **changes: Any) -> None:
    data = job_files(container.name, [s3_input("data", INPUT)], [s3_output("model", OUTPUT)])
    container.write("processingjobconfig.json", {**data, **changes})


def in_description(key: str, change: Callable[[str], Any]) -> Place:
    def place(container: Container, text: str) -> tuple[list[str], dict[str, str]]:
        described(container, **{key: change(text)})
        return [], {}

    return place


def in_declaration(change: Callable[[Any, str], Any]) -> Place:
    def place(container: Container, text: str) -> tuple[list[str], dict[str, str]]:
        data = declaration()
        change(data, text)
        container.declaration.write_text(json.dumps(data))
        return [], {}

    return place


def in_input(file: Callable[[Path, str], Path]) -> Place:
    def place(container: Container, text: str) -> tuple[list[str], dict[str, str]]:
        file(container.input, text).write_text(text)
        return [], {}

    return place


def by_option(name: str, form: str = "{}") -> Place:
    return lambda _container, text: ([name, form.format(text)], {})


def by_variable(name: str, form: str = "{}") -> Place:
    return lambda _container, text: ([], {name: form.format(text)})


def by_command(script: str) -> Place:
    return lambda container, text: (
        ["--", *shell(script.format(text=text, output=container.output, write=container.trainer()[-1]))],
        {},
    )


PLACES: Mapping[str, Place] = {
    "the name of an input": in_description("ProcessingInputs", lambda text: [s3_input(text, INPUT)]),
    "the address of an input": in_description(
        "ProcessingInputs", lambda text: [s3_input("data", INPUT, S3Uri=f"s3://{text}/")]
    ),
    "the folder of an input": in_description(
        "ProcessingInputs", lambda text: [s3_input("data", f"{OUTPUT}/{text}")]
    ),
    "the name of an output": in_description(
        "ProcessingOutputConfig",
        lambda text: {"Outputs": [s3_output(text, OUTPUT, S3UploadMode="Continuous")]},
    ),
    "the name of a piped input": in_description(
        "ProcessingInputs", lambda text: [s3_input(text, INPUT, S3InputMode="Pipe")]
    ),
    "the name of the job": in_description("ProcessingJobName", lambda text: text),
    "the resource of the job": in_description("ProcessingJobArn", lambda text: text),
    "the image": in_description("AppSpecification", lambda text: {"ImageUri": text}),
    "the environment of the description": in_description("Environment", lambda text: {text: text}),
    "tags of the description": in_description("Tags", lambda text: [{"Key": text, "Value": text}]),
    "the release's name": in_declaration(lambda data, text: data["metadata"].update(name=text)),
    "a dataset": in_declaration(lambda data, text: data["spec"]["datasets"][0].update(name=text)),
    "a tier": in_declaration(lambda data, text: data["spec"].update(sensitivity=text)),
    "the evidence": in_declaration(
        lambda data, text: data["spec"]["privacy"]["evidence"][0].update(path=f"{text}.json")
    ),
    "an unknown key": in_declaration(lambda data, text: data["spec"].update({text: text})),
    "--dataset": by_option("--dataset"),
    "--epsilon": by_option("--epsilon"),
    "--delta": by_option("--delta"),
    "--output": by_option("--output"),
    "--ledger": by_option("--ledger"),
    "a server of a ledger": by_option("--ledger", "postgresql://u:{}@127.0.0.1:9/d"),
    "--ledger-key": by_option("--ledger-key"),
    "--policy": by_option("--policy"),
    "--waivers": by_option("--waivers"),
    "--baseline": by_option("--baseline"),
    "--fail-on": by_option("--fail-on"),
    "--report": by_option("--report"),
    "an unknown option": lambda _container, text: ([f"--{text}"], {}),
    "GATECLI_FORMAT": by_variable("GATECLI_FORMAT"),
    "GATECLI_VERBOSE": by_variable("GATECLI_VERBOSE"),
    "a variable of the image": by_variable("API_TOKEN"),
    "a search path": by_variable("PYTHONPATH", "/lib:/{}"),
    "a program": lambda _container, text: (["--", text], {}),
    "an argument": lambda container, text: (["--", *container.trainer(), text], {}),
    "an argument below an input": lambda container, text: (
        ["--", "true", f"{container.input}/{text}.sh"],
        {},
    ),
    "a file that is left": by_command("{write} echo > '{output}/{text}'"),
    "a folder that is left": by_command("{write} mkdir '{output}/{text}'; echo > '{output}/{text}/a'"),
    "a link that is left": by_command("{write} ln -s /tmp '{output}/{text}'"),
    "evidence of another job": by_command('{write} echo \'{{"job": "{text}"}}\' > {output}/spent.json'),
    "evidence that is none": by_command("{write} echo '{text}' > {output}/spent.json"),
    "a value of the table": in_input(lambda folder, _text: folder / "b.csv"),
    "a file of the input": in_input(lambda folder, text: folder / text),
}


def written_below(*folders: Path) -> Iterator[tuple[Path, bytes]]:
    for folder in folders:
        for at, names, files in os.walk(folder):
            for name in names:
                yield Path(at, name), b""
            for name in files:
                yield Path(at, name), Path(at, name).read_bytes()


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
@pytest.mark.parametrize(
    ("platform", "planted"),
    [
        ("sagemaker", PLANTED["an address"]),
        ("sagemaker", PLANTED["a token"]),
        ("azureml", PLANTED["a number"]),
    ],
)
def test_a_run_shows_and_keeps_nothing_that_is_somebodys(
    platform: str,
    place: Place,
    planted: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    url = tmp_path / "kept" / "ledger.db"
    url.parent.mkdir()
    ledger(url, terms_of_dataset()).close()
    container = Container(tmp_path / "root").make()
    words, variables = place(container, planted)
    options = {
        "--dataset": DATASET,
        "--epsilon": "1",
        "--delta": "1e-6",
        "--output": str(container.output),
        "--declaration": str(container.declaration),
        "--ledger": str(url),
    }
    command = words[words.index("--") :] if "--" in words else ["--", *container.trainer()]
    own = words[: words.index("--")] if "--" in words else words
    if platform == "sagemaker":
        variables = {"GATECLI_JOB_ROOT": str(container.root), **variables}
    else:
        names = ("AZUREML_ARM_SUBSCRIPTION", "AZUREML_ARM_RESOURCEGROUP", "AZUREML_ARM_WORKSPACE_NAME")
        variables = {"AZUREML_RUN_ID": "train-1", **dict.fromkeys(names, "a"), **variables}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(container.declaration.parent)
    typed = [word for pair in options.items() for word in pair]
    main(["cloud", platform, "run", *typed, *own, *command])
    said = "".join(capfd.readouterr())
    assert planted not in said
    kept = dict(written_below(url.parent, container.root / "opt/ml/output", container.output))
    assert planted not in json.dumps(sorted(map(str, kept)))
    assert not [path for path, content in kept.items() if planted.encode() in content]
