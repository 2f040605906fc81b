"""The policy of the cluster: one PrivacyPolicy by name, and the PrivacyWaivers of all namespaces.

kopf watches both, and says that something changed; a list says what. What does not validate is left out:
of the policy the last sound version judges, which the leader keeps in its status, so that it survives
every replica; of the waivers that one alone is.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from admission.cluster.client import Client, ClusterError, ConflictError, MissingError, ResourceKind
from admission.cluster.conditions import Condition, status_change
from admission.cluster.custom_resources import POLICIES, WAIVERS
from admission.cluster.informer import Key, Mirror, Objects
from admission.logs import LOGGER
from admission.policy_loader import read_objects
from admission.review.admission_review import too_deep
from admission.review.rulebook import Rulebook, rulebook_of, warm, with_waivers
from gatecli.errors import ConfigurationError
from gatecli.model.policy import PrivacyPolicy, stamp
from gatecli.model.waiver import PlacedWaiver, PrivacyWaiver

SETTLE = 0.05
"""Seconds after a change for others that belong to it."""
Waivers = dict[str, tuple[PlacedWaiver, ...]]
"""By namespace."""


@dataclass(frozen=True, slots=True)
class Compiling:
    """What a rulebook is made with besides policy and waivers (see `rulebook_of`)."""

    key: bytes = field(repr=False)
    seconds: float
    fingerprint_key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Read:
    """What was made of the cluster's objects: a rulebook, if any can be used, and what to say of each."""

    rulebook: Rulebook | None
    policies: Mapping[Key, Condition]
    waivers: Mapping[Key, Condition]


def read(
    policies: Objects, waivers: Objects, name: str, compiling: Compiling, before: Rulebook | None = None
) -> Read:
    """The rulebook of the PrivacyPolicy `name`; of the shipped policy where there is none by that name.

    Where its present version cannot be used: the last sound one, as `before` holds it or its status keeps
    it; None where neither does. It is warm. Takes seconds for a policy that is not that of `before`.
    """
    said = {key: _told_of_other(item, name) for key, item in policies.items()}
    mine = policies.get(("", name))
    if mine is None:
        LOGGER.info("there is no PrivacyPolicy %s; the shipped policy is in force", name)
        made = _compile_rulebook(None, waivers, compiling, before)
        return Read(made[0], said, made[1])
    try:
        rulebook, about = _compile_rulebook(mine, waivers, compiling, before)
    except ConfigurationError as error:
        said["", name] = Condition(is_ready=False, reason="Invalid", message=error.message)
        last, about = _last_good(mine, waivers, compiling, before)
        return Read(last, said, about)
    accepted = {"generation": _generation(mine), "spec": mine["spec"]}
    more = {"sha256": rulebook.stamp.sha256, "accepted": accepted}
    said["", name] = Condition(is_ready=True, reason="InForce", message="this policy is in force", more=more)
    return Read(rulebook, said, about)


def _last_good(
    mine: Mapping[str, Any], waivers: Objects, compiling: Compiling, before: Rulebook | None
) -> tuple[Rulebook | None, dict[Key, Condition]]:
    if before is not None:
        sound, about = read_waivers(waivers, before.policy)
        return with_waivers(before, sound, before.generation), about
    accepted = (mine.get("status") or {}).get("accepted") or {}
    if accepted:
        metadata = {**mine["metadata"], "generation": accepted.get("generation")}
        try:
            kept = {**mine, "metadata": metadata, "spec": accepted.get("spec")}
            return _compile_rulebook(kept, waivers, compiling, None)
        except ConfigurationError as error:
            LOGGER.error("the last good policy cannot be used either: %s", error.message)
    return None, {}


def _compile_rulebook(
    item: Mapping[str, Any] | None, waivers: Objects, compiling: Compiling, before: Rulebook | None
) -> tuple[Rulebook, dict[Key, Condition]]:
    """Raises ConfigurationError."""
    policy = read_policy(item)
    sound, about = read_waivers(waivers, policy)
    generation = _generation(item) if item is not None else 0
    if before is not None and _is_same_law(before.policy, policy):
        return with_waivers(before, sound, generation), about
    rulebook = rulebook_of(
        policy,
        sound,
        key=compiling.key,
        seconds=compiling.seconds,
        fingerprint_key=compiling.fingerprint_key,
        generation=generation,
    )
    warm(rulebook)
    return rulebook, about


def _is_same_law(one: PrivacyPolicy, other: PrivacyPolicy) -> bool:
    """Whether both judge alike; the stamp leaves out whose attestations are trusted."""
    return stamp(one) == stamp(other) and one.spec.attestation == other.spec.attestation


def read_policy(item: Mapping[str, Any] | None) -> PrivacyPolicy:
    """The policy in a PrivacyPolicy, resolved; without one the shipped one. Raises ConfigurationError."""
    given = {} if item is None else {f"PrivacyPolicy {item['metadata']['name']}": _content(item)}
    return read_objects(given).policy


_HOLDS = "this waiver holds through its last day"
_HOLDS_FOR_ANYTHING = (
    f"{_HOLDS}, for whatever its subject comes to hold; give a fingerprint in place of the subject"
)


