"""Whom a job of SageMaker can speak to while it reads the data."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.cloud.interface import JobContext, finding_at
from gatecli.checks.cloud.ledgers import LedgerPlace, ledger_place
from gatecli.checks.cloud.rules import unknown_at
from gatecli.checks.cloud.run_call import RunCall, read_call
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.job_definition import JobDefinition, JobWords

OPEN_NETWORK = Rule("cloud-open-network", Severity.ERROR, "A job may send what it reads to anybody")
PLAIN_TRAFFIC = Rule(
    "cloud-plain-traffic", Severity.ERROR, "The machines of a job send each other what is not encrypted"
)
SEVERAL_MACHINES = Rule(
    "cloud-several-machines",
    Severity.ERROR,
    "A job runs on several machines, and its budget pays for one run",
)
REMOTE_SHELL = Rule("cloud-remote-shell", Severity.ERROR, "People can open a shell in a running job")
RULES = (OPEN_NETWORK, PLAIN_TRAFFIC, SEVERAL_MACHINES, REMOTE_SHELL)

_MEND = (
    "set EnableNetworkIsolation to true; where the ledger is on a server, give the job a VpcConfig with "
    "Subnets and SecurityGroupIds that reach nothing else"
)


def find_open_network(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """Isolated, or in a private network that the ledger needs."""
    network = job.network
    isolated = network.isolated
    if isolated is not None and isolated.value is True:
        return
    if isolated is not None and isolated.value is None:
        yield unknown_at(
            job, isolated.pointer, "whether the job is isolated is known only when it starts", _MEND
        )
    elif not (_is_listed(network.subnets) and _is_listed(network.security_groups)):
        yield from _find_without_vpc(job)
    else:
        yield from _find_idle_vpc(job)


def _is_listed(words: JobWords | None) -> bool:
    return words is not None and bool(words.words)


def _find_without_vpc(job: JobDefinition) -> Iterator[Finding]:
    network = job.network
    lists = [words for words in (network.subnets, network.security_groups) if words is not None]
    later = next((words for words in lists if not words.is_whole), None)
    if later is not None:
        yield unknown_at(job, later.pointer, "the network of the job is known only when it starts", _MEND)
        return
    at = job.pointer if network.isolated is None else network.isolated.pointer
    message = "the job reaches the internet, so a program in it can send out whatever it reads"
    yield finding_at(OPEN_NETWORK, job, at, message, _MEND)


def _find_idle_vpc(job: JobDefinition) -> Iterator[Finding]:
    """A private network is for a ledger on a server; nothing else of a job needs one."""
    call = read_call(job)
    if isinstance(call, RunCall) and ledger_place(call) is LedgerPlace.FILE:
        words = job.network.subnets
        at = job.pointer if words is None else words.pointer
        message = "the ledger of the job is a file, so nothing needs the network that it has"
        yield finding_at(OPEN_NETWORK, job, at, message, "set EnableNetworkIsolation to true")


def find_several_machines(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """The entry point refuses several; what they send each other matters where another program runs."""
    count, encrypted = job.machines.count, job.network.encrypted
    if count is None or count.value == 1:
        return
    mend = "set InstanceCount to 1, or make one job for each part of the data"
    if count.value is None:
        yield unknown_at(
            job, count.pointer, "on how many machines the job runs is known only when it starts", mend
        )
    else:
        message = f"the job runs on {count.value} machines, each of which would spend the budget of one run"
        yield finding_at(SEVERAL_MACHINES, job, count.pointer, message, mend, about=str(count.value))
    if encrypted is None or encrypted.value is not True:
        at = count.pointer if encrypted is None else encrypted.pointer
        message = "the machines of the job may send each other in plain text what they read"
        yield finding_at(PLAIN_TRAFFIC, job, at, message, "set EnableInterContainerTrafficEncryption to true")


def find_remote_shell(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """A shell in the container reads the data without a lease."""
    shell = job.machines.shell
    if shell is not None and shell.value is not False:
        message = "people can open a shell in the container while it runs, and read the data without a lease"
        mend = "set EnableRemoteDebug to false, or leave RemoteDebugConfig out"
        yield finding_at(REMOTE_SHELL, job, shell.pointer, message, mend)
