"""A federation in one process: Flower's own server app, strategies and client app, without a network.

Flower's simulation engine needs ray, which is 1 GB. The apps do not: they talk through a `Grid`, and this one
calls the client app directly. Messages, records, strategies and mods are Flower's.
"""

from __future__ import annotations

from collections.abc import Iterable

from flwr.app import Context, Error, Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.supercore.task_identity import TaskIdentity

SERVER, RUN = 1, 1
"""What a SuperLink would number the server and the run."""

FIRST_CLIENT = 100


class InProcessGrid(Grid):
    """Delivers each message to the client app at once, and keeps the state of every client."""

    def __init__(self, app: ClientApp, clients: int) -> None:
        TaskIdentity.run_id, TaskIdentity.node_id, TaskIdentity.task_id = RUN, SERVER, RUN
        self._app = app
        self._contexts = {
            FIRST_CLIENT + number: Context(
                RUN, FIRST_CLIENT + number, {"partition-id": number}, RecordDict(), {}
            )
            for number in range(clients)
        }

    def get_node_ids(self) -> Iterable[int]:
        return list(self._contexts)

    def send_and_receive(
        self, messages: Iterable[Message], *, timeout: float | None = None
    ) -> Iterable[Message]:
        return [self._deliver(message) for message in messages]

    def _deliver(self, message: Message) -> Message:
        try:
            return self._app(message, self._contexts[message.metadata.dst_node_id])
        except Exception as error:  # noqa: BLE001 - a client that fails is an answer, as it is in a network
            return Message(Error(code=1, reason=type(error).__name__), reply_to=message)

    # Flower's strategies send and receive. What else a grid over a network can do, none of them asks for.

    @property
    def run(self) -> object:
        raise NotImplementedError

    def set_run(self, run: object) -> None:
        raise NotImplementedError

    def create_message(self, *_: object, **__: object) -> Message:
        raise NotImplementedError

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        raise NotImplementedError

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        raise NotImplementedError


def run_federation(server: ServerApp, clients: ClientApp, number: int) -> None:
    """Run the server app over so many clients, to its end."""
    grid = InProcessGrid(clients, number)
    server(grid, Context(RUN, SERVER, {}, RecordDict(), {}))
