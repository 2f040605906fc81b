"""`gatecli audit mechanism` and `gatecli audit engines`, as processes; most are forked from a warm one."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from gatecli.cli.app import main
from tests.support import warm
from tests.support.audit_project.mechanisms import CUSTOMER

RULES = Path(__file__).resolve().parents[1] / "rules"
PROJECT = Path(__file__).resolve().parents[1] / "support/audit_project"
FEW = ("--samples", "5000")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return gatecli(folder, "audit", *arguments)


def gatecli(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    bare = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    return warm.run("gatecli", arguments, cwd=folder, env=bare)


def wait_until(holds: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Look now and then while the process runs: a loop that only looks would take a core from it."""
    while not holds():
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.01)
            return


Here = Callable[..., tuple[int, str, str]]


@pytest.fixture(name="here")
def in_this_process(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    """Audit in this process, in the project: the exit code, stdout and stderr."""
    monkeypatch.chdir(project)

    def audit(*arguments: str) -> tuple[int, str, str]:
        code = main(["audit", *arguments])
        return code, *capsys.readouterr()

    return audit


@pytest.fixture(name="project")
def copied(tmp_path: Path) -> Path:
    shutil.copy(PROJECT / "mechanisms.py", tmp_path)
    return tmp_path


def test_a_refuted_claim_ends_in_1_and_says_on_what(project: Path) -> None:
    done = run(
        project, "mechanism", "mechanisms:noisy_max", "--epsilon", "1", "--neighbours", "answers", *FEW
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("refuted: ε ≥ ")
    assert "(99.9 %) on the inputs [" in done.stdout
    assert 'event "' in done.stdout


def test_nothing_found_ends_in_0_and_says_what_would_have_been(project: Path) -> None:
    done = run(project, "mechanism", "mechanisms:count", "--epsilon", "1", "--domain", "0..3", *FEW)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("nothing found: would have found ε ≥ ")
    assert "with 90 % (5,000 samples of each input)" in done.stdout
    assert "verified" not in done.stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("raising", "raised ValueError in line"),
        ("constant", "not random"),
        ("dying", "signal 9"),
        ("absent", "cannot be imported"),
    ],
)
def test_what_could_not_run_ends_in_4(project: Path, name: str, said: str) -> None:
    done = run(project, "mechanism", f"mechanisms:{name}", "--epsilon", "1", *FEW)
    assert done.returncode == 4
    assert done.stdout.startswith("could not run: ")
    assert said in done.stdout
    assert "Traceback" not in done.stderr


def test_a_claim_that_is_too_large_to_test_is_told_before_the_run(project: Path) -> None:
    done = run(project, "mechanism", "mechanisms:dying", "--epsilon", "40", *FEW)
    assert done.returncode == 4
    assert "no 5000 samples could refute ε = 40" in done.stdout


def test_the_json_is_bound_to_the_code(project: Path) -> None:
    done = run(project, "mechanism", "mechanisms:changing", "--epsilon", "1", *FEW, "-f", "json", "--lattice")
    data = json.loads(done.stdout)
    assert data["schema"] == "gatecli/audit/v1"
    assert [each["method"] for each in data["results"]] == ["betting", "lattice"]
    code = (project / "mechanisms.py").read_bytes()
    assert {each["digest"] for each in data["results"]} == {hashlib.sha256(code).hexdigest()}
    assert data["results"][0]["claim"]["neighbouring"] == "add-remove"


SCHEMA = Draft202012Validator(
    json.loads((Path(__file__).resolve().parents[2] / "docs/schemas/audit-v1.json").read_text("utf-8"))
)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("count", ("--domain", "0..3", "--lattice")),
        ("noisy_max", ("--neighbours", "answers")),
        ("known_noise", ()),
        ("raising", ()),
    ],
)
def test_what_is_written_is_of_the_published_schema(
    project: Path, name: str, options: tuple[str, ...]
) -> None:
    """Whatever the word: nothing found, refuted, could not run."""
    done = run(project, "mechanism", f"mechanisms:{name}", "--epsilon", "1", *options, *FEW, "-f", "json")
    SCHEMA.validate(json.loads(done.stdout))


