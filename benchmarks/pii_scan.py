"""A whole-process scan of a clean repository of 1,000 files, beside kingfisher's, in one run.

kingfisher (PyPI: kingfisher-bin) looks for secrets, not for personal data: it is the speed to be near.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

FILES, ROUNDS = 1000, 5

EMPTY = "import typer\napp = typer.Typer()\n@app.command()\ndef main() -> None: ...\napp()\n"

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: service-{n}
  labels: {{app: service-{n}, version: "1.{n}.0"}}
spec:
  replicas: 3
  selector: {{matchLabels: {{app: service-{n}}}}}
  template:
    metadata:
      annotations: {{checksum/config: {digest}}}
    spec:
      containers:
        - name: main
          image: registry.example/team/service-{n}@sha256:{digest}
          ports: [{{containerPort: 80{port:02d}}}]
          env:
{env}"""


def deployment(n: int) -> str:
    env = "".join(f"            - {{name: SETTING_{i}, value: option-{i * n % 97}}}\n" for i in range(60))
    return DEPLOYMENT.format(n=n, digest=f"{n * 2654435761 % 2**32:08x}" * 8, port=n % 100, env=env)


def seconds(command: Sequence[str], expected: set[int]) -> float:
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)
    spent = time.perf_counter() - started
    assert done.returncode in expected, done.stderr.decode()
    return spent


def main() -> None:
    kingfisher = sys.argv[1] if len(sys.argv) > 1 else shutil.which("kingfisher")
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder, "repository")
        repository.mkdir()
        for n in range(FILES):
            (repository / f"deployment-{n}.yaml").write_text(deployment(n))
        Path(folder, "empty.py").write_text(EMPTY)
        commands = {
            "an empty typer application": [sys.executable, f"{folder}/empty.py"],
            "gatecli pii scan, one clean file": [
                sys.executable,
                "-m",
                "gatecli",
                "pii",
                "scan",
                f"{repository}/deployment-0.yaml",
            ],
            "gatecli pii scan, 1,000 clean files": [
                sys.executable,
                "-m",
                "gatecli",
                "pii",
                "scan",
                str(repository),
            ],
        }
        if kingfisher:
            flags = ["--no-validate", "--no-update-check", "--git-history", "none"]
            commands["kingfisher scan, the same"] = [kingfisher, "scan", str(repository), *flags]
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                times[name].append(seconds(command, {0, 200}))
    for name, each in times.items():
        print(f"{name:36} {statistics.median(each):6.3f} s")


if __name__ == "__main__":
    main()
