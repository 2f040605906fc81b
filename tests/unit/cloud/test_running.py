"""A job from its budget to its commit: what ends it, and what is left then."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from gatecli.cloud.jobs import JobPromise
from gatecli.cloud.leases import JobRefused
from gatecli.cloud.running import JobEnd, JobRequest, run_job
from gatecli.errors import UncheckableError, UsageError
from gatecli.gates.ledger_actions import commit, void
from gatecli.ledger.interface import Store
from gatecli.model.ledger import ReservationState
from gatecli.model.policy import LedgerRules
from tests.support.jobs import (
    DATASET,
    INPUT,
    OUTPUT,
    PROMISE,
    RELEASE,
    Container,
    InProcess,
    account,
    declaration,
    job_files,
    ledger,
    left_in,
    s3_input,
    s3_output,
    shell,
    terms_of_dataset,
)

ONE = 10**12
"""ε = 1 in the ledger's units."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = ledger(tmp_path / "ledger.db")
    yield made
    made.close()


@pytest.fixture
def jobs(tmp_path: Path, store: Store) -> InProcess:
    return InProcess(tmp_path, store)


def states(store: Store) -> dict[str, str]:
    return {each.subject: each.state.value for each in store.reservations()}


def held(store: Store) -> int:
    return account(store).held.basic_epsilon


def test_a_job_that_keeps_its_promise_is_committed_with_its_evidence(jobs: InProcess, store: Store) -> None:
    end = jobs.run()
    output = Container(jobs.folder / "train-1").output
    assert end.verdict.passed
    assert end.release == RELEASE
    assert left_in(output) == ["job.json", "model.bin", "privacy.json", "spent.json"]
    assert states(store) == {RELEASE: "committed", f"{RELEASE}+run:first": "committed"}
    declared = json.loads((output / "privacy.json").read_text())["spec"]
    assert [each["path"] for each in declared["artifacts"]] == ["model.bin"]
    assert declared["privacy"]["evidence"][0]["sha256"]
    entry = json.loads(next(iter(store.entries(DATASET, newest_first=True, limit=1))).content)
    assert (entry["kind"], entry["subject"], len(entry["details"]["artifacts"])) == ("commit", RELEASE, 1)


def test_the_lease_names_job_arn_inputs_and_dataset_before_an_input_is_opened(
    jobs: InProcess, store: Store
) -> None:
    request = jobs.request()
    (request.job.inputs[0].folder or Path()).joinpath("pipe").parent.mkdir(exist_ok=True)
    os.mkfifo((request.job.inputs[0].folder or Path()) / "pipe")
    with pytest.raises(UncheckableError, match="is a named pipe"):
        run_job(request)
    entries = [json.loads(each.content) for each in store.entries(DATASET)]
    (taken,) = [each for each in entries if each["subject"] == f"{RELEASE}+run:first"]
    assert taken["details"]["job"]["name"] == "train-1"
    assert taken["details"]["job"]["resource"].endswith(":processing-job/train-1")
    assert len(taken["details"]["job"]["inputs"][0]["digest"]) == 64
    assert taken["dataset"] == DATASET


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("exit 3", "ended with 3"),
        ("kill -9 $$", "ended with 137"),
        ("exit 0", "spent.json does not exist"),
        ('mkdir "$OUT/spent.json"', "is a directory"),
        ('mkfifo "$OUT/spent.json"', "is a named pipe"),
    ],
)
def test_a_command_that_fails_keeps_the_budget_and_leaves_nothing(
    jobs: InProcess, store: Store, script: str, says: str
) -> None:
    request = jobs.request()
    script = script.replace("$OUT", str(request.output))
    failing = replace(request, command=tuple(shell(f"echo half > {request.output}/half.bin; {script}")))
    with pytest.raises(UncheckableError, match=says):
        run_job(failing)
    assert left_in(request.output) == []
    assert held(store) == ONE
    assert states(store)[RELEASE] == "held"


