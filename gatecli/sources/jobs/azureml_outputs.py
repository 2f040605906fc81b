"""Where the outputs of steps are kept, and what a folder of theirs may hold already."""

from __future__ import annotations

from dataclasses import dataclass

from gatecli.model.job_definition import DataOrigin, JobText
from gatecli.sources.jobs.parts import JobPart, text_of

_OWN_FOLDER = "${{name}}"
"""In a path: a folder of the job's own, which is new."""


@dataclass(frozen=True, slots=True)
class KeptOutput:
    """What an output is kept under, and its path; `is_shown` says that the step sees what is there."""

    text: JobText
    path: JobText | None = None
    is_shown: bool = False

    @property
    def holds(self) -> tuple[DataOrigin, ...]:
        """What whoever reads the output finds there already; nothing in a folder of the job's own name."""
        is_own = self.path is None or _OWN_FOLDER in self.path.text
        return () if is_own else (DataOrigin(source=self.path),)


def kept_under(part: JobPart) -> KeptOutput | None:
    """The name or the path under which an output is kept. A path that is mounted shows what is there."""
    path, mode = text_of(part.member("path")), text_of(part.member("mode"))
    is_shown = path is not None and (mode is None or mode.text.lower() != "upload")
    for text in (text_of(part.member("name")), path):
        if text is not None and text.text:
            return KeptOutput(text, path, is_shown)
    return None
