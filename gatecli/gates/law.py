"""Where the law of a run is read: as it stands here, or in a revision of git."""

from __future__ import annotations

from gatecli.gates.policies import Law, LawFiles, read_known


def read_law(files: LawFiles, revision: str | None = None) -> Law:
    """The law as it stands here, or in a revision of git.

    Raises UsageError for a revision that there is not, ConfigurationError for law that cannot be used,
    UncheckableError where git does not answer.
    """
    if revision is None:
        return Law(files.read_bundle(), read_known(files.baseline))
    from gatecli.gates.revision_law import read_law_of_revision  # noqa: PLC0415 - few runs name a revision

    return read_law_of_revision(files, revision)
