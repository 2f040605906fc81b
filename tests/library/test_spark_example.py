"""examples/spark-on-kubernetes passes every gate; with a resident ID in Spark's settings it does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

import gatecli
from tests.support.reviews import RESIDENT_ID
from tests.support.spark_example import APPLICATION, FOLDER, JOB, objects_of, with_resident_id

ZEROS = "0" * 64


def test_the_example_passes() -> None:
    assert gatecli.check_repository(FOLDER).passed


def test_a_resident_id_in_its_settings_is_found_by_the_rule_of_the_webhook(tmp_path: Path) -> None:
    folder = tmp_path / "spark"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / APPLICATION.name
    path.write_text(with_resident_id(path.read_text("utf-8")), "utf-8")
    verdict = gatecli.check_repository(folder)
    assert not verdict.passed
    assert [finding.rule.id for finding in verdict.findings] == ["pii-cn-resident-id"]
    assert RESIDENT_ID not in str(verdict)


def test_what_is_confidential_comes_by_reference() -> None:
    (application,) = objects_of(APPLICATION)
    ledger = {each["name"]: each for each in application["spec"]["driver"]["env"]}["GATECLI_LEDGER"]
    assert ledger["valueFrom"] == {"secretKeyRef": {"name": "privacy-ledger", "key": "url"}}
    job = next(each for each in objects_of(JOB) if each["kind"] == "Job")["spec"]["template"]["spec"]
    assert {"name": "lease", "secret": {"secretName": "privacy-lease"}} in job["volumes"]
    assert not [each for each in objects_of(*FOLDER.glob("*.yaml")) if each["kind"] == "Secret"]


def test_executors_and_drivers_run_one_image_by_its_digest() -> None:
    (application,) = objects_of(APPLICATION)
    image = application["spec"]["image"]
    job = next(each for each in objects_of(JOB) if each["kind"] == "Job")["spec"]["template"]["spec"]
    (driver,) = job["containers"]
    assert image.endswith(f"@sha256:{ZEROS}")
    assert f"--conf=spark.kubernetes.container.image={image}" in driver["command"]
    assert {driver["image"], job["initContainers"][0]["image"]} == {image}


def test_the_dockerfile_takes_no_base_without_a_digest() -> None:
    lines = (FOLDER / "Dockerfile").read_text("utf-8").splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM")]
    assert bases == ["${SPARK}", "${PYTHON}"]
    assert [line for line in lines if line.startswith("ARG") and "=" in line] == []
    assert [
        name for name in ("PYTHON", "SPARK") if f'case "${{{name}}}" in *@sha256:*) ;;' not in "".join(lines)
    ] == []


def test_its_manifests_are_yaml_that_a_user_can_read() -> None:
    for path in FOLDER.glob("*.yaml"):
        assert all(
            each["metadata"]["name"] == "ward-report" for each in yaml.safe_load_all(path.read_text("utf-8"))
        )
