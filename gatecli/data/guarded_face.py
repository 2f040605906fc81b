"""What a table behind a budget has in place of a frame's own names: a refusal for each that shows rows."""

from __future__ import annotations

from typing import NoReturn, Self

from gatecli.data.refusals import is_refused
from gatecli.data.respondent import Respondent
from gatecli.data.views import TableView
from gatecli.reports.escaping import visible


class GuardedFace:
    """A view and who answers questions about it. Names of a frame raise RefusedError, and are noted."""

    __slots__ = ("_respondent", "_view")

    def __init__(self, view: TableView, respondent: Respondent) -> None:
        self._view, self._respondent = view, respondent

    def _refuse(self, name: str) -> NoReturn:
        error = self._respondent.refuse(name)
        if name == "[…]" or name in self._view.kinds:
            error.advice = f'write column("NAME") for a column in a condition; {error.advice}'
        raise error

    def __getattr__(self, name: str) -> NoReturn:
        if is_refused(name) or name in self._view.kinds:
            self._refuse(name)
        raise AttributeError(f"a table behind a budget has no {name}")

    def __getitem__(self, name: object) -> NoReturn:
        self._refuse("[…]")

    def __setitem__(self, name: object, value: object) -> NoReturn:
        self._refuse("[…] = …")

    def __len__(self) -> NoReturn:  # noqa: PLE0303 - how many rows there are is refused
        self._refuse("size")

    def __iter__(self) -> NoReturn:
        self._refuse("iterrows")

    def __contains__(self, name: object) -> bool:
        return name in self._view.kinds

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        self._refuse("pickle")

    def __copy__(self) -> Self:
        return self

    def __repr__(self) -> str:
        names = visible(", ".join(self._view.kinds))
        return f"<table of {len(self._view.kinds)} columns behind a budget: {names}>"
