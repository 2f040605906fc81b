"""The owner of an object, as the cluster has it: whether it holds what a controller copies from it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from admission.cluster.client import Client, ClusterError, MissingError, ResourceKind
from admission.logs import LOGGER
from admission.review.admission_review import Object
from admission.review.owner_references import OwnerReference


@dataclass(frozen=True, slots=True)
class OwnerReader:
    """Reads owners, each within `seconds`: a review waits for it."""

    client: Client
    seconds: float

    async def __call__(self, reference: OwnerReference, namespace: str) -> Object | None:
        """The object by that name; None where there is none, or it cannot be read, which is logged."""
        kind = ResourceKind(reference.group, reference.version, reference.plural)
        try:
            async with asyncio.timeout(self.seconds):
                return await self.client.get(kind.path(namespace, reference.name))
        except MissingError:
            return None
        except (ClusterError, TimeoutError) as error:
            # Without its name, which is a stranger's choice.
            fields = {
                "kind": reference.kind,
                "namespace": namespace,
                "status": error.status if isinstance(error, ClusterError) else 0,
            }
            LOGGER.warning(
                "an owner could not be read, so its copies are judged as new; "
                "status 403: the webhook's account needs the verb get on it",
                extra={"fields": fields},
            )
            return None
