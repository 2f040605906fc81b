"""The example before the SDK of Azure ML: what it loads, what only its validation sees, what neither does."""

from __future__ import annotations

import pytest

from tests.support.azureml_examples import COMPONENT, PIPELINE, changed_example, rules_of
from tests.support.azureml_sdk import load_all

CASES = {
    "as it is": [],
    "a type that there is not": [(COMPONENT, "    type: uri_file\n", "    type: uri_fil\n")],
    "a kind of component that there is not": [(COMPONENT, "\ntype: command\n", "\ntype: comand\n")],
    "a binding to an input that there is not": [
        (COMPONENT, "--input ${{inputs.table}}", "--input ${{inputs.tabel}}")
    ],
    "a pipeline bound to an input that there is not": [
        (PIPELINE, "${{parent.inputs.patients}}", "${{parent.inputs.patient}}")
    ],
    "a pipeline bound to a step that there is not": [
        (PIPELINE, "${{parent.jobs.train.outputs.release}}", "${{parent.jobs.trian.outputs.release}}")
    ],
    "an input that the component needs": [(PIPELINE, "      table: ${{parent.inputs.patients}}\n", "")],
    "an input that the component does not have": [
        (PIPELINE, "      key_vault_secret:", "      key_vault_sekret:")
    ],
    "raw data to a step that does not pay": [
        (
            PIPELINE,
            "      release: ${{parent.jobs.train.outputs.release}}\n",
            "      release: ${{parent.inputs.patients}}\n",
        )
    ],
}
Told = dict[str, tuple[dict[str, object], dict[str, object], list[str]]]


@pytest.fixture(name="told", scope="module")
def told_of_all(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Of each case: what the SDK says of the component and of the pipeline, and the rules of the gate."""
    folders = {
        name: changed_example(tmp_path_factory.mktemp("case"), changes) for name, changes in CASES.items()
    }
    files = [
        (kind, folder / file)
        for folder in folders.values()
        for kind, file in (("component", COMPONENT), ("job", PIPELINE))
    ]
    said = load_all(files)
    return {
        name: (said[2 * at], said[2 * at + 1], rules_of(folder))
        for at, (name, folder) in enumerate(folders.items())
    }


def test_the_example_loads_and_validates(told: Told) -> None:
    good = {"loaded": True, "passed": True, "errors": {}}
    assert told["as it is"] == (good, good, [])


@pytest.mark.parametrize("name", ["a type that there is not", "a kind of component that there is not"])
def test_a_wrong_type_fails_when_it_is_loaded(told: Told, name: str) -> None:
    component, pipeline, _ = told[name]
    assert not component["loaded"]
    assert not pipeline["loaded"]


def test_a_wrong_binding_of_a_component_is_seen_only_by_validation(told: Told) -> None:
    component, _, rules = told["a binding to an input that there is not"]
    assert component["loaded"]
    assert not component["passed"]
    assert "cloud-unknown-binding" in rules


@pytest.mark.parametrize(
    "name",
    [
        "a pipeline bound to an input that there is not",
        "a pipeline bound to a step that there is not",
        "an input that the component needs",
        "an input that the component does not have",
    ],
)
def test_what_the_gate_says_of_bindings(told: Told, name: str) -> None:
    """The SDK sees some of these when it loads, some in its validation; the gate sees each."""
    assert "cloud-unknown-binding" in told[name][2]


def test_the_sdk_does_not_see_whose_data_it_is(told: Told) -> None:
    _, pipeline, rules = told["raw data to a step that does not pay"]
    assert pipeline["passed"]
    assert rules == ["cloud-unprotected-step"]
