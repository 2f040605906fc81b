"""What is answered to a delivery: signed or not, new or known, room or none. No I/O."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gatecli.run_tasks.egress_allowlist import EgressForbiddenError, Targets
from gatecli.run_tasks.message import MessageError, Task, is_signed, task_of
from gatecli.run_tasks.settings import RunTaskSettings

REMEMBERED = 10_000
"""Tasks that are known again; HCP Terraform gives one up after an hour, its token with it."""

Answer = tuple[int, str]


@dataclass(slots=True)
class DeliveryVerifier:
    """Takes each task once, while there is room. `begin` starts the work, `open` is how much is under way."""

    settings: RunTaskSettings
    targets: Targets
    begin: Callable[[Task], None]
    open: Callable[[], int]
    _known: OrderedDict[str, None] = field(default_factory=OrderedDict, repr=False)

    def answer(self, body: bytes, signatures: Sequence[str]) -> Answer:
        """The HTTP status and a sentence; an unsigned body is not read."""
        if not is_signed(body, signatures, self.settings.key):
            return 401, "the signature is missing or wrong"
        try:
            task = task_of(body)
            if task is None:
                return 200, "this is a run task of gatecli"
            self.targets.url(task.callback)
        except MessageError as error:
            return 400, str(error)
        except EgressForbiddenError as error:
            # There is no way to answer but this one.
            return 422, str(error)
        return self._take(task)

    def _take(self, task: Task) -> Answer:
        if task.id in self._known:
            return 200, "known already"
        if self.open() >= self.settings.workers + self.settings.waiting:
            return 503, "busy: the queue is full"
        self._known[task.id] = None
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        self.begin(task)
        return 200, "taken"