def declare(folder: Path, *files: str) -> None:
    """A release of `mechanisms:count` at ε = 1, whose audit is of these files."""
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files}
    release = yaml.safe_load((RULES / "dp-refuted-by-audit/pass/privacy.yaml").read_text("utf-8"))
    del release["spec"]["artifacts"]
    code = [{"path": name, "sha256": digest} for name, digest in digests.items()]
    release["spec"]["privacy"]["evidence"] = [{"format": "audit", "path": "audit.json", "code": code}]
    (folder / "privacy.yaml").write_text(yaml.safe_dump(release), "utf-8")


def test_an_audit_of_code_counts_until_the_code_changes(project: Path) -> None:
    (project / "noise.py").write_text("SCALE = 1\n")
    (project / "gatecli.yaml").write_text((RULES / "audit-missing/pass/gatecli.yaml").read_text("utf-8"))
    asked = ("mechanism", "mechanisms:count", "--epsilon", "1", "--domain", "0..3", "--samples", "100000")
    done = run(project, *asked, "--code", "noise.py", "--code", "mechanisms.py", "-f", "json")
    (project / "audit.json").write_text(done.stdout, "utf-8")
    declare(project, "noise.py", "mechanisms.py")
    assert judged(project) == (0, [])
    declare(project, "mechanisms.py")
    assert judged(project) == (1, ["audit-missing", "audit-unbound"])
    declare(project, "noise.py", "mechanisms.py")
    (project / "noise.py").write_text("SCALE = 0\n")
    assert judged(project) == (1, ["audit-missing", "audit-unbound", "release-artifact-digest-mismatch"])


def judged(folder: Path) -> tuple[int, list[str]]:
    """The exit code of the release gate, and its rules in order."""
    done = gatecli(folder, "release", "check", "privacy.yaml", "--format", "json")
    return done.returncode, sorted(each["rule"] for each in json.loads(done.stdout)["findings"])


@pytest.mark.parametrize("name", ["printing", "raising"])
def test_what_a_mechanism_prints_or_complains_of_is_not_shown(project: Path, name: str) -> None:
    asked = ("mechanism", f"mechanisms:{name}", "--epsilon", "1", "--samples", "1000")
    done = run(project, *asked, "-f", "json")
    assert json.loads(done.stdout)["results"]
    assert CUSTOMER not in done.stdout + done.stderr


@pytest.mark.parametrize("output", ["text", "json"])
def test_own_inputs_that_may_tell_of_a_person_are_not_shown(project: Path, output: str) -> None:
    (project / "pairs.json").write_text(json.dumps([[[], [CUSTOMER]]]))
    asked = ("mechanism", "mechanisms:telling", "--epsilon", "1", "--pairs", "pairs.json", *FEW)
    done = run(project, *asked, "--state", "state.json", "-f", output)
    assert done.returncode == 1, done.stdout
    assert "first input of pair 1" in done.stdout
    assert "a text of 17 characters" in done.stdout
    kept = (project / "state.json").read_text()
    assert CUSTOMER not in done.stdout + done.stderr + kept


def test_what_is_imported_is_named_where_it_is_missing(project: Path) -> None:
    (project / "broken.py").write_text("import no_such_library")
    done = run(project, "mechanism", "broken:count", "--epsilon", "1")
    assert done.returncode == 4
    assert "No module named" in done.stdout


@pytest.mark.parametrize("text", ["raise SystemExit(0)", "raise KeyboardInterrupt", "def f(:", "1 / 0"])
def test_a_module_that_cannot_be_imported_could_not_run(project: Path, text: str) -> None:
    (project / "broken.py").write_text(text)
    done = run(project, "mechanism", "broken:count", "--epsilon", "1")
    assert (done.returncode, done.stderr) == (4, "")
    assert "broken:count cannot be imported" in done.stdout


def test_noise_from_a_seed_in_the_code_is_refuted(project: Path) -> None:
    done = run(project, "mechanism", "mechanisms:known_noise", "--epsilon", "1", "--samples", "1000")
    assert done.returncode == 1
    assert "fixed-noise: refuted" in done.stdout


def test_a_state_adds_up_over_runs(project: Path) -> None:
    asked = ("mechanism", "mechanisms:count", "--epsilon", "1", "--domain", "0..3", "--samples", "1000")
    counts = [run(project, *asked, "--state", "state.json", "-f", "json") for _run in range(2)]
    assert [json.loads(each.stdout)["results"][0]["samples"] for each in counts] == [1000, 2000]


