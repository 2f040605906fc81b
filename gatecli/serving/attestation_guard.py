"""What a running proxy asks before every answer: whether the model's attestation still holds.

Asking compares times and nothing else. Files are read by `refresh`, which takes as long as they are large and
belongs in a thread. Whatever cannot be looked at is a fault: nothing is served by an attestation that nobody
could read again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

from gatecli.gates.served_attestation import AttestationStanding, FileState, file_state

EVERY = 60.0
"""Seconds after which everything is looked at again, whether a file changed or not."""
STALE = 5 * EVERY
"""Seconds after which what was seen is too old to serve by: whoever looks again does not come back."""
UNSEEN = "the attestation was not looked at yet"
EXPIRED = "the attestation expired at {:%Y-%m-%dT%H:%M:%SZ}"
OUTDATED = "the attestation was not looked at again for {:.0f} s"
UNREADABLE = "the attestation could not be looked at again ({})"


class AttestationGuard:
    """Asks `load` for the standing at a moment, and keeps it until it ends.

    `wall` gives the time in UTC, which somebody may set; `monotonic` gives seconds that only grow. The later
    of the two counts, and what has ended once stays ended: a clock that is set back revives nothing.
    `watched` names the files whose change is looked at before the minute is over.
    """

    def __init__(
        self,
        load: Callable[[datetime], AttestationStanding],
        wall: Callable[[], datetime],
        monotonic: Callable[[], float],
        watched: Callable[[], Sequence[Path]] = tuple,
    ) -> None:
        self._load, self._wall, self._monotonic, self._watched = load, wall, monotonic, watched
        self._start = wall(), monotonic()
        self._seen = AttestationStanding(UNSEEN)
        self._seen_at = monotonic()
        self._ended: datetime | None = None
        self._state: tuple[FileState | None, ...] = ()
        self._looking = Lock()

    @property
    def standing(self) -> AttestationStanding:
        """What was seen last; whether it still holds, `fault` says."""
        return self._seen

    def fault(self) -> str | None:
        """Why nothing may be answered now; None while the attestation holds. Reads no file."""
        seen, now = self._seen, self.moment()
        if seen.fault is not None:
            return seen.fault
        if self._is_over(seen, now):
            return EXPIRED.format(seen.ends)
        age = self._monotonic() - self._seen_at
        return OUTDATED.format(age) if age > STALE else None

    def refresh(self) -> AttestationStanding:
        """Look at everything again, now. One at a time; never raises."""
        with self._looking:
            now, asked = self.moment(), self._monotonic()
            self._is_over(self._seen, now)
            state = self._states()
            self._seen = self._looked_at(now)
            self._seen_at, self._state = asked, state
            return self._seen

    def refresh_if_due(self) -> AttestationStanding:
        """The same, where a minute is over or a watched file is not as it was."""
        is_due = self._monotonic() - self._seen_at >= EVERY or self._seen.fault == UNSEEN
        if is_due or self._states() != self._state:
            return self.refresh()
        return self._seen

    def moment(self) -> datetime:
        """The time, never earlier than the start and the seconds since."""
        wall, since = self._start
        return max(self._wall(), wall + timedelta(seconds=self._monotonic() - since))

    def _is_over(self, seen: AttestationStanding, now: datetime) -> bool:
        """Whether it has ended, now or at any time before; that it has is kept in mind."""
        if seen.ends is None:
            return False
        if now >= seen.ends and (self._ended is None or self._ended < seen.ends):
            self._ended = seen.ends
        return self._ended is not None and seen.ends <= self._ended

    def _looked_at(self, now: datetime) -> AttestationStanding:
        try:
            return self._load(now)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, nobody knows that it holds
            return AttestationStanding(UNREADABLE.format(type(error).__name__))

    def _states(self) -> tuple[FileState | None, ...]:
        """The state of every watched file; nothing where they cannot be listed, which `load` will say."""
        try:
            return tuple(file_state(path) for path in self._watched())
        except OSError:
            return ()
