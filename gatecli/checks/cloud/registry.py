"""Every check of the gate of job definitions, and every rule that it can report."""

from __future__ import annotations

from gatecli.checks.cloud import (
    code_sources,
    encryption,
    entry_points,
    environment,
    images,
    ledgers,
    network,
    promises,
    public_texts,
    rules,
    unjudged,
)
from gatecli.checks.cloud.interface import JobCheck
from gatecli.model.finding import Rule
from gatecli.model.job_definition import JobPlatform

_SAGEMAKER = frozenset({JobPlatform.SAGEMAKER})

JOB_CHECKS: tuple[JobCheck, ...] = (
    JobCheck((images.UNPINNED, rules.UNKNOWN_VALUE), images.find_unpinned),
    JobCheck((*entry_points.RULES, rules.UNKNOWN_VALUE), entry_points.find_entry_point_faults),
    JobCheck((*promises.RULES, rules.UNKNOWN_VALUE), promises.find_promise_faults),
    JobCheck((ledgers.UNSEEN_LEDGER, ledgers.PASSWORD, rules.UNKNOWN_VALUE), ledgers.find_ledger_faults),
    JobCheck((code_sources.LOADED, rules.UNKNOWN_VALUE), code_sources.find_loaded_code),
    JobCheck((rules.UNKNOWN_VALUE,), code_sources.find_unknown_searches),
    JobCheck((environment.WEAKENED, rules.UNKNOWN_VALUE), environment.find_weakened_run),
    JobCheck((environment.SECRET,), environment.find_secrets),
    JobCheck((), public_texts.find_personal_data_of_job),
    JobCheck((rules.UNKNOWN_VALUE,), unjudged.find_unjudged),
    JobCheck((ledgers.LOST_LEDGER, ledgers.LOST_RELEASE, rules.UNKNOWN_VALUE), ledgers.find_lost, _SAGEMAKER),
    JobCheck((ledgers.UNREACHABLE,), ledgers.find_unreachable, _SAGEMAKER),
    JobCheck((network.OPEN_NETWORK, rules.UNKNOWN_VALUE), network.find_open_network, _SAGEMAKER),
    JobCheck(
        (network.SEVERAL_MACHINES, network.PLAIN_TRAFFIC, rules.UNKNOWN_VALUE),
        network.find_several_machines,
        _SAGEMAKER,
    ),
    JobCheck((network.REMOTE_SHELL,), network.find_remote_shell, _SAGEMAKER),
    JobCheck(
        (encryption.VOLUME, encryption.SHARED, rules.UNKNOWN_VALUE), encryption.find_volume_key, _SAGEMAKER
    ),
    JobCheck(
        (encryption.OUTPUT, encryption.SHARED, rules.UNKNOWN_VALUE), encryption.find_output_keys, _SAGEMAKER
    ),
)

RULES: tuple[Rule, ...] = tuple(dict.fromkeys(rule for check in JOB_CHECKS for rule in check.rules))
"""Each once; what a reader alone can report is in `gatecli.sources.jobs.interface`."""