def test_a_later_run_of_a_version_is_charged_in_full(jobs: InProcess, store: Store) -> None:
    with pytest.raises(UncheckableError):
        jobs.run("train-1", command=("/bin/false",))
    assert held(store) == ONE
    assert jobs.run("train-2").verdict.passed
    assert held(store) == 2 * ONE
    assert set(states(store).values()) == {"committed"}
    with pytest.raises(JobRefused, match="was published"):
        jobs.run("train-3")
    assert held(store) == 2 * ONE


@pytest.mark.parametrize("name", ["train-1", "train-2"])
def test_a_job_that_is_started_again_under_its_name_is_refused(
    jobs: InProcess, store: Store, name: str
) -> None:
    for each in dict.fromkeys(("train-1", name)):
        with pytest.raises(UncheckableError):
            jobs.run(each, command=("/bin/false",))
    before = held(store)
    with pytest.raises(JobRefused, match=f"the job {name} took its budget"):
        jobs.run(name)
    assert held(store) == before


def test_a_job_whose_run_was_committed_meanwhile_is_refused_again(jobs: InProcess, store: Store) -> None:
    with pytest.raises(UncheckableError):
        jobs.run("train-1", command=("/bin/false",))
    commit(store, f"{RELEASE}+run:first", "2026-12-01T12:00:00Z", [])
    with pytest.raises(JobRefused, match="took its budget"):
        jobs.run("train-1")
    assert held(store) == ONE


def test_a_budget_that_is_spent_refuses_another_run(tmp_path: Path) -> None:
    with_one = ledger(tmp_path / "small.db", terms_of_dataset("1.5"))
    jobs = InProcess(tmp_path, with_one)
    with pytest.raises(UncheckableError):
        jobs.run("train-1", command=("/bin/false",))
    with pytest.raises(JobRefused, match=r"has no budget left for another run of churn@1\.0\.0"):
        jobs.run("train-2")
    assert held(with_one) == ONE
    with_one.close()


def test_another_release_with_build_metadata_is_not_a_run(jobs: InProcess, store: Store) -> None:
    """`1.0.0+cuda` is a version of its own: a job of 1.0.0 must not say that it is spent."""
    with pytest.raises(UncheckableError):
        jobs.run("other", declared=declaration(version="1.0.0+cuda"), command=("/bin/false",))
    assert jobs.run("train-1").verdict.passed
    assert states(store)["churn@1.0.0+cuda"] == "held"


def test_a_release_that_is_called_like_a_run_is_refused(jobs: InProcess, store: Store) -> None:
    with pytest.raises(UsageError, match="how the ledger names a run"):
        jobs.run(declared=declaration(version="1.0.0+run:first"))
    assert held(store) == 0


def test_no_entry_names_a_person(jobs: InProcess, store: Store) -> None:
    request = jobs.request("train-1")
    named = replace(request.job, name="anna.svensson@nordlund.se")
    with pytest.raises(UsageError, match="personal data"):
        run_job(replace(request, job=named))
    assert held(store) == 0
    assert states(store) == {}


def test_a_public_dataset_needs_no_account(jobs: InProcess, store: Store) -> None:
    datasets = [{"name": DATASET, "records": 60000}, {"name": "imagenet", "records": 10}]
    request = jobs.request(declared=declaration(datasets=datasets))
    spec = request.terms.policy.spec
    public = spec.model_copy(update={"ledger": LedgerRules(public=("imagenet",))})
    terms = replace(request.terms, policy=request.terms.policy.model_copy(update={"spec": public}))
    promise = JobPromise((DATASET, "imagenet"), Fraction(1), Fraction(1, 10**6))
    with pytest.raises(UsageError, match="imagenet is not in the ledger"):
        run_job(replace(request, promise=promise))
    assert run_job(replace(request, promise=promise, terms=terms)).verdict.passed
    alone = jobs.request("alone", declared=declaration(version="2", datasets=datasets[1:]))
    with pytest.raises(UsageError, match="nobody's data"):
        run_job(replace(alone, promise=replace(promise, datasets=("imagenet",)), terms=terms))
    assert held(store) == ONE


