"""`gatecli terraform check` on plans of 1,000 and 5,000 resources, as a whole process, beside checkov.

Targets: 1,000 resources at least 10 times as fast as checkov and in 200 MB; 5,000 in at most 4 times the
time of 1,000; a plan of 100 MB in 300 MB. Both programs read the
same plan and every value in it, and look for other faults.

checkov's pins contradict gatecli's, so it lives in an environment of its own, which the first run makes below
the user's cache (GATECLI_BENCHMARKS names another folder) with pip. Without it gatecli is measured alone.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROUNDS = 7
LARGE = 54_000
"""Resources of a plan of 100 MB."""
ROUNDS_OF_PEER = 3
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
PEERS = Path(os.environ.get("GATECLI_BENCHMARKS") or CACHE / "gatecli" / "benchmarks")

POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": "arn:aws:s3:::data/*",
            },
            {"Effect": "Allow", "Action": "logs:*", "Resource": "*"},
        ],
    }
)
TAGS = {"team": "data", "environment": "production", "cost-center": "4711"}


def _bucket(number: int) -> tuple[str, dict[str, Any]]:
    return "aws_s3_bucket", {
        "bucket": f"data-{number}",
        "force_destroy": False,
        "tags": TAGS,
        "tags_all": TAGS,
    }


def _instance(number: int) -> tuple[str, dict[str, Any]]:
    script = (
        f"#!/bin/sh\nset -eu\napt-get install -y nginx\necho host-{number} > /etc/motd\n" + "echo done\n" * 20
    )
    return "aws_instance", {
        "ami": f"ami-0{number:016x}",
        "instance_type": "t3.large",
        "user_data": script,
        "monitoring": True,
        "ebs_optimized": True,
        "source_dest_check": True,
        "root_block_device": [{"encrypted": True, "volume_size": 40, "volume_type": "gp3"}],
        "metadata_options": [{"http_endpoint": "enabled", "http_tokens": "required"}],
        "tags": TAGS | {"Name": f"host-{number}"},
    }


def _policy(number: int) -> tuple[str, dict[str, Any]]:
    return "aws_iam_policy", {
        "name": f"reader-{number}",
        "path": "/",
        "policy": POLICY,
        "description": "reads",
    }


def _group(number: int) -> tuple[str, dict[str, Any]]:
    rule = {"description": "tls", "from_port": 443, "to_port": 443, "protocol": "tcp", "self": False}
    return "aws_security_group", {
        "name": f"web-{number}",
        "description": "Managed by Terraform",
        "ingress": [rule | {"cidr_blocks": [f"10.{number % 256}.0.0/16"]}],
        "egress": [rule | {"cidr_blocks": ["0.0.0.0/0"]}],
        "tags": TAGS,
    }


def _function(number: int) -> tuple[str, dict[str, Any]]:
    return "aws_lambda_function", {
        "function_name": f"etl-{number}",
        "handler": "main.handler",
        "runtime": "python3.12",
        "memory_size": 512,
        "timeout": 30,
        "environment": [{"variables": {"TABLE": f"orders_{number}", "LEVEL": "info", "REGION": "eu-west-1"}}],
        "tags": TAGS,
    }


def _database(number: int) -> tuple[str, dict[str, Any]]:
    return "aws_db_instance", {
        "identifier": f"db-{number}",
        "engine": "postgres",
        "engine_version": "16.4",
        "instance_class": "db.t4g.large",
        "allocated_storage": 100,
        "storage_encrypted": True,
        "multi_az": True,
        "username": "service",
        "password": f"generated-{number}-password",
        "tags": TAGS,
    }


KINDS = (_bucket, _instance, _policy, _group, _function, _database)


def resources(count: int) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """For each resource its change, its planned values and its configuration."""
    for number in range(count):
        type_, values = KINDS[number % len(KINDS)](number)
        name = f"r{number}"
        head = {"address": f"{type_}.{name}", "mode": "managed", "type": type_, "name": name}
        provider = {"provider_name": "registry.terraform.io/hashicorp/aws"}
        sensitive = {"password": True} if "password" in values else {}
        change = {
            "actions": ["create"],
            "before": None,
            "after": values,
            "after_unknown": {"id": True, "arn": True},
            "before_sensitive": False,
            "after_sensitive": sensitive,
        }
        expressions = {
            key: {"constant_value": value} for key, value in values.items() if not isinstance(value, list)
        }
        yield (
            head | provider | {"change": change},
            head | provider | {"schema_version": 1, "values": values, "sensitive_values": sensitive},
            head | {"provider_config_key": "aws", "expressions": expressions, "schema_version": 1},
        )


def plan(count: int) -> str:
    """The JSON of a plan that creates `count` resources, as Terraform 1.11 writes it."""
    changes, values, configuration = zip(*resources(count), strict=True)
    return json.dumps(
        {
            "format_version": "1.2",
            "terraform_version": "1.11.4",
            "planned_values": {"root_module": {"resources": values}},
            "resource_changes": changes,
            "configuration": {
                "provider_config": {
                    "aws": {"name": "aws", "full_name": "registry.terraform.io/hashicorp/aws"}
                },
                "root_module": {"resources": configuration},
            },
            "timestamp": "2026-01-01T00:00:00Z",
            "applyable": True,
            "complete": True,
            "errored": False,
        }
    )


@dataclass(frozen=True, slots=True)
class Ran:
    """What a process took: on the clock, and at its largest."""

    seconds: float
    bytes: int


def ran(command: Sequence[str], codes: frozenset[int]) -> Ran:
    """Run to the end; the peak is that of the process itself, by its own accounting."""
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=said, stderr=said, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        spent = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        assert process.returncode in codes, said.read()[-2000:].decode()
    return Ran(spent, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def checkov() -> str | None:
    """The program checkov; made on the first run, None where it cannot be."""
    folder = PEERS / "checkov"
    program = folder / "bin" / "checkov"
    if not program.exists():
        print(f"installing checkov into {folder} (once) …", file=sys.stderr)
        venv.create(folder, with_pip=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "checkov"]
        if subprocess.run(pip, check=False).returncode != 0:
            return None
    return str(program)


def main() -> None:
    """Interleave the programs, so that a busy machine slows all of them alike."""
    peer = checkov()
    with tempfile.TemporaryDirectory() as name:
        files = {count: Path(name) / f"{count}.json" for count in (1_000, 5_000)}
        for count, file in files.items():
            file.write_text(plan(count), "utf-8")
        gate = [sys.executable, "-m", "gatecli", "terraform", "check", "--quiet"]
        options = ["--framework", "terraform_plan", "--compact", "--quiet", "--skip-download"]
        times: dict[str, list[Ran]] = {}
        for number in range(ROUNDS):
            for count, file in files.items():
                label = f"gatecli, {count:,} resources"
                times.setdefault(label, []).append(ran([*gate, str(file)], frozenset({0})))
            if peer is not None and number < ROUNDS_OF_PEER:
                command = [peer, "--file", str(files[1_000]), *options]
                times.setdefault("checkov, 1,000 resources", []).append(ran(command, frozenset({0, 1})))
        file = Path(name) / "large.json"
        file.write_text(plan(LARGE), "utf-8")
        label = f"gatecli, {file.stat().st_size / 1e6:.0f} MB"
        times[label] = [ran([*gate, str(file)], frozenset({0}))]
    show(times)


def show(times: dict[str, list[Ran]]) -> None:
    medians = {name: statistics.median(each.seconds for each in runs) for name, runs in times.items()}
    first = medians["gatecli, 1,000 resources"]
    for name, runs in times.items():
        peak = max(each.bytes for each in runs) / 1e6
        print(f"{name:26} {medians[name]:7.2f} s  {medians[name] / first:6.1f}×  {peak:6.0f} MB at most")


if __name__ == "__main__":
    main()
