"""The side that asks: a respondent whose rows are in another process."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gatecli.accounting.allocation import Method
from gatecli.data.answers import Answer
from gatecli.data.expressions import ColumnKind
from gatecli.data.isolation.messages import (
    read_answers,
    read_error,
    read_message,
    read_spent,
    write_message,
)
from gatecli.data.isolation.processes import start_worker
from gatecli.data.queries import TableQuery
from gatecli.data.refusals import RefusedError, refusal, require_open, require_own_process
from gatecli.data.respondent import Spent
from gatecli.data.views import TableView
from gatecli.errors import UncheckableError
from gatecli.model.budget import Budget

WORKER = "gatecli.data.isolation.worker"


class IsolatedSession:
    """A session in a process of its own, which ends with this one."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self._stream, self._closing = start_worker(WORKER, self)
        self._process, self._lock = os.getpid(), threading.Lock()
        try:
            self.view = TableView({name: ColumnKind(kind) for name, kind in self._call(request)})
        except BaseException:
            self.close()
            raise

    def _call(self, message: Mapping[str, Any]) -> Any:
        """What the other process answers. An exchange that was cut off is the last one."""
        require_own_process(self._process)  # before the lock, which another thread may have held at the fork
        with self._lock:
            require_open(is_closed=self.is_closed)
            reply = None
            try:
                write_message(self._stream, message)
                reply = read_message(self._stream)
            except (OSError, ValueError):
                reply = None
            finally:
                if reply is None:
                    self._closing()
        if reply is None:
            raise UncheckableError(
                "the process that holds the table has ended",
                advice="what was reserved stays spent; open the table again",
            )
        if "error" in reply:
            raise read_error(reply["error"])
        return reply["value"]

    def ask(self, query: TableQuery) -> Answer:
        """Ask there."""
        (answer,) = read_answers(self._call({"ask": query.as_data()}))
        return answer

    def judge(self, query: TableQuery) -> None:
        """Have it judged there."""
        self._call({"judge": query.as_data()})

    def ask_plan(self, queries: Sequence[TableQuery], budget: Budget, method: Method) -> list[Answer]:
        """Ask several questions there, of one budget."""
        written = [query.as_data() for query in queries]
        amount = [str(budget.epsilon), str(budget.delta)]
        return read_answers(self._call({"plan": written, "budget": amount, "method": method}))

    def refuse(self, name: str) -> RefusedError:
        """Note a refusal there."""
        self._call({"refuse": name})
        return refusal(name)

    def spending(self) -> Spent:
        """How the budget stands there."""
        return read_spent(self._call({"spending": True}))

    def write_evidence(self, path: Path) -> None:
        """Have it written there."""
        self._call({"write": os.fspath(path.absolute())})

    @property
    def is_closed(self) -> bool:
        """Whether nothing is answered any more."""
        return not self._closing.alive

    def close(self) -> None:
        """End the other process."""
        self._closing()
