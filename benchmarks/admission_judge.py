"""One judgement of the webhook, in process: a typical Deployment, clean and dirty, denied and masked.

The peer is the search alone, as `gatecli pii scan` runs it over the same leaves, in the same run.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from datetime import date
from typing import Any

from admission.review.admission_review import parse
from admission.review.judging import Phase, judge
from admission.review.rulebook import EVERYWHERE, rulebook_of, warm
from benchmarks.pii_engine import deployment, milliseconds
from gatecli.checks.personal_data import find_personal_data
from gatecli.model.text import RawText, object_leaves
from gatecli.sources.policy import default_policy

KEY = b"a key of the benchmark's own, random enough"
TODAY = date(2026, 6, 1)
TARGET = 0.4
"""Milliseconds for a clean Deployment."""


def review(obj: dict[str, Any], operation: str = "CREATE", old: dict[str, Any] | None = None) -> bytes:
    """A review of `obj` as the API server sends it."""
    kind = {"group": "apps", "version": "v1"}
    request = {
        "uid": "0b4f6a7e-31a2-4d30-a5d5-6c0a0d9a2d41",
        "kind": {**kind, "kind": "Deployment"},
        "resource": {**kind, "resource": "deployments"},
        "operation": operation,
        "namespace": "team-a",
        "name": "web",
        "userInfo": {"username": "jane"},
        "object": obj,
        "oldObject": old,
        "dryRun": False,
    }
    head = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
    return json.dumps({**head, "request": request}).encode()


def show_median(name: str, work: Callable[[], object], rounds: int = 400) -> float:
    spent = milliseconds(work, rounds)
    median = statistics.median(spent)
    print(f"{name:44} median {median:.3f} ms, p99 {spent[int(rounds * 0.99)]:.3f} ms, best {spent[0]:.3f} ms")
    return median


def main() -> None:
    policy = default_policy()
    masking = policy.model_copy(
        update={
            "spec": policy.spec.model_copy(
                update={"admission": policy.spec.admission.model_copy(update={"mode": "mask"})}
            )
        }
    )
    book, masks = (rulebook_of(each, {EVERYWHERE: ()}, key=KEY) for each in (policy, masking))
    warm(book)
    warm(masks)
    clean, dirty = deployment(dirty=False), deployment(dirty=True)
    body, bad = review(clean), review(dirty)
    request, refused = parse(body), parse(bad)

    def judge_with(which: Any, rules: Any = book, phase: Phase = Phase.VALIDATING) -> Any:
        return judge(which, rules, today=TODAY, clock=time.monotonic, phase=phase)

    assert judge_with(request).allowed
    assert not judge_with(refused).allowed
    assert judge_with(refused, masks, Phase.MUTATING).patch
    raw = RawText("-", "", "json")
    peer = show_median(
        "the search alone, leaves too",
        lambda: list(find_personal_data(raw, object_leaves(clean), book.standard.search)),
    )
    median = show_median("a clean Deployment", lambda: judge_with(request))
    print(f"{'':44} {median / peer:.2f} of the search alone; target {TARGET} ms")
    show_median(f"its review of {len(body)} bytes, parsed", lambda: parse(body))
    show_median("a dirty Deployment, denied", lambda: judge_with(refused))
    show_median("a dirty Deployment, masked", lambda: judge_with(refused, masks, Phase.MUTATING))
    changed = {**dirty, "metadata": {**dirty["metadata"], "annotations": {"a": "b"}}}  # type: ignore[dict-item]  # a mapping
    update = parse(review(changed, "UPDATE", dirty))
    show_median("a dirty update, denied", lambda: judge_with(update))


if __name__ == "__main__":
    main()
