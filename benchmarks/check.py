"""`gatecli check` over a repository, cold and warm: seconds, each gate's share, and their ratio in one run.

5,000 files, ten declarations, two plans and a table of a million rows. Target: warm ≤ 10 % of cold.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FILES, DECLARATIONS, RESOURCES, ROWS, ROUNDS = 5000, 10, 400, 1_000_000, 3

EMPTY = "import typer\napp = typer.Typer()\n@app.command()\ndef main() -> None: ...\napp()\n"

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: service-{n}
  labels: {{app: service-{n}, version: "1.{n}.0"}}
spec:
  replicas: 3
  template:
    metadata:
      annotations: {{checksum/config: {digest}}}
    spec:
      containers:
        - name: main
          image: registry.example/team/service-{n}@sha256:{digest}
          env:
{env}"""

DECLARATION = """\
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {{name: model-{n}, version: "1"}}
spec:
  sensitivity: behavioural
  privacy:
    unit: person
    neighbouring: add-remove
    epsilon: 4
    delta: 1.0e-6
    mechanisms:
      - {{kind: dp-sgd, noiseMultiplier: {sigma:.3f}, samplingRate: 0.004, steps: {steps}, clippingNorm: 1}}
{datasets}"""

TABLE = """\
  datasets:
    - name: visits
      anonymity: {path: visits.parquet, quasiIdentifiers: [age, zip, sex], sensitive: [diagnosis], k: 5}
"""


def repository(root: Path) -> None:
    """Everything that every gate has work with."""
    for n in range(FILES):
        folder = root / "deploy" / f"team-{n % 50}"
        folder.mkdir(parents=True, exist_ok=True)
        env = "".join(f"            - {{name: SETTING_{i}, value: option-{i * n % 97}}}\n" for i in range(30))
        digest = f"{n * 2654435761 % 2**32:08x}" * 8
        (folder / f"deployment-{n}.yaml").write_text(DEPLOYMENT.format(n=n, digest=digest, env=env))
    for n in range(DECLARATIONS):
        folder = root / "models" / f"model-{n}"
        folder.mkdir(parents=True)
        text = DECLARATION.format(n=n, sigma=1 + n / 50, steps=2000 + 70 * n, datasets="" if n else TABLE)
        (folder / "privacy.yaml").write_text(text)
    table(root / "models/model-0/visits.parquet")
    for n in range(2):
        (root / f"plan-{n}.json").write_text(json.dumps(plan(n)))


def table(path: Path) -> None:
    """A million rows that are 5-anonymous, near enough."""
    import pyarrow as pa  # noqa: PLC0415 - only the table needs it
    import pyarrow.parquet as pq  # noqa: PLC0415 - the same

    draw = random.Random(7)  # noqa: S311 - a benchmark's rows are no secret
    columns = {
        "age": [draw.randrange(18, 90) for _ in range(ROWS)],
        "zip": [f"{draw.randrange(100):05d}" for _ in range(ROWS)],
        "sex": [draw.choice("fm") for _ in range(ROWS)],
        "diagnosis": [f"d{draw.randrange(40)}" for _ in range(ROWS)],
    }
    pq.write_table(pa.table(columns), path)


def plan(n: int) -> dict[str, object]:
    """A plan of many small resources."""
    resources = [
        {
            "address": f"terraform_data.t{i}",
            "mode": "managed",
            "type": "terraform_data",
            "name": f"t{i}",
            "provider_name": "terraform.io/builtin/terraform",
            "change": {
                "actions": ["create"],
                "before": None,
                "after": {"input": f"setting {i * n} of a service", "triggers_replace": None},
                "after_unknown": {"id": True, "output": True},
                "before_sensitive": False,
                "after_sensitive": {},
            },
        }
        for i in range(RESOURCES)
    ]
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "resource_changes": resources,
        "configuration": {"root_module": {}},
        "complete": True,
        "errored": False,
    }


def run_timed(*command: str, environment: dict[str, str]) -> tuple[float, str]:
    """Seconds, and what it said on stderr."""
    begun = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    seconds = time.perf_counter() - begun
    assert done.returncode in {0, 1}, done.stderr.decode() + done.stdout.decode()[-2000:]
    return seconds, done.stderr.decode()


def main() -> None:
    """Cold and warm by turns, so that a busy machine slows both alike."""
    with tempfile.TemporaryDirectory() as scratch:
        root, empty = Path(scratch, "repository"), Path(scratch, "empty.py")
        root.mkdir()
        repository(root)
        empty.write_text(EMPTY)
        # Compiled once, as what is installed is; and no cache but the one that is named.
        environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPYCACHEPREFIX": f"{scratch}/compiled"}
        check = [sys.executable, "-m", "gatecli", "check", str(root), "--timings", "--report"]
        run_timed(*check, f"json={scratch}/first.json", "--no-cache", environment=environment)
        times: dict[str, list[float]] = {"empty typer": [], "no cache": [], "cold": [], "warm": []}
        for turn in range(ROUNDS):
            cache = f"--cache-dir={scratch}/cache-{turn}"
            runs = {
                "empty typer": [sys.executable, str(empty)],
                "no cache": [*check, f"json={scratch}/no.json", "--no-cache"],
                "cold": [*check, f"json={scratch}/cold.json", cache],
                "warm": [*check, f"json={scratch}/warm.json", cache],
            }
            for name, command in runs.items():
                seconds, said = run_timed(*command, environment=environment)
                times[name].append(seconds)
                if turn == ROUNDS - 1 and said:
                    print(f"-- {name}\n{said}", end="")
    medians = {name: statistics.median(each) for name, each in times.items()}
    for name, median in medians.items():
        print(f"{name:12} {median:7.2f} s  {median / medians['cold']:6.1%} of cold")


if __name__ == "__main__":
    main()
