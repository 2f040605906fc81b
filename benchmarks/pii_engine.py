"""The engine beside presidio with the same recognizers, and beside datafog's expressions, in one run.

datafog (PyPI) is looked for in this environment, or in the one whose python is the first argument.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from gatecli.checks.personal_data import find_personal_data, search_of
from gatecli.model.policy import PiiRules
from gatecli.model.text import RawText, object_leaves
from gatecli.pii.detector import Detector
from gatecli.pii.entities import default_entities
from gatecli.presidio import analyzer

RESIDENT_ID = "440308199901101512"


def deployment(*, dirty: bool) -> dict[str, object]:
    """A typical Deployment: three containers with twenty variables each."""
    containers = [
        {
            "name": f"container-{c}",
            "image": f"registry.example/team/app@sha256:{'0a1b2c3d' * 8}",
            "ports": [{"containerPort": 8080 + c}],
            "env": [
                {"name": f"SETTING_{c}_{n}", "value": f"option-{n}.svc.cluster.local"} for n in range(20)
            ],
        }
        for c in range(3)
    ]
    if dirty:
        containers[1]["env"] = [{"name": "CUSTOMER_ID", "value": RESIDENT_ID}]
    pod = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}}
    head = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"app": "web"}},
    }
    return {**head, "spec": {"replicas": 3, "template": pod}}


def milliseconds(work: Callable[[], object], rounds: int) -> list[float]:
    spent = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        spent.append((time.perf_counter() - started) * 1000)
    return sorted(spent)


def main() -> None:
    search = search_of(PiiRules(packs=("generic", "cn", "us", "eu")))
    review = RawText("-", "", "json")

    def scan(data: dict[str, object]) -> list[object]:
        return list(find_personal_data(review, object_leaves(data), search))

    clean, dirty = deployment(dirty=False), deployment(dirty=True)
    assert not scan(clean)
    assert scan(dirty)
    fast = milliseconds(lambda: scan(clean), 300)
    slow = milliseconds(lambda: scan(dirty), 300)
    print(f"clean Deployment, leaves too       median {statistics.median(fast):.3f} ms")
    print(
        f"dirty Deployment                   median {statistics.median(slow):.2f} ms, p99 {slow[-4]:.3f} ms"
    )

    leaves = object_leaves(clean)
    found = milliseconds(lambda: list(find_personal_data(review, leaves, search)), 300)
    print(f"clean Deployment, search alone     median {statistics.median(found):.3f} ms")

    engine = analyzer()
    texts = [leaf.text for leaf in leaves]
    peer = milliseconds(lambda: [engine.analyze(text, "en") for text in texts], 3)
    ratio = statistics.median(peer) / statistics.median(found)
    print(f"presidio, the same recognizers     median {statistics.median(peer):.1f} ms: {ratio:.0f}×")

    detector = Detector(default_entities())
    digits = "".join(str((n * 7919) % 10) for n in range(2**20))
    spaced = " ".join(digits[n : n + 17] for n in range(0, 2**20, 17))
    for name, text in (("one run", digits), ("runs of 17", spaced)):
        seconds = milliseconds(lambda text=text: detector.detect(text), 1)[0] / 1000  # type: ignore[misc]  # bound now
        print(f"1 MiB of dense digits, {name:15} {seconds:.2f} s")
    _datafog(texts)


_PEER = """
import json, sys, time
from datafog.processing.text_processing.regex_annotator.regex_annotator import RegexAnnotator
texts = json.load(sys.stdin)
peer = RegexAnnotator()
peer.annotate("warm")
started = time.perf_counter()
for _ in range(50):
    for text in texts:
        peer.annotate(text)
print((time.perf_counter() - started) / 50 * 1000)
"""


def _datafog(texts: list[str]) -> None:
    import json  # noqa: PLC0415 - the peer's own process reads it

    python = sys.argv[1] if len(sys.argv) > 1 else sys.executable
    done = subprocess.run(
        [python, "-c", _PEER], input=json.dumps(texts), capture_output=True, text=True, check=False
    )
    print(f"datafog, its own types             {done.stdout.strip() or done.stderr.strip()[-80:]} ms")


if __name__ == "__main__":
    main()
