"""promtool of Debian's package prometheus: it reads and runs rules as Prometheus does."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path


def lacking() -> str | None:
    """Why no rule can be run here; None where it can."""
    return None if shutil.which("promtool") else "no promtool; on Debian: apt-get install prometheus"


def check(rules: Path) -> str:
    """What promtool says of a file of rules; "" where it is sound."""
    return _run("check", "rules", str(rules))


def firing(
    rules: Path, alert: str, series: Mapping[str, str], minutes: int, folder: Path, *, step: int = 1
) -> str:
    """Nothing where this alert alone fires after so many minutes; else what promtool says.

    `series` gives the values of each, one in `step` minutes, in promtool's notation. With "" for the alert
    none may.
    """
    names = [{"labels": f'{{alertname="{alert}"}}', "value": 1}] if alert else []
    expression = 'count by (alertname) (ALERTS{alertstate="firing"})'
    content = {
        "rule_files": [str(rules)],
        "evaluation_interval": "5m",
        "tests": [
            {
                "interval": f"{step}m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [{"expr": expression, "eval_time": f"{minutes}m", "exp_samples": names}],
            }
        ],
    }
    file = folder / "test.yaml"
    file.write_text(json.dumps(content), "utf-8")  # JSON is YAML
    return _run("test", "rules", str(file))


def _run(*arguments: str) -> str:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr
