"""`gatecli-admission manifests` in process."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from admission.cli import main
from admission.commands.manifests import as_yaml
from admission.deploy.rendering import Installation, render_objects


def test_what_is_printed_is_what_is_rendered(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["manifests"]) == 0
    shown = capsys.readouterr()
    assert list(yaml.safe_load_all(shown.out)) == render_objects(Installation())
    assert shown.err == ""


def test_the_same_options_print_the_same_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["manifests", "--entity", "US_SSN=warn", "--entity", "EMAIL_ADDRESS=ignore"]
    assert main(arguments) == 0
    first = capsys.readouterr().out
    assert main(arguments) == 0
    assert capsys.readouterr().out == first


def test_nothing_is_abbreviated_by_an_anchor(capsys: pytest.CaptureFixture[str]) -> None:
    main(["manifests"])
    assert "&id" not in capsys.readouterr().out


def test_every_option_reaches_the_objects(capsys: pytest.CaptureFixture[str]) -> None:
    options = (
        "--certificates cert-manager --namespace privacy --image r.example/g@sha256:"
        + "0" * 64
        + " --replicas 3"
        " --mode warn --failure-policy Ignore --entity US_SSN=audit --exclude-namespace calico-system"
        " --resource ray.io/v1/rayclusters --with policy-reports --with scan-secrets"
    )
    assert main(["manifests", *options.split()]) == 0
    text = capsys.readouterr().out
    for sign in (
        "kind: Certificate\n",
        "namespace: privacy\n",
        "image: r.example/g@sha256:" + "0" * 64,
        "replicas: 3\n",
        "mode: warn\n",
        "failurePolicy: Ignore\n",
        "US_SSN: audit\n",
        "- calico-system\n",
        "- rayclusters\n",
        "policyreports.wgpolicyk8s.io",
        "GATECLI_ADMISSION_SCAN_SECRETS",
    ):
        assert sign in text, sign


def test_a_folder_holds_a_kustomization_and_the_definitions_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "deploy"
    assert main(["manifests", "--output", str(folder)]) == 0
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    files = [
        list(yaml.safe_load_all((folder / name).read_text("utf-8"))) for name in kustomization["resources"]
    ]
    definitions, rest = files
    assert {each["kind"] for each in definitions} == {"CustomResourceDefinition"}
    assert sorted(str(each) for each in [*definitions, *rest]) == sorted(
        str(each) for each in render_objects(Installation())
    )
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "kubectl apply -k" in shown.err


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["manifests", "--output", str(tmp_path / "file" / "below")]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--namespace", "Upper"),
        ("--namespace", "a: b"),
        ("--image", "a b"),
        ("--image", "a@sha256:12"),
        ("--exclude-namespace", "*"),
        ("--entity", "US_SSN"),
        ("--entity", "US_SSN=off"),
        ("--entity", "US_SSM=warn"),
        ("--resource", "pods"),
        ("--resource", "ray.io/v1/*"),
        ("--replicas", "0"),
        ("--mode", "off"),
        ("--certificates", "none"),
        ("--failure-policy", "fail-open"),
        ("--with", "everything"),
    ],
)
def test_a_value_that_is_not_of_its_form_is_exit_code_2(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["manifests", option, value]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err


def test_words_that_kubernetes_takes_for_truth_values_are_quoted() -> None:
    text = as_yaml([{"required": ["n", "y", "on", "no", "name"], "Y": "N"}])
    assert "- 'n'\n- 'y'\n- 'on'\n- 'no'\n- name\n" in text
    assert "'Y': 'N'\n" in text
