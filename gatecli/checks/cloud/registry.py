"""Every check of the gate of job definitions, and every rule that it can report."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.cloud import (
    azureml_steps,
    code_sources,
    encryption,
    entry_points,
    environment,
    images,
    ledgers,
    locations,
    network,
    outputs,
    promises,
    public_texts,
    refusals,
    rules,
    unjudged,
)
from gatecli.checks.cloud.azureml_steps import of_people, with_definition
from gatecli.checks.cloud.interface import JobCheck, JobContext
from gatecli.model.finding import Finding, Rule
from gatecli.model.job_definition import JobDefinition, JobPlatform

_SAGEMAKER = frozenset({JobPlatform.SAGEMAKER})
_AZUREML = frozenset({JobPlatform.AZUREML})

JOB_CHECKS: tuple[JobCheck, ...] = (
    JobCheck((images.UNPINNED, rules.UNKNOWN_VALUE), with_definition(images.find_unpinned)),
    JobCheck((*entry_points.RULES, rules.UNKNOWN_VALUE), entry_points.find_entry_point_faults, _SAGEMAKER),
    JobCheck((*promises.RULES, rules.UNKNOWN_VALUE), promises.find_promise_faults),
    JobCheck((ledgers.UNSEEN_LEDGER, ledgers.PASSWORD, rules.UNKNOWN_VALUE), ledgers.find_ledger_faults),
    JobCheck((code_sources.LOADED, rules.UNKNOWN_VALUE), of_people(code_sources.find_loaded_code)),
    JobCheck((rules.UNKNOWN_VALUE,), code_sources.find_unknown_searches),
    JobCheck((environment.WEAKENED, rules.UNKNOWN_VALUE), environment.find_weakened_run),
    JobCheck((environment.SECRET,), environment.find_secrets),
    JobCheck((), public_texts.find_personal_data_of_job),
    JobCheck((rules.UNKNOWN_VALUE,), unjudged.find_unjudged),
    JobCheck((ledgers.LOST_LEDGER, ledgers.LOST_RELEASE, rules.UNKNOWN_VALUE), ledgers.find_lost),
    JobCheck((refusals.REFUSED,), refusals.find_refused_options),
    JobCheck((refusals.REFUSED, rules.UNKNOWN_VALUE), refusals.find_refused_places, _SAGEMAKER),
    JobCheck((refusals.REFUSED, rules.UNKNOWN_VALUE), refusals.find_refused_processes, _AZUREML),
    JobCheck((ledgers.UNREACHABLE,), ledgers.find_unreachable, _SAGEMAKER),
    JobCheck((network.OPEN_NETWORK, rules.UNKNOWN_VALUE), network.find_open_network, _SAGEMAKER),
    JobCheck(
        (network.SEVERAL_MACHINES, network.PLAIN_TRAFFIC, rules.UNKNOWN_VALUE),
        network.find_several_machines,
        _SAGEMAKER,
    ),
    JobCheck((locations.UNCHARGED, rules.UNKNOWN_VALUE), locations.find_uncharged_data),
    JobCheck((network.REMOTE_SHELL,), network.find_remote_shell, _SAGEMAKER),
    JobCheck((azureml_steps.UNPROTECTED, azureml_steps.UNSEEN), azureml_steps.find_unprotected, _AZUREML),
    JobCheck((outputs.RAW_OUTPUT,), outputs.find_copied_inputs, _SAGEMAKER),
    JobCheck((outputs.RAW_OUTPUT,), azureml_steps.find_raw_outputs, _AZUREML),
    JobCheck((azureml_steps.OWN_RIGHTS,), of_people(azureml_steps.find_own_rights), _AZUREML),
    JobCheck(
        (network.REMOTE_SHELL, network.SEVERAL_MACHINES, rules.UNKNOWN_VALUE),
        of_people(azureml_steps.find_open_doors),
        _AZUREML,
    ),
    JobCheck(
        (
            azureml_steps.LITERAL_KEY,
            azureml_steps.NEWEST_KEY,
            azureml_steps.TRANSFORMER_POLICY,
            azureml_steps.LOST_RECORD,
            rules.UNKNOWN_VALUE,
        ),
        azureml_steps.find_transformer_faults,
        _AZUREML,
    ),
    JobCheck(
        (azureml_steps.COLUMNS, azureml_steps.UNSEEN_COLUMNS, azureml_steps.LITERAL_KEY),
        azureml_steps.find_column_faults,
        _AZUREML,
    ),
    JobCheck(
        (encryption.VOLUME, encryption.SHARED, rules.UNKNOWN_VALUE), encryption.find_volume_key, _SAGEMAKER
    ),
    JobCheck(
        (encryption.OUTPUT, encryption.SHARED, rules.UNKNOWN_VALUE), encryption.find_output_keys, _SAGEMAKER
    ),
)

RULES: tuple[Rule, ...] = tuple(dict.fromkeys(rule for check in JOB_CHECKS for rule in check.rules))
"""Each once; what a reader alone can report is in `gatecli.sources.jobs.interface`."""


def find_in_job(job: JobDefinition, context: JobContext) -> Iterator[Finding]:
    """What every check of its platform finds in a job, at whatever front door. Of one unseen, that alone."""
    if not job.is_seen:
        yield from unjudged.find_unjudged(job, context)
        return
    for check in JOB_CHECKS:
        if job.platform in check.platforms:
            yield from check.find(job, context)
