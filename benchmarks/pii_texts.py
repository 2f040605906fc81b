"""Megabytes a second through whole texts beside presidio and datafog, in one run: by kind of text.

The peers get the first lines of the same texts, as they would take minutes for the whole. presidio runs the
same recognizers. datafog (PyPI) is looked for in this environment, or in the one whose python is the first
argument.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from gatecli.checks.personal_data import search_of
from gatecli.gates.file_scan import scan_file
from gatecli.model.policy import PiiRules
from gatecli.pii.entities import entities_of
from gatecli.presidio import analyzer

SIZE = 2 * 2**20
PEER_SIZE = 2**14
ROUNDS = 3

MESSAGES = (
    "request completed in {n} ms status=200 bytes={b} path=/api/v1/items/{n}",
    "reconciling deployment default/web-{h} generation={n}",
    "cache miss key={h}{h} took {n} us",
    "lease renewed by node-7.cluster.internal resourceVersion={b}",
    "could not call the service: timeout after {n} ms, id {b}",
)


def csv_lines(_source: random.Random) -> Iterator[str]:
    yield "id,sales"
    for number in itertools.count(1):
        yield f"{3000888 + number},{number * 0.37:.6f}"


def log_lines(source: random.Random) -> Iterator[str]:
    while True:
        values = {
            "n": source.randrange(10_000),
            "b": source.randrange(10**7),
            "h": f"{source.getrandbits(32):08x}",
        }
        at = f"2026-11-{source.randrange(1, 29):02}T07:{source.randrange(60):02}:07.123Z"
        said = source.choice(MESSAGES).format(**values)
        yield f"{at} INFO  [main-{source.randrange(64)}] web.Handler - {said}"


def manifest_lines(_source: random.Random) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        yield "---\napiVersion: apps/v1\nkind: Deployment"
        yield f"metadata: {{name: service-{number}, labels: {{app: service-{number}}}}}"
        yield "spec:\n  template:\n    spec:"
        yield "      containers:\n        - name: main"
        yield f"          image: registry.example/team/service-{number}@sha256:{digest}\n          env:"
        yield from (
            f"            - {{name: SETTING_{n}, value: option-{n * number % 97}}}" for n in range(60)
        )


def fraction_lines(source: random.Random) -> Iterator[str]:
    yield "id,x,y,z"
    for number in itertools.count(1):
        yield f"{number},{source.gauss(0, 1)},{source.random()},{source.expovariate(0.001)}"


def identifier_lines(source: random.Random) -> Iterator[str]:
    yield "id,uuid"
    for number in itertools.count(1):
        yield f"{number},{uuid.UUID(int=source.getrandbits(128), version=4)}"


def access_lines(source: random.Random) -> Iterator[str]:
    while True:
        client = f"10.0.{source.randrange(256)}.{source.randrange(256)}"
        at = f"28/Nov/2026:10:{source.randrange(60):02}:{source.randrange(60):02} +0000"
        asked = f'"GET /items/{source.randrange(10**6)} HTTP/1.1" 200 {source.randrange(10**5)}'
        yield f'{client} - - [{at}] {asked} "-" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"'


WORDS = "the of and call number name contact model data privacy budget people is was in a at by from release"


def prose_lines(source: random.Random) -> Iterator[str]:
    while True:
        yield " ".join(source.choices(WORDS.split(), k=14))


def address_lines(source: random.Random) -> Iterator[str]:
    while True:
        yield ".".join(str(source.randrange(1, 255)) for _ in range(4)) + "/32"


def address_config_map_lines(source: random.Random) -> Iterator[str]:
    yield "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: block-list}\ndata:\n  block.txt: |"
    yield from (f"    {line}" for line in address_lines(source))


KINDS: Mapping[str, Callable[[random.Random], Iterator[str]]] = {
    "table.csv": csv_lines,
    "fractions.csv": fraction_lines,
    "identifiers.csv": identifier_lines,
    "app.log": log_lines,
    "access.log": access_lines,
    "prose.txt": prose_lines,
    "manifests.yaml": manifest_lines,
    "block.txt": address_lines,
    "block-list.yaml": address_config_map_lines,
}


def text_of(name: str, size: int) -> str:
    lines: list[str] = []
    held = 0
    for line in KINDS[name](random.Random(name)):  # noqa: S311 - a seed, no secret
        held += len(line) + 1
        if held > size:
            break
        lines.append(line)
    return "\n".join(lines) + "\n"


def megabytes_a_second(work: Callable[[], object], size: int, rounds: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return size / best / 1e6


_PEER = """
import json, sys, time
from datafog.processing.text_processing.regex_annotator.regex_annotator import RegexAnnotator
peer = RegexAnnotator()
peer.annotate("warm")
for name, text in json.load(sys.stdin).items():
    started = time.process_time()
    peer.annotate(text)
    print(name, f"{len(text) / (time.process_time() - started) / 1e6:.2f} MB/s")
"""


def main() -> None:
    rules = PiiRules()
    search = search_of(rules)
    engine = analyzer(entity.id for entity in entities_of(rules.packs))
    with tempfile.TemporaryDirectory() as folder:
        for name in KINDS:
            file = Path(folder, name)
            file.write_text(text_of(name, SIZE))
            ours = megabytes_a_second(lambda file=file: scan_file(file, search), SIZE, ROUNDS)  # type: ignore[misc]
            text = text_of(name, PEER_SIZE)
            lines = text.splitlines()
            theirs = megabytes_a_second(
                lambda lines=lines: [engine.analyze(line, "en") for line in lines],  # type: ignore[misc]
                len(text),
                1,
            )
            print(
                f"{name:16} gatecli {ours:6.2f} MB/s   presidio, the same recognizers {theirs:.4f} MB/s:"
                f" {ours / theirs:.0f}×"
            )
    python = sys.argv[1] if len(sys.argv) > 1 else sys.executable
    texts = json.dumps({name: text_of(name, PEER_SIZE) for name in KINDS})
    done = subprocess.run([python, "-c", _PEER], input=texts, capture_output=True, text=True, check=False)
    print("datafog, its own types\n" + (done.stdout.strip() or done.stderr.strip()[-80:]))


if __name__ == "__main__":
    main()