def test_delta_is_judged_by_the_records_of_the_ledger(tmp_path: Path) -> None:
    store = ledger(tmp_path / "large.db", terms_of_dataset(records=2_000_000))
    jobs = InProcess(tmp_path, store)
    with pytest.raises(JobRefused, match="at least one over the 2000000 records"):
        jobs.run()
    assert held(store) == 0
    store.close()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"epsilon": Fraction(1, 2)}, "declares ε = 1, and the job promises at most 0.5"),
        ({"delta": Fraction(1, 10**7)}, "declares δ = 1e-06|declares δ = 1e-6"),
        ({"datasets": ("other",)}, "promises to read other"),
    ],
)
def test_a_promise_below_the_declaration_is_refused(
    jobs: InProcess, store: Store, change: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        jobs.run(promise=replace(PROMISE, **change))
    assert held(store) == 0


def test_evidence_of_a_dearer_run_closes_the_gate(jobs: InProcess, store: Store) -> None:
    request = jobs.request()
    dearer = Container(jobs.folder / "train-1").trainer(epsilon=3)
    end = run_job(replace(request, command=tuple(dearer)))
    assert not end.verdict.passed
    assert left_in(request.output) == []
    assert states(store)[RELEASE] == "held"
    assert held(store) == 3 * ONE


def test_each_of_two_runs_that_were_dearer_alike_is_charged_what_it_cost(
    jobs: InProcess, store: Store
) -> None:
    for name in ("train-1", "train-2"):
        request = jobs.request(name)
        run_job(replace(request, command=tuple(Container(jobs.folder / name).trainer(epsilon=3))))
    assert held(store) == 6 * ONE


def test_a_run_that_cost_more_than_is_left_fills_the_budget(jobs: InProcess, store: Store) -> None:
    request = jobs.request()
    end = run_job(replace(request, command=tuple(Container(jobs.folder / "train-1").trainer(epsilon=30))))
    assert not end.verdict.passed
    assert held(store) == 8 * ONE
    with pytest.raises(JobRefused, match="no budget left"):
        jobs.run("train-2")


def test_a_run_that_failed_after_its_evidence_is_charged_what_that_shows(
    jobs: InProcess, store: Store
) -> None:
    request = jobs.request()
    script = Container(jobs.folder / "train-1").trainer(epsilon=3)[-1]
    with pytest.raises(UncheckableError, match="ended with 3"):
        run_job(replace(request, command=tuple(shell(f"{script}\nexit 3"))))
    assert held(store) == 3 * ONE
    assert left_in(request.output) == []


def test_evidence_that_nothing_bounds_fills_the_budget(jobs: InProcess, store: Store) -> None:
    request = jobs.request()
    script = (
        Container(jobs.folder / "train-1")
        .trainer()[-1]
        .replace('"PureDPBudget", "epsilon": 1', '"RhoZCDPBudget", "rho": 900')
    )
    end = run_job(replace(request, command=tuple(shell(script))))
    assert not end.verdict.passed
    assert held(store) == 8 * ONE


@pytest.mark.parametrize(
    "stated",
    [
        '{"type": "PureDPBudget", "epsilon": 1, "job": "other"}',
        '{"job": "other", "type": "PureDPBudget", "epsilon": 1, "job": "OWN"}',
        '[{"type": "PureDPBudget", "epsilon": 1, "job": "other"}]',
        '{"type": "PureDPBudget", "epsilon": 1, "job": "OWN", "comment": {"deep": [{"job": "other"}]}}',
        '{"type": "PureDPBudget", "epsilon": 1}\n{"job": "other"}\n',
        '\ufeff{"type": "PureDPBudget", "epsilon": 1, "job": "other"}',
        '{"type": "PureDPBudget", "epsilon": 1, "job": null}',
    ],
)
def test_evidence_of_another_job_is_refused_wherever_it_says_so(
    jobs: InProcess, store: Store, stated: str
) -> None:
    request = jobs.request()
    text = stated.replace("OWN", request.job.digest)
    write = f"echo model > {request.output}/model.bin; cat > {request.output}/spent.json <<'E'\n{text}\nE\n"
    with pytest.raises(UncheckableError, match="is of another job than train-1"):
        run_job(replace(request, command=tuple(shell(write))))
    assert left_in(request.output) == []
    assert states(store)[RELEASE] == "held"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("ln -s /etc/hostname {out}/link.bin", "is a link"),
        ("ln -s /etc {out}/link", "is a link"),
        ("mkfifo {out}/pipe", "is a named pipe"),
        ("echo x > {out}/privacy.json", "left privacy.json"),
        ("echo x > {out}/job.json", "left job.json"),
        ("echo x > {out}/lease-return.jsonl", "left lease-return.jsonl"),
        ("mkdir {out}/sub; echo 'kind: ModelRelease' > {out}/sub/privacy.yaml", "declares a release"),
        ("printf x > {out}/\"$(printf 'a\\nb')\"", "not printable"),
        ("printf x > {out}/\"$(printf 'a\\377')\"", "not printable"),
    ],
)
def test_what_cannot_be_part_of_a_release_is_refused(jobs: InProcess, script: str, says: str) -> None:
    request = jobs.request()
    with pytest.raises(UncheckableError, match=says):
        run_job(ran_with(request, script))
    assert left_in(request.output) == []


