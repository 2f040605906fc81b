"""What a run over a whole folder found and did not check: it is said, and never a silent pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, found

NOT_CHECKED = Rule(
    "check-not-checked", Severity.NOTE, "Something that a gate is for was found and not checked"
)

RULES: tuple[Rule, ...] = (NOT_CHECKED,)

NAMED = 3


def find_unplanned(folders: Sequence[str], root: str) -> Iterator[Finding]:
    """A note on Terraform folders without a plan: planning runs programs, which no check does unasked."""
    if not folders:
        return
    named = ", ".join(folders[:NAMED]) + (f" and {len(folders) - NAMED} more" if len(folders) > NAMED else "")
    yield found(
        NOT_CHECKED,
        f"Terraform was found and not planned: {named}",
        subject=root,
        place=Place(folders[0]),
        mend=f"gatecli terraform check {folders[0]}, or keep the JSON of its plan where it is found",
        identity="\0".join(folders),
    )
