"""`gatecli release check` as a whole process: streams, files, exit codes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.declarations import GOOD, WITHOUT_EPSILON, write

ROOT = Path(__file__).resolve().parents[2]


def test_a_kept_promise_opens_the_gate(run: Run, tmp_path: Path) -> None:
    write(tmp_path)
    done = run("release", "check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1


def test_the_issue_s_example_is_refused_where_it_is_wrong(run: Run) -> None:
    done = run("release", "check", ROOT / "examples/churn-model")
    assert done.returncode == 1
    head, *rest = done.stdout.splitlines()
    assert head.endswith("examples/churn-model/privacy.yaml:14:14  error  dp-understated-epsilon")
    text = " ".join(line.strip() for line in rest)
    assert "14040 steps of DP-SGD (σ = 1.1, q = 0.00426667) cost at least ε = 2.37 at δ = 1e-5" in text
    assert "fix: declare epsilon ≥ 2.38, or raise noiseMultiplier to ≥ 2.0" in text


def test_the_mended_example_passes(run: Run) -> None:
    assert run("release", "check", ROOT / "examples/churn-model-mended").returncode == 0


def test_a_release_without_epsilon_is_refused(run: Run, tmp_path: Path) -> None:
    write(tmp_path, WITHOUT_EPSILON)
    done = run("release", "check")
    assert done.returncode == 1
    assert "dp-missing-epsilon" in done.stdout


def test_a_folder_without_declarations_is_no_pass(run: Run) -> None:
    done = run("release", "check")
    assert done.returncode == 3
    assert "nothing" in done.stdout


def test_a_missing_path_is_a_usage_error(run: Run) -> None:
    done = run("release", "check", "nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nowhere" in done.stderr


def test_an_unreadable_declaration_is_never_a_pass(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "good")
    write(tmp_path / "broken", GOOD[:200] + "\n  : [")
    done = run("release", "check")
    assert done.returncode == 4
    assert "release-unreadable" in done.stdout


def test_exit_zero_forgives_findings_and_nothing_else(run: Run, tmp_path: Path) -> None:
    write(tmp_path, WITHOUT_EPSILON)
    assert run("release", "check", "--exit-zero").returncode == 0
    write(tmp_path, "kind: [")
    assert run("release", "check", "--exit-zero").returncode == 4


def test_an_option_may_come_from_its_variable(run: Run, tmp_path: Path) -> None:
    write(tmp_path, WITHOUT_EPSILON)
    done = run("release", "check", GATECLI_FORMAT="json", GATECLI_EXIT_ZERO="1")
    assert json.loads(done.stdout)["exit_code"] == 0


@pytest.mark.parametrize("name", ["text", "json", "sarif", "junit", "github", "markdown", "html"])
def test_the_verdict_does_not_depend_on_the_format(run: Run, tmp_path: Path, name: str) -> None:
    write(tmp_path, WITHOUT_EPSILON)
    done = run("release", "check", "--format", name, "--report", f"{name}=out")
    assert done.returncode == 1
    assert (tmp_path / "out").read_text("utf-8")


def test_the_same_input_gives_the_same_bytes(run: Run, tmp_path: Path) -> None:
    for index in range(5):
        write(tmp_path / str(index), WITHOUT_EPSILON.replace("good", f"good-{index}"))
    outputs = {
        run("release", "check", "--format", "json", PYTHONHASHSEED=str(seed)).stdout for seed in range(3)
    }
    assert len(outputs) == 1


def test_several_reports_are_written_together_or_not_at_all(run: Run, tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "folder").mkdir()
    done = run("release", "check", "--report", "json=a.json", "--report", "sarif=folder")
    assert done.returncode == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "privacy.yaml"]


def test_a_report_needs_a_known_format(run: Run, tmp_path: Path) -> None:
    write(tmp_path)
    assert run("release", "check", "--report", "pdf=x").returncode == 2


def test_a_bad_policy_stops_the_run(run: Run, tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "gatecli.yaml").write_text("kind: PrivacyPolicy\n")
    done = run("release", "check")
    assert (done.returncode, done.stdout) == (2, "")
    assert "gatecli.yaml" in done.stderr


def test_a_reader_that_closes_early_is_no_error(tmp_path: Path) -> None:
    for index in range(200):
        write(tmp_path / str(index), WITHOUT_EPSILON)
    command = f"{sys.executable} -m gatecli release check {tmp_path} | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.splitlines()[-1] == "1"
    assert done.stderr == ""


def test_ctrl_c_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    script = (
        "import sys, time, gatecli.cli.app as app, gatecli.gates.release as release\n"
        "def wait(*a, **k):\n    print('begun', flush=True)\n    time.sleep(30)\n"
        "release.read_releases = wait\n"
        f"sys.exit(app.main(['release', 'check', {str(tmp_path)!r}]))"
    )
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", script], stdout=pipe, stderr=pipe, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in stderr


@pytest.mark.parametrize("kind", ["RuntimeError", "EOFError"])
def test_a_bug_shows_where_and_no_value(tmp_path: Path, kind: str) -> None:
    """Typer takes the end of a file for the user's: that is no interruption."""
    script = (
        "import sys, gatecli.cli.app as app, gatecli.gates.release as release\n"
        f"def fail(*a, **k):\n    raise {kind}('canary-value')\n"
        "release.read_releases = fail\n"
        f"sys.exit(app.main(['release', 'check', {str(tmp_path)!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 70
    assert "canary-value" not in done.stdout + done.stderr
    assert "gatecli/cli/release.py" in done.stderr


def test_a_hundred_megabytes_are_refused_at_once(run: Run, tmp_path: Path) -> None:
    with (tmp_path / "privacy.yaml").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    done = run("release", "check")
    assert done.returncode == 4
    assert "is larger than" in done.stderr + done.stdout


def test_a_bomb_of_aliases_is_refused(run: Run, tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    write(tmp_path, "\n".join(lines))
    done = run("release", "check")
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