def ran_with(request: JobRequest, script: str) -> JobRequest:
    """The usual trainer, after a script in which {out} is the output."""
    usual = request.command[-1]
    return replace(request, command=tuple(shell(f"{script.replace('{out}', str(request.output))}\n{usual}")))


def test_a_folder_that_was_replaced_by_a_link_is_not_followed(jobs: InProcess, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "kept.txt").write_text("kept")
    request = jobs.request()
    script = f"rm -r {request.output}; ln -s {victim} {request.output}; exit 1"
    with pytest.raises(UncheckableError, match="ended with 1"):
        run_job(replace(request, command=tuple(shell(script))))
    assert left_in(victim) == ["kept.txt"]
    assert not request.output.is_symlink()


def test_a_folder_that_became_a_link_is_no_release(jobs: InProcess, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    request = jobs.request()
    with pytest.raises(UncheckableError, match="a link in the place of"):
        run_job(ran_with(request, f"rmdir {request.output}; ln -s {elsewhere} {request.output}"))


def refuse(_: Path) -> None:
    raise OSError


def test_an_output_that_stays_is_told(jobs: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    request = jobs.request()
    monkeypatch.setattr(Path, "rmdir", refuse)
    with pytest.raises(UncheckableError, match=r"ended with 1, so .*; and .* could not be emptied"):
        run_job(replace(request, command=tuple(shell(f"mkdir {request.output}/stays; exit 1"))))


def outputs_at(*paths: str) -> Any:
    outputs = [s3_output(f"out-{number}", path) for number, path in enumerate(paths)]
    return job_files("train-1", [s3_input("data", INPUT)], outputs)


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        ((OUTPUT, f"{OUTPUT}/deeper"), "overlap: one is in the other"),
        ((OUTPUT, "/opt/ml/processing/output"), "overlap: one is in the other"),
        ((OUTPUT, "/"), "overlap: one is in the other"),
        (("/opt/ml/processing/elsewhere",), "is not an output of the job"),
    ],
)
def test_outputs_that_stand_in_each_other_are_refused_before_anything_is_spent(
    tmp_path: Path, store: Store, paths: tuple[str, ...], says: str
) -> None:
    Container(tmp_path / "train-1").make(outputs_at(*paths))
    with pytest.raises(UsageError, match=says):
        InProcess(tmp_path, store).run()
    assert held(store) == 0


@pytest.mark.parametrize("path", [INPUT, f"{INPUT}/results", "/opt/ml/processing/input"])
def test_an_output_in_an_input_is_refused(tmp_path: Path, store: Store, path: str) -> None:
    container = Container(tmp_path / "train-1").make(outputs_at(path))
    folder = container.root / path.lstrip("/")
    folder.mkdir(exist_ok=True)
    with pytest.raises(UsageError, match="overlap: one is in the other"):
        InProcess(tmp_path, store).run(output=folder)
    assert (container.input / "part-0.csv").exists()