def test_other_code_begins_another_test(project: Path) -> None:
    asked = ("mechanism", "mechanisms:count", "--epsilon", "1", "--domain", "0..3", "--samples", "1000")
    run(project, *asked, "--state", "state.json")
    with (project / "mechanisms.py").open("a") as file:
        file.write("# changed\n")
    done = run(project, *asked, "--state", "state.json", "-f", "json")
    assert json.loads(done.stdout)["results"][0]["samples"] == 1000
    assert len(json.loads((project / "state.json").read_text())["tests"]) == 2


def test_an_interrupt_keeps_the_wealth_so_far(project: Path) -> None:
    (project / "pairs.json").write_text("[[[], [1]]]")
    asked = ("mechanism", "mechanisms:count", "--epsilon", "1", "--pairs", "pairs.json")
    effort = ("--samples", "10000000", "--time-budget", "600", "--state", "state.json")
    command = [sys.executable, "-m", "gatecli", "audit", *asked, *effort]
    with subprocess.Popen(command, cwd=project, stderr=subprocess.PIPE, text=True) as process:
        state = project / "state.json"
        wait_until(state.exists, process)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert said == "gatecli: interrupted; the wealth so far is in state.json\n"
    (kept,) = json.loads(state.read_text())["tests"].values()
    assert kept["events"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of other processes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_in_the_choice_leaves_no_process(project: Path, number: signal.Signals) -> None:
    (project / "slow.py").write_text(
        "import os, time\nopen('pid', 'w').write(f'{os.getpid()}\\n')\n"
        "def f(data):\n    time.sleep(60)\n    return 1\n"
    )
    command = [sys.executable, "-m", "gatecli", "audit", "mechanism", "slow:f", "--epsilon", "1"]
    with subprocess.Popen(
        command, cwd=project, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        told = project / "pid"
        wait_until(lambda: told.exists() and told.read_text().endswith("\n"), process)
        os.killpg(process.pid, number)  # as a terminal does
        said = process.communicate(timeout=60)[1]
    assert (process.returncode, said) == (130, "gatecli: interrupted; no wealth was kept\n")
    assert not Path(f"/proc/{told.read_text().strip()}").exists()


def test_an_interrupt_while_the_process_starts_ends_in_one_sentence(project: Path) -> None:
    (project / "sitecustomize.py").write_text("import pathlib\npathlib.Path('started').touch()\n")
    command = [sys.executable, "-m", "gatecli", "audit", "mechanism", "mechanisms:hanging", "--epsilon", "1"]
    with subprocess.Popen(
        command,
        cwd=project,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(project)},
    ) as process:
        started = project / "started"
        wait_until(started.exists, process)
        started.unlink()
        wait_until(started.exists, process)
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    assert (process.returncode, said) == (130, "gatecli: interrupted; no wealth was kept\n")


def test_pairs_come_from_a_file(project: Path) -> None:
    (project / "pairs.json").write_text("[[[1, 1], [9, 1]]]")
    asked = ("mechanism", "mechanisms:noisy_max", "--epsilon", "1", "--pairs", "pairs.json", *FEW)
    done = run(project, *asked)
    assert done.returncode == 1
    assert "[9, 1]" in done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--epsilon", "nan"), "--epsilon"),
        (("--epsilon", "-1"), "--epsilon"),
        (("--epsilon", "1", "--delta", "1"), "--delta"),
        (("--epsilon", "1", "--alpha", "0.5"), "--alpha"),
        (("--epsilon", "1", "--domain", "x..y"), "--domain"),
        (("--epsilon", "1", "--neighbours", "counts", "--domain", "0..3"), "have no domain"),
        (("--epsilon", "1", "--neighbours", "add-remove"), "needs a domain"),
        (("--epsilon", "1", "--pairs", "gone.json"), "cannot be read"),
        (("--epsilon", "1", "--pairs", "gone.json", "--domain", "0..3"), "both say"),
        (("--epsilon", "1", "--state", "mechanisms.py"), "not a file of audit state"),
        (("--epsilon", "1", "--state", "."), "regular file"),
        (("--epsilon", "1", "--pairs", "."), "regular file"),
        (("--epsilon", "1", "--domain", "0..10000000000"), "more than 100,000 values"),
        (("--epsilon", "1", "--domain", "0.." + "9" * 5000), "not a domain"),
        (("--epsilon", "1", "--domain", "[" * 100_000), "not a domain"),
        (("--epsilon", "1", "--domain", "[[NaN], [1]]"), "not a domain"),
        (("--epsilon", "1", "--domain", f"[{'9' * 5000}]"), "not a domain"),
        (("--epsilon", "1", "--domain", '[{"a": 1, "a": 2}, 3]'), "not a domain"),
        (("--epsilon", "1", "--domain", "9..0"), "is empty"),
        (("--epsilon", "1", "--seed", "9" * 5000), "--seed"),
        (("--epsilon", "1", "--seed", "-1"), "--seed"),
        (("--epsilon", "1", "--samples", "0"), "--samples"),
        (("--epsilon", "1", "--samples", "9" * 30), "--samples"),
        (("--epsilon", "1", "--alpha", "0"), "--alpha"),
        (("--epsilon", "1", "--alpha", "nan"), "--alpha"),
        (("--epsilon", "1", "--time-budget", "nan"), "--time-budget"),
        (("--epsilon", "1", "--time-budget", "inf"), "the time budget is not between"),
        (("--epsilon", "1", "--time-budget", "0"), "--time-budget"),
        (("--epsilon", "1", "--memory", "nan"), "--memory"),
        (("--epsilon", "1", "--memory", "inf"), "the memory is not between"),
        (("--epsilon", "1", "--memory", "-1"), "--memory"),
        (("--epsilon", "1", "--memory", "1e-9"), "--memory"),
    ],
)
def test_a_bad_option_is_a_usage_error(here: Here, options: tuple[str, ...], said: str) -> None:
    code, shown, complaint = here("mechanism", "mechanisms:count", *options)
    assert (code, shown) == (2, "")
    assert said in complaint


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[[1, 2]",
        b"[[[1], [1e999]]]",
        b"[[[1], [" + b"9" * 5000 + b"]]]",
        b"[[[1], [Infinity]]]",
        b'[[{"a": 1, "a": 1}, {}]]',
        b"[[1, 1]]",
        b"[" + b"[1, 2]," * 200 + b"[1, 2]]",
        b"[" * 40 + b"1, 2" + b"]" * 40,
    ],
)
def test_pairs_that_are_damaged_are_a_usage_error(here: Here, project: Path, content: bytes) -> None:
    (project / "pairs.json").write_bytes(content)
    code, shown, complaint = here("mechanism", "mechanisms:count", "--epsilon", "1", "--pairs", "pairs.json")
    assert (code, shown) == (2, "")
    assert "pair" in complaint
    assert len(complaint) < 300


