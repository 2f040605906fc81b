"""`kind: PrivateEndpoint`: a proxy before a model, what it promises at inference, and who pays for it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from gatecli.model.base import LENIENT, Many, Metadata, Resource, Text, Value
from gatecli.model.number import BelowOne, Exact, Positive

Whole = Annotated[int, Field(ge=1)]
Pointer = Annotated[str, Field(pattern=r"^(/([^~/]|~0|~1)*)*$")]
MEBIBYTE = 1 << 20


class EndpointMode(StrEnum):
    """What makes an answer private."""

    ATTESTED = "attested"
    """The model was trained with differential privacy: its answers are post-processing, and cost nothing."""
    VOTES = "votes"
    """Models of disjoint people vote, and the counts of their votes get noise."""
    NOISY_SCORES = "noisy-scores"
    """The scores of a model that is not private get noise for all that they can be."""
    AGGREGATES = "aggregates"
    """No answer is given, but noisy counts of the answers to many requests."""


class EndpointPlatform(StrEnum):
    """Whose routes and limits the proxy has."""

    SAGEMAKER = "sagemaker"
    AZUREML = "azureml"
    KSERVE = "kserve"
    PLAIN = "plain"


Mode = Annotated[EndpointMode, LENIENT]
Platform = Annotated[EndpointPlatform, LENIENT]


class EndpointTls(Value):
    """The certificate of the port; paths are relative to the document."""

    certificate: Text = Field(description="the chain, PEM")
    key: Text = Field(description="its private key, PEM, without a password")


class EndpointUpstream(Value):
    """The model behind the proxy."""

    url: Text | None = Field(
        default=None,
        description="where the model takes questions; for `kserve` the address without a path; none in mode "
        "`votes`, whose models have their own",
    )
    platform: Platform = EndpointPlatform.PLAIN
    ready_url: Text | None = Field(
        default=None, description="what answers 200 where the model is ready (default: the platform's)"
    )
    seconds: Annotated[int, Field(ge=1, le=3600)] | None = Field(
        default=None, description="how long one answer may take (default: the platform's limit)"
    )
    connections: Whole = Field(default=100, description="connections to it at once")


class ServedModel(Value):
    """What an attestation must be about: the bytes that are served."""

    path: Text | None = Field(
        default=None, description="the model's file or folder, which is read at the start and compared"
    )
    image: Text | None = Field(
        default=None, description="NAME@sha256:… of the image that serves it, where no file is in reach"
    )

    @model_validator(mode="after")
    def _one(self) -> ServedModel:
        if (self.path is None) == (self.image is None):
            raise ValueError("give exactly one of path and image")
        return self


class AnswerNoise(Value):
    """What one answer costs; in mode `aggregates` the counts of one window."""

    epsilon: Positive
    delta: BelowOne = Field(default=0, validate_default=True)
    kind: Literal["auto", "laplace", "gaussian"] = "auto"


class NoisyScores(Value):
    """The scores of one answer: how many, between which ends, on which grid."""

    count: Annotated[int, Field(ge=1, le=10_000)] = 1
    low: Exact = Field(default=0, validate_default=True)
    high: Exact = Field(default=1, validate_default=True)
    step: Positive = Field(
        default="1/1024", validate_default=True, description="of the grid that scores are rounded to"
    )
    pointer: Pointer | None = Field(
        default=None, description="a JSON pointer to the scores in the model's answer (default: found)"
    )

    @model_validator(mode="after")
    def _require_order(self) -> NoisyScores:
        if self.low >= self.high:
            raise ValueError("low must be below high")
        return self


class VotingModel(Value):
    """One of the models that vote, and the people that it alone was trained on."""

    url: Text
    dataset: Text = Field(description="its part of the data; no person is in two")


class Votes(Value):
    """What is voted on."""

    models: Annotated[Many[VotingModel], Field(min_length=2, max_length=1000)]
    classes: Annotated[Many[int | str | bool], Field(min_length=2, max_length=10_000)] = Field(
        description="every answer that a model may give; any other answer is not counted"
    )
    pointer: Pointer | None = Field(
        default=None, description="a JSON pointer to the class in a model's answer (default: found)"
    )

    @model_validator(mode="after")
    def _distinct(self) -> Votes:
        if len({(type(each), each) for each in self.classes}) < len(self.classes):
            raise ValueError("a class is named twice")
        return self


class Aggregates(Value):
    """What is counted, of whom, and how often the counts are given."""

    classes: Annotated[Many[int | str | bool], Field(min_length=1, max_length=10_000)] = Field(
        description="the answers that are counted; any other one is not"
    )
    pointer: Pointer | None = Field(
        default=None, description="a JSON pointer to the class in the model's answer (default: found)"
    )
    unit: Pointer | None = Field(
        default=None,
        description="a JSON pointer to whom a request is about (default: each request is a unit)",
    )
    per_unit: Whole = Field(default=1, description="how many requests of a unit count in one window")
    seconds: Whole = Field(default=3600, description="the length of a window")
    kept: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=100, description="windows that can still be asked for"
    )

    @model_validator(mode="after")
    def _distinct(self) -> Aggregates:
        if len({(type(each), each) for each in self.classes}) < len(self.classes):
            raise ValueError("a class is named twice")
        if self.unit is None and self.per_unit > 1:
            raise ValueError("perUnit does not apply without a unit: each request is one")
        return self


class EndpointScreening(Value):
    """What is done about personal data, of the kinds that the policy denies or masks."""

    request: Literal["deny", "mask", "audit", "ignore"] = "deny"
    response: Literal["deny", "mask", "audit", "ignore"] = "mask"


class CallerBudget(Value):
    """What one caller may spend. Callers collude: it limits one of them, and protects nobody by itself."""

    epsilon: Positive
    delta: BelowOne = Field(default=0, validate_default=True)
    header: Text = Field(default="authorization", description="the header that says who calls")
    ledger: Text | None = Field(
        default=None, description="the ledger of the callers (default: NAME-callers.db beside the document)"
    )


class EndpointBudget(Value):
    """The budget of the people that answers tell of: it counts first."""

    ledger: Text | None = None
    dataset: Text | None = None
    key: Text | None = Field(default=None, description="the key that signs the ledger's entries")
    lease: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=100, description="answers that are paid for at once, before the first of them"
    )
    per_caller: CallerBudget | None = None
    on_unavailable: Literal["refuse", "attested"] = Field(
        default="refuse",
        description="what follows where the ledger does not answer: nothing is answered, or what an "
        "attestation covers",
    )


OF_ENTRY = 300
"""Bytes that a remembered answer takes besides its own, about."""


class AnswerCache(Value):
    """Questions that were answered, by keyed digests: the same question gets the same bytes."""

    entries: Annotated[int, Field(ge=0, le=100_000_000)] = 100_000
    bytes: Annotated[int, Field(ge=0)] = 64 * MEBIBYTE


class EndpointLimits(Value):
    """What one process takes on."""

    request_bytes: Whole | None = Field(default=None, description="of a body (default: the platform's)")
    response_bytes: Whole = Field(default=32 * MEBIBYTE, description="of the model's answer")
    requests: Whole = Field(default=1000, description="under way at once; more are told to come again")
    connections: Whole = Field(default=10_000, description="open at once")
    body_seconds: Whole = Field(default=30, description="for the head and the body of a request")
    drain_seconds: Annotated[int, Field(ge=0)] = Field(
        default=25, description="for what is under way at the end"
    )
    refusal_milliseconds: Annotated[int, Field(ge=0, le=60_000)] = Field(
        default=50, description="what every refusal takes, whatever its reason"
    )


class EndpointMetrics(Value):
    """Where Prometheus reads; by default the same port where that is the machine's own."""

    listen: Text