def test_an_input_cannot_bring_what_judges_the_job(jobs: InProcess, store: Store) -> None:
    request = jobs.request()
    (folder,) = [each.folder for each in request.job.inputs if each.folder]
    moved = shutil.copy(request.declaration, folder / "privacy.json")
    for changed in (
        replace(request, declaration=Path(moved)),
        replace(request, law=(folder / "gatecli.yaml",)),
    ):
        with pytest.raises(UsageError, match="must not come with its inputs or outputs"):
            run_job(changed)
    assert held(store) == 0


def test_files_in_another_output_are_not_published(tmp_path: Path, store: Store) -> None:
    other = "/opt/ml/processing/output/logs"
    container = Container(tmp_path / "train-1").make(outputs_at(OUTPUT, other))
    (container.root / other.lstrip("/")).mkdir()
    jobs = InProcess(tmp_path, store)
    request = jobs.request()
    with pytest.raises(UncheckableError, match="not part of the release"):
        run_job(ran_with(request, f"echo rows > {container.root}{other}/rows.csv"))
    assert left_in(container.output.parent) == ["logs", "model"]


def test_an_output_that_holds_files_is_refused(jobs: InProcess, store: Store) -> None:
    request = jobs.request()
    (request.output / "spent.json").write_text("{}")
    with pytest.raises(UsageError, match="holds files before the job has begun"):
        run_job(request)
    assert left_in(request.output) == ["spent.json"]
    assert held(store) == 0


def test_a_declaration_that_changes_while_the_job_runs_is_refused(jobs: InProcess) -> None:
    request = jobs.request()
    with pytest.raises(UncheckableError, match="was changed while the job ran"):
        run_job(ran_with(request, f"echo ' ' >> {request.declaration}"))
    assert left_in(request.output) == []


