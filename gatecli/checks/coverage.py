"""What a run over a whole folder found and did not check: it is said, and never a silent pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding

NOT_CHECKED = Rule(
    "check-not-checked", Severity.NOTE, "Something that a gate covers was found but not checked"
)

RULES: tuple[Rule, ...] = (NOT_CHECKED,)

NAMED = 3


def find_unplanned(folders: Sequence[str], root: str) -> Iterator[Finding]:
    """A note on Terraform folders without a plan: planning runs programs, which no check does unasked."""
    if folders:
        yield _note(
            f"Terraform was found but not planned: {_list_names(folders)}",
            root,
            folders[0],
            f"gatecli terraform check {folders[0]}, or keep the JSON of its plan in that folder",
            "\0".join(folders),
        )


def find_unchanged(left_out: int, files: int, revision: str, root: str) -> Iterator[Finding]:
    """A note on files that no personal data was looked for in, because they did not change."""
    if left_out:
        yield _note(
            f"only files that changed since {revision} were searched for personal data: "
            f"{left_out} of {files} files were not",
            root,
            root,
            "run gatecli once without --changed-since on the branch that changes are merged into",
            "changed-since",
        )


def find_left_out(gates: Sequence[str], files: Sequence[str], root: str) -> Iterator[Finding]:
    """Notes on gates and files that the policy leaves out."""
    if gates:
        many = "s" * (len(gates) > 1)
        yield _note(
            f"the policy leaves out the gate{many} {', '.join(gates)}",
            root,
            root,
            f"gatecli check --only {gates[0]}, or take it out of spec.check in the policy",
            "\0".join(("gates", *gates)),
        )
    if files:
        yield _note(
            f"the policy leaves out {_list_names(files)}",
            root,
            files[0],
            "remove it from spec.check.exclude in the policy to have it checked",
            "\0".join(("files", *files)),
        )


def find_unasked(folders: Sequence[str], root: str) -> Iterator[Finding]:
    """A note on folders that the policy names to be planned, and that the command line does not allow."""
    if folders:
        yield _note(
            f"the policy names Terraform to be planned: {_list_names(folders)}",
            root,
            folders[0],
            "give --plan if programs may run here and the policy is not by the author of what is checked",
            "\0".join(("plan", *folders)),
        )


def _note(message: str, root: str, path: str, mend: str, identity: str) -> Finding:
    return make_finding(NOT_CHECKED, message, subject=root, place=Place(path), mend=mend, identity=identity)


def _list_names(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
