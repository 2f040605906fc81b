"""Tables that can only be asked within a budget.

    from gatecli.data import open_table
    people = open_table("patients.parquet", budget={"epsilon": 2.0}, bounds={"age": (0, 110)})
    people.mean("age", epsilon=0.5).value

Every answer is accounted, reserved before anything is read, and written as evidence that the release gate
reads. Noise is drawn by OpenDP or another engine that `gatecli audit engines` attacks.
"""

from gatecli import package

TYPE_CHECKING = False  # type checkers take it for true; typing is not imported for it

if TYPE_CHECKING:
    from gatecli.data.expressions import column
    from gatecli.data.opening import open_table

__all__ = ["column", "open_table"]

_HOMES = {"column": "data.expressions:column", "open_table": "data.opening:open_table"}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module 'gatecli.data' has no attribute {name!r}")
        found = globals()[name] = package.member(_HOMES[name])
        return found


def __dir__() -> list[str]:
    return [*globals(), *__all__]