def read_waivers(items: Objects, policy: PrivacyPolicy) -> tuple[Waivers, dict[Key, Condition]]:
    """The sound waivers by namespace, and what to say of every one."""
    known = policy.spec.pii.own_rules
    sound: Waivers = {}
    said: dict[Key, Condition] = {}
    for key, item in sorted(items.items()):
        namespace, name = key
        try:
            where = f"PrivacyWaiver {namespace}/{name}"
            placed = read_objects({where: _content(item)}, known).waivers
        except ConfigurationError as error:
            said[key] = Condition(is_ready=False, reason="Invalid", message=error.message)
            continue
        sound[namespace] = (*sound.get(namespace, ()), *placed)
        bound = all(each.waiver.spec.fingerprint for each in placed)
        said[key] = Condition(is_ready=True, reason="Holds", message=_HOLDS if bound else _HOLDS_FOR_ANYTHING)
    return sound, said


def _content(item: Mapping[str, Any]) -> dict[str, Any]:
    """What a file would hold: without what the server adds, its numbers as exact as it wrote them."""
    content = {
        "apiVersion": item.get("apiVersion", "gatecli.dev/v1"),
        "kind": item.get("kind", ""),
        "metadata": {"name": item["metadata"]["name"]},
        "spec": item.get("spec"),
    }
    if too_deep(content):
        raise ConfigurationError(f"{content['kind']} {item['metadata']['name']} is nested too deeply")
    exact: dict[str, Any] = json.loads(json.dumps(content), parse_float=Decimal)
    return exact


def _generation(item: Mapping[str, Any]) -> int:
    return int(item["metadata"].get("generation") or 0)


def _told_of_other(item: Mapping[str, Any], name: str) -> Condition:
    message = f"the PrivacyPolicy {name} is in force; GATECLI_ADMISSION_POLICY_NAME chooses it"
    try:
        read_policy(item)
    except ConfigurationError as error:
        return Condition(is_ready=False, reason="Invalid", message=error.message)
    return Condition(is_ready=False, reason="NotChosen", message=message)


@dataclass(slots=True)
class ClusterSource:
    """A `PolicySource` of the cluster's objects; only while `leads()` does it write their status.

    It looks at once when `changed` is set, and after `seconds` in any case. `rejected` is told of every
    version of the policy that cannot be used.
    """

    client: Client
    name: str
    compiling: Compiling
    leads: Callable[[], bool]
    utc: Callable[[], datetime]
    seconds: float
    changed: asyncio.Event
    rejected: Callable[[], object] = field(default=lambda: None)
    _refused: str = ""

    async def __call__(self) -> AsyncIterator[Rulebook]:
        policies, waivers = Mirror(self.client, POLICIES.path()), Mirror(self.client, WAIVERS.path())
        latest: Read | None = None
        while True:
            is_new = [await each.look() for each in (policies, waivers)]
            if policies.objects is None or waivers.objects is None:
                await _within(self.changed, self.seconds)
                continue
            if any(is_new):
                before = latest.rulebook if latest else None
                latest = await self._read(policies.objects, waivers.objects, before)
                if latest.rulebook is not None and _differ(latest.rulebook, before):
                    yield latest.rulebook
            if latest is not None and self.leads():
                await self._tell(POLICIES, policies.objects, latest.policies)
                dated = self._date_waivers(waivers.objects, latest.waivers)
                await self._tell(WAIVERS, waivers.objects, dated)
            await _within(self.changed, self.seconds)

    async def _read(self, policies: Objects, waivers: Objects, before: Rulebook | None) -> Read:
        made = await asyncio.to_thread(read, policies, waivers, self.name, self.compiling, before)
        told = made.policies.get(("", self.name))
        problem = told.message if told is not None and not told.is_ready else ""
        if problem and problem != self._refused:
            self.rejected()
            # It names keys of a policy: configuration, and nobody's data.
            LOGGER.error("the policy cannot be used; the last good one stays in force: %s", problem)
        self._refused = problem
        return made

    def _date_waivers(self, items: Objects, said: Mapping[Key, Condition]) -> dict[Key, Condition]:
        """What is said of the waivers today: one holds through its last day."""
        today = self.utc().date()
        expired = {
            key
            for key, told in said.items()
            if told.is_ready and PrivacyWaiver.from_file(_content(items[key])).is_expired(today)
        }
        return {key: replace(told, **_EXPIRED) if key in expired else told for key, told in said.items()}

    async def _tell(self, resource: ResourceKind, items: Objects, said: Mapping[Key, Condition]) -> None:
        for (namespace, name), told in said.items():
            item = items.get((namespace, name))
            change = None if item is None else status_change(item, told, self.utc())
            if change is None:
                continue
            try:
                await self.client.patch(resource.path(namespace, name, "status"), change)
            except (ConflictError, MissingError):
                LOGGER.debug("an object changed meanwhile; its status is written later")
            except ClusterError as error:
                LOGGER.warning("a status was not written: %s", error.message)
                return


_EXPIRED: dict[str, Any] = {
    "is_ready": False,
    "reason": "Expired",
    "message": "its last day is over, or is not a date",
}


def _differ(one: Rulebook, other: Rulebook | None) -> bool:
    return other is None or (one.digest, one.generation) != (other.digest, other.generation)


async def _within(changed: asyncio.Event, seconds: float) -> None:
    """Wait until something changed, or so many seconds; what follows at once is taken along."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await changed.wait()
            await asyncio.sleep(SETTLE)
    changed.clear()
