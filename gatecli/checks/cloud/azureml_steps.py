"""Steps of Azure ML's pipelines: what may read data about people, and where it may go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from gatecli.checks.cloud.data_flow import is_transformer, raw_outputs, reads_people
from gatecli.checks.cloud.interface import JobContext, finding_at
from gatecli.checks.cloud.network import REMOTE_SHELL, SEVERAL_MACHINES
from gatecli.checks.cloud.outputs import RAW_OUTPUT
from gatecli.checks.cloud.rules import is_below, unknown_at
from gatecli.checks.cloud.run_call import CallFault, RunCall, read_call
from gatecli.checks.cloud.transform_call import TransformCall
from gatecli.checks.tables.column_classes import find_faults
from gatecli.errors import UsageError
from gatecli.model.column_classification import ColumnTreatment
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.job_definition import HOLE, MOUNT, JobDefinition, JobText
from gatecli.model.secret_reference import EXAMPLE, parse_reference

UNPROTECTED = Rule(
    "cloud-unprotected-step",
    Severity.ERROR,
    "A step reads data about people, and neither transforms it nor declares its budget",
)
UNSEEN = Rule(
    "cloud-unseen-component", Severity.WARNING, "A step is made of a component that is not in the repository"
)
OWN_RIGHTS = Rule(
    "cloud-personal-rights", Severity.WARNING, "A step reads data with the rights of whoever submits it"
)
LITERAL_KEY = Rule(
    "cloud-key-not-by-reference",
    Severity.ERROR,
    "The key of pseudonyms is not named by its address in Key Vault",
)
NEWEST_KEY = Rule(
    "cloud-newest-key", Severity.NOTE, "The key of pseudonyms is whatever version is the newest"
)
TRANSFORMER_POLICY = Rule(
    "cloud-policy-from-input",
    Severity.ERROR,
    "A transformer reads its policy from an input, not from its image",
)
LOST_RECORD = Rule(
    "cloud-lost-transformation", Severity.ERROR, "A transformer writes where nothing is kept when it ends"
)

COLUMNS = Rule(
    "cloud-column-classification",
    Severity.ERROR,
    "A transformer is given a classification of columns that the policy does not permit",
)
UNSEEN_COLUMNS = Rule(
    "cloud-unseen-columns",
    Severity.WARNING,
    "The classification of columns that a transformer is given is not in the repository",
)
RULES = (
    UNPROTECTED,
    UNSEEN,
    RAW_OUTPUT,
    OWN_RIGHTS,
    LITERAL_KEY,
    NEWEST_KEY,
    TRANSFORMER_POLICY,
    LOST_RECORD,
    COLUMNS,
    UNSEEN_COLUMNS,
)

_MEND = (
    "let it read the output of a step that runs gatecli cloud azureml transform, or start it by: "
    "gatecli cloud azureml run --dataset NAME --epsilon NUMBER --delta NUMBER --output DIR -- COMMAND; "
    "data that tells nothing about people is named in spec.cloud.publicInputs of the policy"
)

Find = Callable[[JobDefinition, JobContext], Iterable[Finding]]


def of_people(check: Find) -> Find:
    """A check of the jobs alone that data about people reaches."""

    def find(job: JobDefinition, context: JobContext) -> Iterable[Finding]:
        return check(job, context) if reads_people(job, context.policy.spec.cloud) else ()

    return find


def with_definition(check: Find) -> Find:
    """A check of the jobs alone whose definition is in the repository."""

    def find(job: JobDefinition, context: JobContext) -> Iterable[Finding]:
        return check(job, context) if job.component is None else ()

    return find


def find_unprotected(job: JobDefinition, context: JobContext) -> Iterator[Finding]:
    """The rule of the pipeline: transform, or pay."""
    rules = context.policy.spec.cloud
    if is_transformer(job, rules):
        return
    if job.component is not None:
        yield from _find_in_unseen(job, job.component, is_reached=reads_people(job, rules))
        return
    call = read_call(job)
    if isinstance(call, RunCall) or not reads_people(job, rules):
        return
    why = call.why if isinstance(call, CallFault) else "it says no command"
    at = call.pointer if isinstance(call, CallFault) else job.pointer
    message = f"the step reads data about people, and neither transforms it nor declares its budget: {why}"
    yield finding_at(UNPROTECTED, job, at, message, _MEND, about=why)


def _find_in_unseen(job: JobDefinition, component: JobText, *, is_reached: bool) -> Iterator[Finding]:
    mend = (
        "name the file of the component; one that is known to run gatecli cloud azureml transform is named "
        "with its version in spec.cloud.transformers of the policy"
    )
    is_kept = component.text.startswith("azureml:")
    where = "is in a workspace, where it is not seen" if is_kept else "cannot be read"
    if is_reached:
        message = f"the step reads data about people, and its component {where}"
        yield finding_at(UNPROTECTED, job, component.pointer, message, mend, about=component.text)
    else:
        message = f"the component of the step {where}, so what it runs was not judged"
        yield finding_at(UNSEEN, job, component.pointer, message, mend, about=component.text)


def find_raw_outputs(job: JobDefinition, context: JobContext) -> Iterator[Finding]:
    """Outputs that are registered, or kept at a path of their own."""
    raw = frozenset(raw_outputs(job, context.policy.spec.cloud))
    for output in job.outputs:
        if output.name in raw and output.target is not None:
            message = "data about people is kept under a name or a path, for others to read as it is"
            mend = "keep the output of a transformer or the release of a run; leave its name and path out"
            yield finding_at(RAW_OUTPUT, job, output.target.pointer, message, mend, about=output.name)


def find_own_rights(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """Rights of a person reach data that the job has no business with."""
    identity = job.identity
    if identity is not None and identity.text.lower().replace("_", "") in {"useridentity", "user"}:
        message = "the job has the rights of whoever submits it, so what it can read changes with the person"
        mend = "write identity: {type: managed}, with an identity that may read this data alone"
        yield finding_at(OWN_RIGHTS, job, identity.pointer, message, mend)


def find_open_doors(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """People in a running job, and machines that each would spend the budget of one run."""
    shell, count = job.machines.shell, job.machines.count
    if shell is not None:
        message = "people can get into the container while it runs, and read the data without a lease"
        yield finding_at(REMOTE_SHELL, job, shell.pointer, message, "leave the services of the job out")
    if count is None or count.value == 1 or not isinstance(read_call(job), RunCall):
        return
    mend = "set resources.instance_count to 1"
    if count.value is None:
        yield unknown_at(job, count.pointer, "on how many machines the job runs is not known", mend)
    else:
        message = f"the job runs on {count.value} machines, each of which would spend the budget of one run"
        yield finding_at(SEVERAL_MACHINES, job, count.pointer, message, mend, about=str(count.value))


def find_transformer_faults(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """What a transformer is told: a key by its place, the policy of its image, outputs that are kept."""
    call = read_call(job)
    if not isinstance(call, TransformCall):
        return
    key = call.values.get("--key-vault-secret")
    if key is not None:
        yield from _find_in_key(job, key)
    policy = call.values.get("--policy")
    columns = call.values.get("--columns")
    if policy is None and columns is not None and _is_in_folder(columns):
        message = "no policy is named, and one that stands in the input beside the classification would count"
        mend = "write --policy with the path of the policy in the image"
        yield finding_at(TRANSFORMER_POLICY, job, columns.pointer, message, mend, about="none")
    elif policy is not None and (not policy.is_known or MOUNT in policy.text):
        message = "the policy that judges the transformation comes from an input, and not from the image"
        yield finding_at(TRANSFORMER_POLICY, job, policy.pointer, message, "put the policy into the image")
    for option in ("--output", "--record"):
        yield from _find_lost(job, call, option)


def _is_in_folder(path: JobText) -> bool:
    """Whether a path is below an input, which then is a folder with other files in it."""
    return path.text.startswith(f"{MOUNT}inputs/") and path.text.count("/") > 1


def find_column_faults(job: JobDefinition, context: JobContext) -> Iterator[Finding]:
    """What the classification of a transformer says against the policy, before anything is run."""
    call = read_call(job)
    if not isinstance(call, TransformCall):
        return
    columns = call.values.get("--columns")
    text = "" if columns is None else columns.text
    given = next((each for each in job.inputs if each.path is not None and each.path.text == text), None)
    if given is None or (given.classification is None and not given.problem):
        at = job.pointer if columns is None else columns.pointer
        message = "the classification of columns is not in the repository, so only the run judges it"
        mend = "bind --columns to an input whose path is a ColumnClassification beside this file"
        yield finding_at(UNSEEN_COLUMNS, job, at, message, mend)
        return
    if given.classification is None:
        mend = "gatecli schema ColumnClassification says what it holds"
        yield finding_at(COLUMNS, job, given.pointer, given.problem, mend)
        return
    for fault in find_faults(given.classification, context.policy):
        yield finding_at(COLUMNS, job, given.pointer, fault.message, fault.mend, about=fault.pointer)
    is_keyed = bool(given.classification.spec.treated_columns(ColumnTreatment.PSEUDONYMISE))
    if is_keyed and "--key-vault-secret" not in call.values:
        message = "the classification asks for pseudonyms, and no key is named"
        yield finding_at(LITERAL_KEY, job, job.pointer, message, f"write --key-vault-secret {EXAMPLE}")


def _find_in_key(job: JobDefinition, key: JobText) -> Iterator[Finding]:
    if not key.is_known:
        message = "which key makes the pseudonyms is known only when the job starts"
        yield unknown_at(job, key.pointer, message, f"write {EXAMPLE}")
        return
    try:
        reference = parse_reference(key.text)
    except UsageError:
        message = "the key of the pseudonyms is not named by its place in Azure Key Vault"
        yield finding_at(LITERAL_KEY, job, key.pointer, message, f"write {EXAMPLE}")
        return
    if reference.version is None:
        message = "the key of the pseudonyms has no version, so a new one makes other pseudonyms"
        yield finding_at(NEWEST_KEY, job, key.pointer, message, f"name its version: {EXAMPLE}")


def _find_lost(job: JobDefinition, call: TransformCall, option: str) -> Iterator[Finding]:
    text = call.values.get(option)
    mend = f"write {option} ${{{{outputs.NAME}}}}/FILE"
    if text is None:
        if option == "--output":
            message = "the transformer is not told where to write"
            yield finding_at(LOST_RECORD, job, job.pointer, message, mend, about=option)
    elif HOLE in text.text:
        message = f"where {option} leads is known only when the job starts"
        yield unknown_at(job, text.pointer, message, mend)
    elif not is_below(text.text, [f"{MOUNT}outputs/{each.name}" for each in job.outputs]):
        message = f"the path of {option} is not below an output, so it is lost when the job ends"
        yield finding_at(LOST_RECORD, job, text.pointer, message, mend, about=option)
