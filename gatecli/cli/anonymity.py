"""`gatecli anonymity`: how identifiable rows are. Each command is a function of a module beside."""

from __future__ import annotations

import typer

from gatecli.cli.lazy_group import LazyGroup


class AnonymityCommands(LazyGroup):
    """What can be asked of tables of people."""

    members = {  # noqa: RUF012 - a ClassVar of the base
        "check": "anonymity_check:check",
        "discover": "anonymity_discover:discover",
        "apply": "anonymity_apply:apply",
        "intersect": "anonymity_intersect:intersect",
        "counts": "anonymity_counts:counts",
        "safe-harbor": "anonymity_safe_harbor:safe_harbor",
        "magnitudes": "anonymity_magnitudes:magnitudes",
        "suppress": "anonymity_suppress:suppress_counts",
    }


app = typer.Typer(
    cls=AnonymityCommands, no_args_is_help=True, help="Measure how identifiable the rows of a table are."
)


@app.callback()
def anonymity() -> None:
    """Measure how identifiable the rows of a table are."""
