"""Rounds to a file of evidence: written when a round begins, and again before its aggregate is handed on."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gatecli.errors import UsageError
from gatecli.evidence.libraries import Content
from gatecli.evidence.writing import write_content
from gatecli.federated.facts import build_fact, exact_number
from gatecli.model.federated_evidence import (
    ClientSampling,
    FederatedEvidence,
    FederatedRound,
    RoundClipping,
    RoundNoise,
    RoundWeights,
)
from gatecli.model.release import EvidenceFormat
from gatecli.model.table_evidence import EvidenceTool
from gatecli.package import VERSION
from gatecli.sources.files import ReadError, read_text
from gatecli.sources.json_text import read_json


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """How clients are drawn, and what the sum of their updates is divided by.

    `rate` is the probability of each client, of Poisson sampling alone; `denominator` a fixed number, None
    where sums are divided by the number of clients that answered.
    """

    sampling: ClientSampling = ClientSampling.FIXED_SIZE
    rate: object = None
    denominator: int | None = None


FIXED_SIZE = SamplingPlan()
"""What Flower's strategies do."""


class RoundRecorder:
    """The rounds of one training, kept in a file that is whole at every moment.

    `framework` and `version` name the library that runs the rounds, `strategy` how it aggregates, `client`
    what one client is (a person, a hospital), `plan` how clients are drawn, `job` which job this is of (in
    one of `gatecli cloud … run` the variable `GATECLI_JOB`): evidence of one job is not evidence of another.

    A file that is there holds what an earlier run spent: with `resume` it is continued, else it is refused.
    Every method raises `gatecli.GatecliError` where the file cannot be written; then nothing may be released.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        framework: str,
        version: str,
        strategy: str,
        plan: SamplingPlan = FIXED_SIZE,
        client: str | None = None,
        job: str | None = None,
        resume: bool = False,
    ) -> None:
        self.path = Path(path)
        self._head: dict[str, Any] = {
            "tool": EvidenceTool(name="gatecli", version=VERSION),
            "framework": EvidenceTool(name=framework, version=version),
            "strategy": strategy,
            "client": client,
            "job": job,
            "sampling": plan.sampling,
            "sampling_rate": None if plan.rate is None else exact_number(plan.rate),
            "denominator": plan.denominator,
        }
        self._rounds: list[FederatedRound] = []
        self._open: dict[str, Any] | None = None
        if self.path.exists():
            self._continue(resume=resume)

    def begin_round(
        self, *, population: int, sampled: int, noise: RoundNoise | None = None, **known: Any
    ) -> None:
        """Note that `sampled` of `population` clients are asked, before they are.

        `noise` and `clipping` are known now where clients add noise of their own: what they send is seen even
        if the round never ends. An earlier round that did not end stays as it is.
        """
        self._close()
        number = sum(each.count for each in self._rounds) + 1
        self._open = {
            "round": number,
            "population": population,
            "sampled": sampled,
            "noise": noise,
            **known,
        }
        self._write([*self._rounds, self._round(self._open)])

    def end_round(
        self,
        *,
        answered: int,
        released: bool,
        clipping: RoundClipping | None,
        noise: RoundNoise | None,
        weights: RoundWeights | None,
        metrics: Iterable[str] = (),
    ) -> None:
        """Note what the open round released; call it before the aggregate is handed on.

        `clipping` is the norm that the updates of this round were clipped to; `noise` what was really added.
        """
        if self._open is None:
            raise UsageError(
                "a round ends that did not begin", advice="call begin_round before clients are asked"
            )
        ended = self._open | {
            "answered": answered,
            "released": released,
            "clipping": clipping,
            "noise": noise,
            "weights": weights,
            "metrics": tuple(sorted(set(metrics))),
        }
        self._rounds = _append_round(self._rounds, self._round(ended))
        self._open = None
        self._write(self._rounds)

    def _close(self) -> None:
        if self._open is not None:
            self._rounds = _append_round(self._rounds, self._round(self._open))
            self._open = None

    def _round(self, fields: dict[str, Any]) -> FederatedRound:
        return build_fact(FederatedRound, **fields)

    def _write(self, rounds: list[FederatedRound]) -> None:
        evidence = build_fact(FederatedEvidence, **self._head, rounds=tuple(rounds))
        data = evidence.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=False)
        write_content(Content(EvidenceFormat.FLOWER, data), self.path)

    def _continue(self, *, resume: bool) -> None:
        held = _read(self.path)
        rounds = sum(each.count for each in held.rounds)
        if not resume:
            raise UsageError(
                f"{self.path} holds {rounds} rounds of an earlier run",
                advice="pass resume=True to continue it, which keeps what it spent; or move it, if nothing "
                "that it trained was or will be released",
            )
        for key in ("client", "job", "sampling", "sampling_rate", "denominator", "strategy"):
            if getattr(held, key) != self._head[key]:
                raise UsageError(
                    f"{self.path} was recorded with another {key.replace('_', ' ')}",
                    advice="record a training of another kind to a file of its own",
                )
        self._rounds = list(held.rounds)


def _append_round(rounds: list[FederatedRound], new: FederatedRound) -> list[FederatedRound]:
    """The rounds and one more, which counts with the last one if it was like it."""
    if rounds:
        last = rounds[-1]
        if last.model_copy(update={"round": new.round, "count": 1}) == new:
            return [*rounds[:-1], last.model_copy(update={"count": last.count + 1})]
    return [*rounds, new]


def _read(path: Path) -> FederatedEvidence:
    try:
        (document,) = read_json(path.name, read_text(path))
        return FederatedEvidence.from_file(document.data)
    except (ReadError, ValidationError):
        raise UsageError(
            f"{path} is not a record of rounds, and is not replaced", advice="choose another path"
        ) from None
