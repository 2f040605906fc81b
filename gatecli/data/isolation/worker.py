"""The side that holds the rows: `python -P -m gatecli.data.isolation.worker FD`, started by the other one.

It trusts nothing that it is told but where the table is: each question is judged as if it were made here.
"""

from __future__ import annotations

import resource
import socket
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any

from gatecli.data.isolation.messages import (
    answers_data,
    error_data,
    read_message,
    spent_data,
    write_message,
)
from gatecli.data.opening import open_session, read_request
from gatecli.data.plans import METHODS
from gatecli.data.queries import read_budget, read_query
from gatecli.data.session import TableSession
from gatecli.errors import GatecliError, UncheckableError, UsageError


def serve(stream: IO[str]) -> None:
    """Open the table that the first message names, and answer the others until there are no more."""
    request = read_message(stream)
    if request is None:
        return
    opened: list[TableSession] = []
    write_message(stream, _reply(lambda: _open(request, opened)))
    for session in opened:
        try:
            _answer_all(session, stream)
        finally:
            session.close()


def _answer_all(session: TableSession, stream: IO[str]) -> None:
    while (message := read_message(stream)) is not None:
        write_message(stream, _reply(partial(_handle, session, message)))


def _reply(work: Callable[[], Any]) -> dict[str, Any]:
    """What some work gives. An error that is none of ours may hold a value: its class alone is told."""
    try:
        return {"value": work()}
    except GatecliError as error:
        return {"error": error_data(error)}
    except Exception as error:  # noqa: BLE001 - as above
        name = type(error).__name__
        return {"error": error_data(UncheckableError(f"the table failed ({name})", advice="open it again"))}


def _open(request: Mapping[str, Any], opened: list[TableSession]) -> Any:
    session = open_session(read_request(request))
    opened.append(session)
    return list(session.view.kinds.items())


def _handle(session: TableSession, message: Mapping[str, Any]) -> Any:
    for word, handle in _HANDLERS.items():
        if word in message:
            return handle(session, message)
    raise UsageError("a message is none that is known", advice="ask by gatecli.data")


def _ask(session: TableSession, message: Mapping[str, Any]) -> Any:
    return answers_data([session.ask(read_query(message["ask"], session.view))])


def _judge(session: TableSession, message: Mapping[str, Any]) -> None:
    session.judge(read_query(message["judge"], session.view))


def _ask_plan(session: TableSession, message: Mapping[str, Any]) -> Any:
    budget, method = read_budget(*message["budget"]), message["method"]
    if budget is None or method not in METHODS:
        raise UsageError("a plan has no budget or no method", advice="ask by gatecli.data")
    queries = [read_query(each, session.view) for each in message["plan"]]
    return answers_data(session.ask_plan(queries, budget, method))


def _refuse(session: TableSession, message: Mapping[str, Any]) -> None:
    session.refuse(str(message["refuse"]))


def _spending(session: TableSession, _message: Mapping[str, Any]) -> Any:
    return spent_data(session.spending())


def _write(session: TableSession, message: Mapping[str, Any]) -> None:
    session.write_evidence(Path(message["write"]))


_HANDLERS: Mapping[str, Callable[[TableSession, Mapping[str, Any]], Any]] = {
    "ask": _ask,
    "judge": _judge,
    "plan": _ask_plan,
    "refuse": _refuse,
    "spending": _spending,
    "write": _write,
}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no core file holds rows
    with socket.socket(fileno=int(sys.argv[1])) as _ours, _ours.makefile("rw", encoding="utf-8") as _stream:
        serve(_stream)
