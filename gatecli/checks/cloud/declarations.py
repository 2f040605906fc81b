"""Which declaration of the repository is the one that a job's image holds."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from gatecli.checks.cloud.interface import PlacedRelease
from gatecli.checks.cloud.run_call import RunCall

_USUAL = "privacy.yaml"


def declaration_of(call: RunCall, declared: Sequence[PlacedRelease]) -> PlacedRelease | None:
    """The declaration of the file that a job names, by the last part of its name in the image.

    `declared` are those that stand near the definition, the nearest first. None where no file is called so,
    or where the nearest one holds several.
    """
    named = call.value("--declaration")
    if named is not None and not named.is_known:
        return None
    name = posixpath.basename(named.text if named is not None else _USUAL)
    found = [each for each in declared if posixpath.basename(each.path) == name]
    nearest = [each for each in found if each.path == found[0].path]
    return nearest[0] if len(nearest) == 1 else None