class PrivateEndpointSpec(Value):
    """The port, the model, the promise and the budget; paths are relative to the document."""

    listen: Text = "127.0.0.1:8080"
    tls: EndpointTls | None = None
    metrics: EndpointMetrics | None = None
    upstream: EndpointUpstream
    mode: Mode
    attestation: Text | None = Field(default=None, description="what `gatecli attest` wrote of the model")
    model: ServedModel | None = None
    noise: AnswerNoise | None = None
    scores: NoisyScores | None = None
    votes: Votes | None = None
    aggregates: Aggregates | None = None
    pii: EndpointScreening = Field(default_factory=EndpointScreening)
    budget: EndpointBudget | None = None
    cache: AnswerCache = Field(default_factory=AnswerCache)
    limits: EndpointLimits = Field(default_factory=EndpointLimits)

    @property
    def is_noised(self) -> bool:
        """Whether each answer, or each window, gets noise that is paid for."""
        return self.mode in _NOISED

    @property
    def model_urls(self) -> tuple[str, ...]:
        """Where the models take questions."""
        if self.votes is not None:
            return tuple(each.url for each in self.votes.models)
        return () if self.upstream.url is None else (self.upstream.url,)

    @property
    def answer_scores(self) -> NoisyScores:
        """The scores of an answer; where the document does not say, one between 0 and 1."""
        return self.scores or NoisyScores()

    @model_validator(mode="after")
    def _of_one_mode(self) -> PrivateEndpointSpec:
        """What another mode has says nothing here. Whether the mode keeps its promise is for the gate."""
        for name, modes in _OF_MODES.items():
            if getattr(self, name) is not None and self.mode not in modes:
                raise ValueError(f"{name} does not apply in mode {self.mode.value}: leave it out")
        for name in _NEEDED[self.mode]:
            if getattr(self, name) is None:
                raise ValueError(f"mode {self.mode.value} needs {name}")
        if (self.upstream.url is None) != (self.mode is EndpointMode.VOTES):
            raise ValueError("upstream.url belongs in every mode but votes, whose models have their own")
        if self.model is not None and self.attestation is None:
            raise ValueError("model is compared with an attestation, and none is named")
        if self.mode is EndpointMode.AGGREGATES and self.budget is not None and self.budget.per_caller:
            raise ValueError("budget.perCaller does not apply in mode aggregates: all get the same counts")
        if self.attestation is None and self.budget is not None and self.budget.on_unavailable == "attested":
            raise ValueError("budget.onUnavailable: attested needs an attestation")
        return self


_NOISED = frozenset({EndpointMode.VOTES, EndpointMode.NOISY_SCORES, EndpointMode.AGGREGATES})
_OF_MODES = {
    "noise": _NOISED,
    "scores": frozenset({EndpointMode.NOISY_SCORES}),
    "votes": frozenset({EndpointMode.VOTES}),
    "aggregates": frozenset({EndpointMode.AGGREGATES}),
}
_NEEDED = {
    EndpointMode.ATTESTED: (),
    EndpointMode.VOTES: ("noise", "votes"),
    EndpointMode.NOISY_SCORES: ("noise",),
    EndpointMode.AGGREGATES: ("noise", "aggregates"),
}


class PrivateEndpoint(Resource):
    """A proxy before a model endpoint."""

    kind: Literal["PrivateEndpoint"]
    metadata: Metadata
    spec: PrivateEndpointSpec
