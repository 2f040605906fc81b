"""tests/rules/pii-…/: a manifest that holds a generated number, and one that references a Secret."""

from __future__ import annotations

import random
from pathlib import Path

from gatecli.pii.interface import rule_id
from tests.support.pii_corpus import CHECKED

RULES = Path(__file__).resolve().parents[1] / "rules"

POD = """\
apiVersion: v1
kind: Pod
metadata: {{name: example}}
spec:
  containers:
    - name: main
      image: registry.example/app:1.2.3
      env:
        - name: MODE
          value: batch
        - name: {name}
{value}"""
PLAIN = '          value: "{value}"\n'
REFERENCE = "          valueFrom: {secretKeyRef: {name: person, key: value}}\n"


def main() -> None:
    """Write the examples again; the numbers come from a seed and are nobody's."""
    for entity, (make, context) in CHECKED.items():
        number = make(random.Random(entity))  # noqa: S311 - a seed, no secret
        name = "_".join(context) or "VALUE"
        folder = RULES / rule_id(entity)
        for kind, value in (("fail", PLAIN.format(value=number)), ("pass", REFERENCE)):
            (folder / kind).mkdir(parents=True, exist_ok=True)
            (folder / kind / "pod.yaml").write_text(POD.format(name=name, value=value), "utf-8")
