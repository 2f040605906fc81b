"""The gate of definitions and the entry point agree: what the gate passes starts, and what the entry point
refuses for a reason that the definition shows is told before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer.main

from gatecli.checks.cloud.run_call import CHOICES, FLAGS, OPTIONS, SEPARATORS, SHORT
from gatecli.checks.personal_data import search_of
from gatecli.cli.app import app, main
from gatecli.gates.cloud import check_paths
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.policies import read_policy
from gatecli.model.verdict import Verdict
from tests.rules.test_rules import TODAY
from tests.support.job_definitions import JOB, LEDGER, changed
from tests.support.jobs import ACCOUNT as JOBS
from tests.support.jobs import DATASET, WRITE, account, declaration, ledger

PROGRAM, INPUT = "/opt/program", "/opt/ml/processing/input/customers"
RELEASE = "/opt/ml/processing/output/release"
POLICY = f"""\
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {{name: acme}}
spec:
  extends: default
  datasets: {{{DATASET}: behavioural}}
  cloud:
    locations:
      - {{dataset: {DATASET}, at: [s3://acme-customers/2026]}}
      - {{dataset: visits, at: [s3://acme-visits]}}
"""
OPTIONS_OF_JOB = {
    "--dataset": DATASET,
    "--epsilon": "1",
    "--delta": "1e-6",
    "--output": RELEASE,
    "--ledger": LEDGER,
    "--declaration": f"{PROGRAM}/privacy.json",
}
COMMAND = ("sh", f"{PROGRAM}/train.sh")
Case = dict[str, Any]


def arguments(*more: str, command: tuple[str, ...] = ("--", *COMMAND), **options: Any) -> Case:
    """The change of the job to these options; None leaves one out."""
    own = {**OPTIONS_OF_JOB, **{f"--{name.replace('_', '-')}": value for name, value in options.items()}}
    words = [word for name, value in own.items() if value is not None for word in (name, value)]
    return {"AppSpecification": {"ContainerArguments": [*words, *more, *command]}}


def variables(change: Case | None = None, **values: str) -> Case:
    return {**(change or {}), "Environment": values}


def release_output(**s3: Any) -> Case:
    described = {"S3Uri": "s3://acme/churn/", "LocalPath": RELEASE, "S3UploadMode": "EndOfJob", **s3}
    return {"OutputName": "release", "S3Output": {k: v for k, v in described.items() if v is not None}}


def outputs(*each: Case) -> Case:
    return {"ProcessingOutputConfig": {"Outputs": list(each)}}


def input_with(**s3: Any) -> Case:
    return {"ProcessingInputs": [changed(JOB["ProcessingInputs"][0], {"S3Input": s3})]}


def declared(**spec: Any) -> Case:
    """A declaration beside the job, and in its image; not part of the definition."""
    return {"declaration": declaration(**spec)}


def evidence(**values: str) -> Case:
    made = declaration()
    made["spec"]["privacy"]["evidence"][0] |= values
    return {"declaration": made}


def without_promise() -> Case:
    made = declaration()
    made["spec"]["privacy"]["evidence"] = []
    return {"declaration": made}


def without(*names: str) -> Case:
    left_out: Case = dict.fromkeys(names)
    return arguments(**left_out)


def instead(name: str, words: tuple[str, ...]) -> Case:
    """The job with other words in place of one option."""
    change = without(name)
    change["AppSpecification"]["ContainerArguments"][:0] = words
    return change


RUNS: Mapping[str, Case] = {
    "the job itself": {},
    "options with =": instead("epsilon", ("--epsilon=1",)),
    "ε as a ratio": arguments(epsilon="10/10"),
    "ε with a power": arguments(epsilon="10e-1"),
    "ε with blanks and a sign": arguments(epsilon=" +1.00 "),
    "δ written out": arguments(delta="0.000001"),
    "δ as a ratio": arguments(delta="1/1000000"),
    "the last of two values": arguments("--epsilon", "1", epsilon="9"),
    "an option and another variable": variables(GATECLI_JOB_EPSILON="0.1", GATECLI_JOB_OUTPUT="/nowhere"),
    "a variable in place of an option": variables(without("epsilon"), GATECLI_JOB_EPSILON="1"),
    "an empty variable of a switch": variables(GATECLI_EXIT_ZERO="", GATECLI_QUIET=""),
    "a switch that is off": variables(GATECLI_EXIT_ZERO="off", GATECLI_QUIET="yes", GATECLI_VERBOSE="1"),
    "a dataset twice": arguments("--dataset", DATASET),
    "a dataset in quotes": arguments(dataset=f'"{DATASET}", '),
    "a dataset by a variable, twice": variables(
        without("dataset"), GATECLI_JOB_DATASET=f"{DATASET} {DATASET}"
    ),
    "short options": arguments("-f", "json", "-v", "-q"),
    "short options together": arguments("-vvq"),
    "a format": arguments("--format", "json", "--fail-on", "note", "--color", "never"),
    "options of the command": arguments(command=("--", *COMMAND, "--epsilon", "9", "--exit-zero")),
    "a second --": arguments(command=("--", *COMMAND, "--", "x")),
    "a policy of the image": arguments(policy=f"{PROGRAM}/gatecli.yaml"),
    "the folder of the release by another way": arguments(output=f"{RELEASE}/../release/"),
}

REFUSED: Mapping[str, Case] = {
    "an output that is uploaded meanwhile": outputs(release_output(S3UploadMode="Continuous")),
    "an output that does not say when": outputs(release_output(S3UploadMode=None)),
    "an output of the command's own": outputs({**release_output(), "AppManaged": True}),
    "an output without a folder": outputs(
        release_output(),
        {"OutputName": "f", "FeatureStoreOutput": {"FeatureGroupName": "g"}, "AppManaged": True},
    ),
    "an output in the release": outputs(
        release_output(), {**release_output(LocalPath=f"{RELEASE}/plots"), "OutputName": "plots"}
    ),
    "an output around the release": outputs(
        release_output(), {**release_output(LocalPath="/opt/ml/processing/output"), "OutputName": "all"}
    ),
    "no output": outputs(),
    "an input of another dataset": input_with(S3Uri="s3://acme-visits/2026/part.csv"),
    "an input around another dataset": input_with(S3Uri="s3://acme-"),
    "an input by another form of its address": input_with(S3Uri="https://acme-visits.s3.amazonaws.com/"),
    "a manifest of inputs": input_with(S3DataType="ManifestFile"),
    "a pipe": input_with(S3InputMode="Pipe"),
    "an input in the release": input_with(LocalPath=f"{RELEASE}/data"),
    "two machines": {"ProcessingResources": {"ClusterConfig": {"InstanceCount": 2}}},
    "a release below an output": arguments(output=f"{RELEASE}/churn"),
    "a release that is no output": arguments(output="/opt/ml/processing/other"),
    "an empty --output": arguments(output=""),
    "nothing after --": arguments(command=("--",)),
    "a program that is none": arguments(command=("--", "")),
    "-- twice": arguments(command=("--", "--", *COMMAND)),
    "an option that there is not": arguments("--unknown", "1"),
    "an abbreviation": instead("epsilon", ("--eps", "1")),
    "an option without a value": arguments("--epsilon"),
    "an option as a value": instead("dataset", ("--dataset", "--quiet")),
    "a switch with a value": arguments("--quiet=true"),
    "exit zero": arguments("--exit-zero"),
    "exit zero by a variable": variables(GATECLI_EXIT_ZERO="yes"),
    "exit zero, perhaps": variables(GATECLI_EXIT_ZERO="maybe"),
    "fail on nothing": arguments("--fail-on", "never"),
    "fail on nothing by a variable": variables(GATECLI_FAIL_ON="never"),
    "fail on another case": arguments("--fail-on", "ERROR"),
    "another colour": variables(GATECLI_COLOR="yes"),
    "a report without a file": arguments("--report", "json"),
    "a loud run": variables(GATECLI_VERBOSE="loud"),
    "quiet, perhaps": variables(GATECLI_QUIET="maybe"),
    "no dataset": without("dataset"),
    "an empty dataset": arguments(dataset=""),
    "a dataset of commas": arguments(dataset=" , "),
    "a quote that is not closed": arguments(dataset=f'"{DATASET}'),
    "another dataset": arguments(dataset="visits"),
    "another case of the dataset": arguments(dataset=DATASET.upper()),
    "an empty dataset and a variable": variables(arguments(dataset=""), GATECLI_JOB_DATASET=DATASET),
    "no ε": without("epsilon"),
    **{
        f"ε = {text!r}": arguments(epsilon=text)
        for text in ("inf", "nan", "-1", "0", "", "1e", "0x1", "\u0661", "1,0", "1/0")
    },
    "ε below the declaration": arguments(epsilon="0.5"),
    "ε below the declaration by the last": arguments("--epsilon", "0.5"),
    "no δ": without("delta"),
    **{f"δ = {text!r}": arguments(delta=text) for text in ("1", "nan", "-1e-6", "1e-7", "1e-999")},
    "a policy of an input": arguments(policy=f"{INPUT}/gatecli.yaml"),
    "waivers of an input": arguments("--waivers", f"{INPUT}/waivers.yaml"),
    "waivers of an input, the second of a variable": variables(
        GATECLI_WAIVERS=f"{PROGRAM}/waivers.yaml:{INPUT}/waivers.yaml"
    ),
    "a baseline of an input": arguments(baseline=f"{INPUT}/baseline.json"),
    "a declaration of an input": arguments(declaration=f"{INPUT}/privacy.json"),
    "a declaration in the release": arguments(declaration=f"{RELEASE}/privacy.json"),
    "waivers in the release": arguments("--waivers", f"{RELEASE}/waivers.yaml"),
    "a script of an input": arguments(command=("--", "sh", f"{INPUT}/train.sh")),
    "a script of an input behind an option's value": arguments(
        command=("--", "python3", "-W", "ignore", f"{INPUT}/train")
    ),
    "an input in a shell's text": arguments(command=("--", "sh", "-c", f"cat {INPUT}/part.csv")),
    "a home in an input": variables(HOME=INPUT),
    "code searched in an input": variables(PYTHONPATH=f"/lib:{INPUT}"),
    "artifacts that are not made yet": declared(artifacts=[{"path": "model.bin", "sha256": "0" * 64}]),
    "evidence with a digest": evidence(sha256="0" * 64),
    "evidence above the release": evidence(path="../spent.json"),
    "evidence by an absolute path": evidence(path="/tmp/spent.json"),  # noqa: S108 - never read
    "evidence by a name of ours": evidence(path="./job.json"),
    "no evidence": without_promise(),
}


STRICTER: Mapping[str, Case] = {
    "no --, after which options could be meant for either": arguments(command=COMMAND),
    "another root": arguments("--root", "/opt"),
    "another root by a variable": variables(GATECLI_JOB_ROOT="/opt"),
    "a policy of another revision": variables(GATECLI_POLICY_FROM="HEAD"),
    "another setting of ours": variables(GATECLI_SKIP="release"),
}
"""What a container may be able to start, and no definition should say."""


def judged(folder: Path, change: Case) -> Verdict:
    """The verdict of the gate on the definition, beside its declaration and policy."""
    folder.mkdir()
    case = {**change}
    text = json.dumps(case.pop("declaration", declaration()))
    (folder / "privacy.json").write_text(text, "utf-8")
    (folder / "gatecli.yaml").write_text(POLICY, "utf-8")
    job = changed(changed(JOB, arguments()), case)
    (folder / "job.json").write_text(json.dumps(job), "utf-8")
    policy = read_policy(folder / "gatecli.yaml", folder).policy
    return check_paths([folder / "job.json"], JudgementTerms(policy, (), TODAY), search_of(policy.spec.pii))


def placed(value: Any, root: Path, url: str) -> Any:
    """A text of the definition as it is below the root of a container that is tried here."""
    if isinstance(value, str):
        return value.replace("/opt/", f"{root}/opt/").replace(LEDGER, url)
    return [placed(each, root, url) for each in value]


def container(root: Path, change: Case) -> Case:
    """The files that the platform and the image bring; the job."""
    case = {**change}
    text = json.dumps(case.pop("declaration", declaration()))
    job: Case = changed(changed(JOB, arguments()), case)
    kept = [each["S3Output"] for each in job["ProcessingOutputConfig"]["Outputs"] if "S3Output" in each]
    brought = [each["S3Input"] for each in job["ProcessingInputs"]]
    for each in (*kept, *brought):
        (root / each["LocalPath"].lstrip("/")).mkdir(parents=True, exist_ok=True)
    beside = {"privacy.json": text, "gatecli.yaml": POLICY, "train.sh": trainer(root)}
    beside |= {"waivers.yaml": POLICY, "train": "", "part.csv": "a\n"}
    for folder in (PROGRAM, INPUT):
        (root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
        for name, content in beside.items():
            (root / folder.lstrip("/") / name).write_text(content, "utf-8")
    name = job["ProcessingJobName"]
    config = root / "opt/ml/config"
    config.mkdir(parents=True)
    described = {**job, "ProcessingJobArn": f"{JOBS}/{name}"}
    (config / "processingjobconfig.json").write_text(json.dumps(described), "utf-8")
    hosts = [
        f"algo-{number}" for number in range(job["ProcessingResources"]["ClusterConfig"]["InstanceCount"])
    ]
    resources = {"current_host": "algo-0", "hosts": hosts}
    (config / "resourceconfig.json").write_text(json.dumps(resources), "utf-8")
    return job


def trainer(root: Path) -> str:
    return WRITE.format(output=f"{root}{RELEASE}", epsilon=1)


@pytest.fixture
def start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[[Case], tuple[int, float, str]]:
    """Start a job in the tree of its container: its exit code, the ε that is held, what it said."""

    def run_job(change: Case) -> tuple[int, float, str]:
        root, url = tmp_path / "root", str(tmp_path / "ledger.db")
        store = ledger(url)
        job = container(root, change)
        words = placed(job["AppSpecification"]["ContainerArguments"], root, url)
        told = {name: placed(text, root, url) for name, text in job.get("Environment", {}).items()}
        monkeypatch.chdir(root)
        for name, text in {"GATECLI_JOB_ROOT": str(root), **told}.items():
            monkeypatch.setenv(name, text)
        code = main(["cloud", "sagemaker", "run", *words])
        held = account(store).held.basic_epsilon / 10**12
        store.close()
        return code, held, capfd.readouterr().err

    return run_job


@pytest.mark.parametrize("change", RUNS.values(), ids=RUNS.keys())
def test_what_the_gate_passes_starts(
    change: Case, tmp_path: Path, start: Callable[[Case], tuple[int, float, str]]
) -> None:
    assert judged(tmp_path / "repository", change).findings == ()
    code, held, said = start(change)
    assert (code, held) == (0, 1), said


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED.keys())
def test_what_the_entry_point_refuses_is_told_before(
    change: Case, tmp_path: Path, start: Callable[[Case], tuple[int, float, str]]
) -> None:
    code, held, said = start(change)
    assert code in {1, 2, 4}, said
    assert held == 0
    assert judged(tmp_path / "repository", change).exit_code == 1


@pytest.mark.parametrize("change", STRICTER.values(), ids=STRICTER.keys())
def test_what_weakens_a_run_is_told_whether_it_starts_or_not(change: Case, tmp_path: Path) -> None:
    assert judged(tmp_path / "repository", change).exit_code == 1


@pytest.mark.parametrize("platform", ["sagemaker", "azureml"])
def test_the_gate_knows_every_option_of_the_command_line(platform: str) -> None:
    command: Any = typer.main.get_command(app)
    for name in ("cloud", platform, "run"):
        context = typer.Context(command)
        command = command.get_command(context, name)
    options = {
        max(each.opts, key=len): each
        for each in command.params
        if each.param_type_name == "option" and each.envvar
    }
    shell_only = set() if platform == "sagemaker" else {"--root"}
    flags = {name for name, each in options.items() if each.is_flag or each.count}
    assert flags == set(FLAGS)
    assert {name: each.envvar for name, each in options.items() if name not in flags} == {
        name: variable for name, variable in OPTIONS.items() if name not in shell_only
    }
    assert {name: options[name].envvar for name in flags} == dict(FLAGS)
    assert {short: name for name, each in options.items() for short in each.opts if len(short) == 2} == SHORT
    assert {name for name, each in options.items() if each.multiple} == set(SEPARATORS)
    for name, separator in SEPARATORS.items():
        assert options[name].type_descriptor.envvar_list_splitter == separator
    choices = {name: each.type_descriptor.choices for name, each in options.items()}
    words = {name: {str(each) for each in found} for name, found in choices.items() if found}
    assert words.keys() - CHOICES.keys() == {"--format"}
    assert {name: words[name] for name in CHOICES} == CHOICES
