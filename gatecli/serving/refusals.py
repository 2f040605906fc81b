"""How a request ends without an answer. Every refusal has the same body: no caller learns the reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gatecli.serving.upstream import UpstreamFault


class RefusalReason(StrEnum):
    """Why the promise would not be kept by an answer. Metrics and logs say it, answers do not."""

    BUDGET = "budget"
    CALLER = "caller"
    LEDGER = "ledger"
    ATTESTATION = "attestation"
    ANSWER = "personal-data-in-answer"


class AnswerRefused(Exception):
    """No answer, since one would break the promise."""

    def __init__(self, reason: RefusalReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """A status and a constant sentence; `outcome` is what metrics call it."""

    status: int
    outcome: str
    text: str

    @property
    def body(self) -> bytes:
        return f'{{"error":"{self.text}"}}\n'.encode()


REFUSAL = ErrorAnswer(403, "refused", "no answer is given")
"""Of every reason, after the same time."""
BUSY = ErrorAnswer(503, "busy", "too many requests at once: come again")
DRAINING = ErrorAnswer(503, "draining", "this process ends: come again")
NOT_FOUND = ErrorAnswer(404, "not-found", "there is nothing here")
TOO_LARGE = ErrorAnswer(413, "too-large", "the body is too large")
TOO_SLOW = ErrorAnswer(408, "too-slow", "the body arrived too slowly")
CUT_OFF = ErrorAnswer(400, "cut-off", "the body ended early")
PERSONAL_DATA = ErrorAnswer(422, "personal-data", "the request holds personal data")
UNSEARCHED = ErrorAnswer(
    415, "unsearched", "the request is of a form that cannot be searched for personal data"
)
NO_UNIT = ErrorAnswer(400, "no-unit", "the request does not say whom it is about")
NOT_YET = ErrorAnswer(404, "no-window", "that window is not over, or no longer kept")
MODEL_SLOW = ErrorAnswer(504, "model-slow", "the model did not answer in time")
MODEL_FAILED = ErrorAnswer(502, "model-failed", "the model gave no answer")
FAILED = ErrorAnswer(500, "failed", "the proxy failed")


def bad_question(why: str) -> ErrorAnswer:
    """A body that cannot be asked; `why` is one of ours."""
    return ErrorAnswer(400, "bad-question", why)


def model_error(fault: UpstreamFault) -> ErrorAnswer:
    """What a caller is told of a model that gave no answer."""
    return MODEL_SLOW if fault is UpstreamFault.SLOW else MODEL_FAILED
