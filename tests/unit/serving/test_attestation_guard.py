"""What a running proxy asks before every answer: clocks that jump, files that change, and nothing revived."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gatecli.gates.served_attestation import AttestationStanding, attestation_standing
from gatecli.serving.attestation_guard import EVERY, STALE, UNSEEN, AttestationGuard
from tests.support.attestations import ed25519
from tests.support.served_endpoints import BUNDLE, endpoint, trusting_policy, write_endpoint
from tests.support.serving import START, Clocks

DAY = timedelta(days=1)
HELD = AttestationStanding(None, "a" * 64, ends=START + DAY)


@dataclass
class Loader:
    """What is there to be seen; an error instead where there is one."""

    found: AttestationStanding = HELD
    error: Exception | None = None
    asked: list[datetime] = field(default_factory=list)

    def __call__(self, at: datetime) -> AttestationStanding:
        self.asked.append(at)
        if self.error is not None:
            raise self.error
        if self.found.ends is not None and at >= self.found.ends:
            return AttestationStanding("it is too old", self.found.sha256)
        return self.found


def guard_of(load: Loader, clocks: Clocks, *watched: Path) -> AttestationGuard:
    return AttestationGuard(load, lambda: clocks.wall, lambda: clocks.seconds, lambda: watched)


def test_nothing_holds_before_it_was_looked_at() -> None:
    assert guard_of(Loader(), Clocks()).fault() == UNSEEN


def test_what_holds_is_no_fault_and_asking_reads_nothing() -> None:
    guard = guard_of(load := Loader(), Clocks())
    guard.refresh()
    assert [guard.fault() for _ in range(3)] == [None, None, None]
    assert (len(load.asked), guard.standing) == (1, HELD)


def test_an_attestation_that_ends_while_serving_is_refused_from_that_moment_on() -> None:
    guard = guard_of(Loader(), clocks := Clocks())
    guard.refresh()
    clocks.pass_by(DAY.total_seconds() - 1)
    guard.refresh()
    assert guard.fault() is None
    clocks.pass_by(1)
    assert guard.fault() == "the attestation expired at 2026-06-02T12:00:00Z"


def test_a_clock_that_is_set_back_revives_nothing() -> None:
    guard = guard_of(Loader(), clocks := Clocks())
    guard.refresh()
    clocks.wall += 2 * DAY
    assert guard.fault() is not None
    clocks.wall -= 3 * DAY
    assert guard.fault() is not None
    guard.refresh()
    assert guard.fault() is not None


def test_a_clock_that_stands_still_lets_nothing_live_longer() -> None:
    guard = guard_of(Loader(), clocks := Clocks())
    guard.refresh()
    clocks.seconds += DAY.total_seconds()
    guard.refresh()
    assert guard.fault() is not None


def test_what_ended_between_two_looks_stays_ended() -> None:
    guard = guard_of(Loader(), clocks := Clocks())
    guard.refresh()
    clocks.wall += 2 * DAY
    guard.refresh()
    clocks.wall -= 2 * DAY
    guard.refresh()
    assert guard.fault() is not None


def test_a_renewed_attestation_is_served_again() -> None:
    guard = guard_of(load := Loader(), clocks := Clocks())
    guard.refresh()
    clocks.pass_by(DAY.total_seconds())
    assert guard.fault() is not None
    load.found = replace(HELD, sha256="b" * 64, ends=START + 90 * DAY)
    guard.refresh()
    assert guard.fault() is None


def test_an_error_while_looking_again_is_a_fault_that_tells_no_more_than_its_kind() -> None:
    guard = guard_of(load := Loader(), Clocks())
    guard.refresh()
    load.error = ValueError("110101199003074477")
    guard.refresh()
    assert guard.fault() == "the attestation could not be looked at again (ValueError)"
    load.error = None
    guard.refresh()
    assert guard.fault() is None


def test_what_nobody_looks_at_again_is_not_served_for_long() -> None:
    guard = guard_of(Loader(), clocks := Clocks())
    guard.refresh()
    clocks.pass_by(STALE)
    assert guard.fault() is None
    clocks.pass_by(1)
    assert "not looked at again" in str(guard.fault())


def test_it_is_looked_at_again_after_a_minute_and_not_before() -> None:
    guard = guard_of(load := Loader(), clocks := Clocks())
    guard.refresh_if_due()
    clocks.pass_by(EVERY - 1)
    guard.refresh_if_due()
    assert len(load.asked) == 1
    clocks.pass_by(1)
    guard.refresh_if_due()
    assert len(load.asked) == 2


def test_a_file_that_changed_is_looked_at_at_once(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("one")
    guard = guard_of(load := Loader(), Clocks(), file, tmp_path / "missing")
    guard.refresh_if_due()
    guard.refresh_if_due()
    assert len(load.asked) == 1
    file.write_text("another")
    guard.refresh_if_due()
    file.unlink()
    guard.refresh_if_due()
    assert len(load.asked) == 3


def test_a_real_attestation_is_refused_once_its_file_is_gone_and_served_again_once_it_is_back(
    tmp_path: Path,
) -> None:
    key, clocks = ed25519(), Clocks()
    write_endpoint(tmp_path, key)
    policy, spec = trusting_policy(key), endpoint()
    guard = AttestationGuard(
        lambda at: attestation_standing(spec, tmp_path, policy, at),
        lambda: clocks.wall,
        lambda: clocks.seconds,
        lambda: (tmp_path / BUNDLE,),
    )
    guard.refresh()
    assert guard.fault() is None
    content = (tmp_path / BUNDLE).read_bytes()
    (tmp_path / BUNDLE).unlink()
    guard.refresh_if_due()
    assert guard.fault() is not None
    (tmp_path / BUNDLE).write_bytes(content)
    guard.refresh_if_due()
    assert guard.fault() is None


moves = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.integers(-72, 72)),
        st.tuples(st.just("pass"), st.integers(0, 48)),
        st.tuples(st.just("look"), st.just(0)),
        st.tuples(st.just("ask"), st.just(0)),
    ),
    max_size=30,
)


@given(moves)
def test_whatever_the_clocks_do_what_was_refused_as_expired_is_never_served(
    made: list[tuple[str, int]],
) -> None:
    guard = guard_of(Loader(), clocks := Clocks())
    guard.refresh()
    expired = False
    for move, hours in made:
        if move == "set":
            clocks.wall += timedelta(hours=hours)
        elif move == "pass":
            clocks.pass_by(hours * 3600.0)
        elif move == "look":
            guard.refresh()
        elif guard.fault() is None:
            assert not expired
            assert clocks.wall < START + DAY
            assert clocks.seconds < DAY.total_seconds()
        elif "expired" in str(guard.fault()):
            expired = True