def with_evidence(**change: Any) -> dict[str, Any]:
    declared = declaration()
    declared["spec"]["privacy"]["evidence"][0].update(change)
    return declared


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        (with_evidence(path="/opt/ml/processing/input/data/old.json"), "where no job can leave it"),
        (with_evidence(path="../old.json"), "where no job can leave it"),
        (with_evidence(path="job.json"), "where no job can leave it"),
        (with_evidence(sha256="0" * 64), "digest of evidence that the job has yet to write"),
        (declaration(artifacts=[{"path": "model.bin", "sha256": "0" * 64}]), "lists artifacts"),
        (declaration(decision="missing.md"), "missing.md"),
        ({"kind": "ModelRelease"}, "apiVersion"),
    ],
)
def test_a_declaration_that_no_job_can_keep_is_refused_before_anything_is_spent(
    jobs: InProcess, store: Store, declared: Any, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        jobs.run(declared=declared)
    assert held(store) == 0


def test_a_declaration_in_yaml_with_a_path_that_starts_with_a_dot_is_completed(
    jobs: InProcess, store: Store
) -> None:
    assert jobs.run(declared=with_evidence(path="./spent.json")).verdict.passed
    output = Container(jobs.folder / "train-1").output
    declared = json.loads((output / "privacy.json").read_text())["spec"]
    assert [each["path"] for each in declared["artifacts"]] == ["model.bin"]


class Breaking:
    """A ledger that is gone from one movement on, and a person who interrupts."""

    def __init__(self, store: Store, breaks: Callable[[Any], bool], error: BaseException) -> None:
        self._store, self._breaks, self._error = store, breaks, error
        self._done = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def move(self, movement: Any, **more: Any) -> Any:
        if self._breaks(movement):
            raise self._error
        return self._store.move(movement, **more)


@pytest.mark.parametrize("error", [UncheckableError("gone"), KeyboardInterrupt(), SystemExit(1)])
@pytest.mark.parametrize("subject", [RELEASE, f"{RELEASE}+run:first"])
def test_an_end_between_evidence_and_commit_publishes_nothing(
    jobs: InProcess, store: Store, subject: str, error: BaseException
) -> None:
    broken = Breaking(store, lambda each: each.kind == "commit" and each.subject == subject, error)
    request = jobs.request(store=broken)
    with pytest.raises(type(error)):
        run_job(request)
    assert left_in(request.output) == []
    assert states(store)[RELEASE] == "held"
    assert held(store) == ONE


def test_what_ends_a_job_after_its_commit_takes_nothing_back(jobs: InProcess, store: Store) -> None:
    class Late(Breaking):
        def account(self, name: str) -> Any:
            if store.reservation(RELEASE) and states(store)[RELEASE] == "committed":
                raise UncheckableError("gone")
            return store.account(name)

    request = jobs.request(store=Late(store, lambda _: False, KeyboardInterrupt()))
    with pytest.raises(UncheckableError, match="gone"):
        run_job(request)
    assert left_in(request.output) == ["job.json", "model.bin", "privacy.json", "spent.json"]


def test_a_release_is_not_declared_before_it_is_committed(jobs: InProcess, store: Store) -> None:
    seen: list[list[str]] = []
    request = jobs.request()

    def look(movement: Any) -> bool:
        if movement.kind == "commit":
            seen.append(left_in(request.output))
        return False

    assert run_job(replace(request, store=Breaking(store, look, SystemExit()))).verdict.passed
    assert seen
    assert all("privacy.json" not in each for each in seen)


def test_a_run_that_was_voided_while_it_ran_publishes_nothing(jobs: InProcess, store: Store) -> None:
    class Voided(Breaking):
        def reservation(self, subject: str) -> Any:
            found = store.reservation(subject)
            if left_in(request.output) and found and subject.endswith("first") and found.state == "held":
                void(store, subject, "2026-12-01T12:00:00Z", "cancelled", ["0" * 64])
            return store.reservation(subject)

    request = jobs.request()
    with pytest.raises(UsageError, match="was voided while the job ran"):
        run_job(replace(request, store=Voided(store, lambda _: False, SystemExit())))
    assert left_in(request.output) == []
    assert store.reservation(RELEASE).state is ReservationState.HELD  # type: ignore[union-attr]


def test_two_jobs_of_one_version_publish_one_release(jobs: InProcess, store: Store) -> None:
    """While the first runs, the second runs and publishes."""
    second: list[JobEnd] = []

    class During(Breaking):
        def move(self, movement: Any, **more: Any) -> Any:
            if movement.kind == "commit" and not second:
                second.append(jobs.run("train-2"))
            return store.move(movement, **more)

    request = jobs.request("train-1")
    different = ran_with(request, "echo other > {out}/other.bin")
    with pytest.raises(UsageError, match="was committed already"):
        run_job(replace(different, store=During(store, lambda _: False, SystemExit())))
    assert second[0].verdict.passed
    assert left_in(request.output) == []
    assert held(store) == 2 * ONE


@pytest.mark.parametrize("below", ["outputs", "logs", "outputs/release"])
def test_a_release_in_a_folder_that_is_uploaded_meanwhile_is_refused(
    jobs: InProcess, store: Store, below: str
) -> None:
    request = jobs.request()
    here = request.declaration.parent
    output = here / below
    output.mkdir(parents=True)
    job = replace(request.job, outputs=(), uploaded=(here / "outputs", here / "logs"))
    with pytest.raises(UsageError, match=r"uploaded while the command runs|one is in the other"):
        run_job(replace(request, job=job, output=output))
    assert held(store) == 0


def test_folders_too_deep_to_be_judged_are_refused_and_taken_away(jobs: InProcess, store: Store) -> None:
    deep = "import os; [(os.mkdir('d'), os.chdir('d')) for _ in range(1500)]"
    request = jobs.request()
    with pytest.raises(UncheckableError, match="nested deeper than 256 levels"):
        run_job(ran_with(request, f"cd {{out}}; {sys.executable} -c {shlex.quote(deep)}"))
    assert left_in(request.output) == []
    assert held(store) == ONE