@pytest.mark.parametrize(("name", "code"), [("--pairs", 2), ("--state", 2), ("--code", 4)])
def test_a_pipe_is_not_waited_for(here: Here, project: Path, name: str, code: int) -> None:
    os.mkfifo(project / "pipe")
    found, shown, complaint = here("mechanism", "mechanisms:count", "--epsilon", "1", name, "pipe")
    assert found == code
    assert "file" in shown + complaint


def test_what_is_no_reference_is_a_usage_error(project: Path) -> None:
    done = run(project, "mechanism", "mechanisms", "--epsilon", "1")
    assert done.returncode == 2
    assert "MODULE:FUNCTION" in done.stderr


def test_the_installed_engines_are_listed_with_their_versions(tmp_path: Path) -> None:
    """Numpy's Laplace is found bad by its lowest bits, and OpenDP's own δ of a threshold is too small, which
    closes the gate; what is not installed is named as not tested.
    """
    done = run(tmp_path, "engines", "--samples", "2000")
    assert done.returncode == 1, done.stdout + done.stderr
    rows: dict[str, Any] = {line.split()[0]: line for line in done.stdout.splitlines() if line}
    assert "refuted" in rows["numpy"]
    of_opendp = [line for line in done.stdout.splitlines() if line.startswith("opendp")]
    assert [line for line in of_opendp if "refuted" in line] == [
        line for line in of_opendp if "own δ" in line
    ]
    assert find_spec("pydp") is not None or "not installed: not tested" in rows["python-dp"]
