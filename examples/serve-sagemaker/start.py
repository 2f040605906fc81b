"""The container's first process: starts the model and the proxy before it, and ends when one of them ends.

SIGTERM is passed on to the proxy alone: it lets what is under way end, and the model is needed for that.
SageMaker starts a container with the argument `serve`, which says nothing here.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
MODEL = (sys.executable, "model_server.py", "model/churn.json", "8081")
PROXY = (sys.executable, "-m", "gatecli", "serve")
ENVIRONMENT = {"GATECLI_SERVE_CONFIG": "serve.yaml", **os.environ}


def main() -> int:
    """The proxy's exit code, or 1 where the model ended by itself."""
    model = subprocess.Popen(MODEL, cwd=FOLDER)  # noqa: S603 - its own program
    proxy = subprocess.Popen(PROXY, cwd=FOLDER, env=ENVIRONMENT)  # noqa: S603 - gatecli
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: proxy.terminate())
    first = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
    proxy.terminate()
    code = proxy.wait()
    model.terminate()
    model.wait()
    return 1 if first is not None and first.si_pid == model.pid else code


if __name__ == "__main__":
    sys.exit(main())
