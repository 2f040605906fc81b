"""A decision as the AdmissionReview that answers it."""

from __future__ import annotations

from typing import Any

from admission.review.admission_review import ReviewRequest, response
from admission.review.judging import Decision
from admission.review.messages import annotation_of
from admission.review.rulebook import Rulebook


def answer(request: ReviewRequest, decision: Decision, rulebook: Rulebook) -> dict[str, Any]:
    """The response. The audit log gets reason, mode, policy, and each finding's place and fingerprint."""
    annotations = {
        "reason": decision.reason.value,
        "mode": decision.mode,
        "policy": f"{rulebook.stamp.name} sha256:{rulebook.stamp.sha256}",
    }
    if decision.why:
        annotations["why"] = decision.why
    if decision.findings:
        annotations["findings"] = annotation_of(decision.findings)
    return response(
        request.uid,
        allowed=decision.allowed,
        message=decision.message,
        warnings=decision.warnings,
        annotations=annotations,
        patch=decision.patch,
    )
