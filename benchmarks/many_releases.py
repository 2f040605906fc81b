"""1,000 declarations with distinct DP-SGD runs in one call: seconds and memory."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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
"""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        for n in range(count):
            text = DECLARATION.format(n=n, sigma=1 + n / 1000, steps=2000 + 7 * n)
            (Path(folder) / f"{n}.privacy.yaml").write_text(text)
        started = time.perf_counter()
        command = [sys.executable, "-m", "gatecli", "release", "check", folder, "--format", "json"]
        done = subprocess.run(command, capture_output=True, check=False)
        spent = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{count} declarations: exit {done.returncode}, {spent:.1f} s, largest process {peak:.0f} MiB")


if __name__ == "__main__":
    main()
