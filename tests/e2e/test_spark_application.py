"""Jobs of Spark on the real API server: a SparkApplication is searched where the webhook is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from admission.cluster.client import ResourceKind
from admission.deploy.rendering import Installation as Wanted
from admission.deploy.rendering import render_objects
from tests.e2e.control_plane import ControlPlane, as_list
from tests.e2e.installation import Installation
from tests.support.reviews import MASK, RESIDENT_ID
from tests.support.spark_example import APPLICATION, FOLDER, JOB, SETTING, objects_of, with_resident_id

KIND = ResourceKind("sparkoperator.k8s.io", "v1beta2", "sparkapplications")
ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
DEFINITION: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {
        "name": f"{KIND.plural}.{KIND.group}",
        # Groups of *.k8s.io belong to Kubernetes; the operator's own definition says the same.
        "annotations": {"api-approved.kubernetes.io": "https://github.com/kubeflow/spark-operator/pull/1298"},
    },
    "spec": {
        "group": KIND.group,
        "scope": "Namespaced",
        "names": {"plural": KIND.plural, "singular": "sparkapplication", "kind": "SparkApplication"},
        "versions": [
            {
                "name": KIND.version,
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": ANYTHING}}},
            }
        ],
    },
}


class ToldOfSpark(Installation):
    """As `gatecli-admission manifests --resource GROUP/VERSION/PLURAL` writes it."""

    def rendered(self) -> list[dict[str, Any]]:
        return render_objects(Wanted(more_resources=[KIND]))


@pytest.fixture(scope="module", name="webhook", autouse=True)
def the_webhook(cluster: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with (
        cluster.applied(DEFINITION),
        ToldOfSpark(cluster, tmp_path_factory.mktemp("webhook"), names=("one",)) as running,
    ):
        yield running


def test_the_example_is_let_in(cluster: ControlPlane, namespace: str) -> None:
    objects = objects_of(FOLDER / "access.yaml", APPLICATION, JOB)
    created = cluster.kubectl("create", "-f", "-", "--namespace", namespace, stdin=as_list(tuple(objects)))
    assert created.code == 0, created.stderr
    assert len(created.stdout.splitlines()) == len(objects)
    kept = cluster.get("sparkapplication", "ward-report", "--namespace", namespace)
    assert kept["spec"]["sparkConf"] == objects_of(APPLICATION)[0]["spec"]["sparkConf"]


def test_the_same_with_a_resident_id_in_its_settings_is_refused(
    cluster: ControlPlane, namespace: str
) -> None:
    tampered = with_resident_id(APPLICATION.read_text("utf-8"))
    refused = cluster.create(yaml.safe_load(tampered), options=("--namespace", namespace))
    assert refused.code == 1
    assert (
        f"pii-cn-resident-id at /spec/sparkConf/{SETTING} (a Chinese resident ID, {MASK})" in refused.stderr
    )
    assert RESIDENT_ID not in refused.stderr
