"""Who can be in which pair of classes, where two releases are of the same people.

Every person of a class of one release is in a class of the other: the people of one sensitive value are a
transport from classes to classes. A pair that no transport uses holds nobody. Some transport uses a pair
where one flow does, or where it is on a cycle of what is left of the network (Ahuja, Magnanti and Orlin,
"Network Flows", 1993).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatecli.anonymity.releases.labels import Overlap

Counts = NDArray[np.int64]


def possible_pairs(overlap: Overlap, supply: Counts, demand: Counts) -> Overlap | None:
    """The pairs that can hold a person; None where no assignment of people to classes exists.

    `supply` and `demand` are the people of each class of either release; they have the same sum.
    """
    if overlap.all():
        return overlap
    if not (overlap.any(axis=0).all() and overlap.any(axis=1).all()):
        return None
    if 1 in overlap.shape:
        return overlap
    return _on_cycles(overlap, supply, demand)


def _on_cycles(overlap: Overlap, supply: Counts, demand: Counts) -> Overlap | None:
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - heavy; only releases of the same people need it
    from scipy.sparse.csgraph import connected_components, maximum_flow  # noqa: PLC0415 - the same

    rows, columns = overlap.shape
    total, sink = int(supply.sum()), rows + columns + 1
    left, right = np.nonzero(overlap)
    start = np.concatenate([np.zeros(rows, np.int64), left + 1, np.arange(columns) + rows + 1])
    end = np.concatenate([np.arange(rows) + 1, right + rows + 1, np.full(columns, sink)])
    capacity = np.concatenate([supply, np.full(len(left), total), demand]).astype(np.int32)
    network = csr_matrix((capacity, (start, end)), shape=(sink + 1, sink + 1))
    flow = maximum_flow(network, 0, sink)
    if flow.flow_value != total:
        return None
    used = np.asarray(flow.flow[left + 1, right + rows + 1]).ravel() > 0
    back_from, back_to = right[used] + rows, left[used]
    edges = (np.concatenate([left, back_from]), np.concatenate([right + rows, back_to]))
    residual = csr_matrix((np.ones(len(edges[0]), np.int8), edges), shape=(rows + columns, rows + columns))
    _, component = connected_components(residual, directed=True, connection="strong")
    possible = np.zeros_like(overlap)
    possible[left, right] = used | (component[left] == component[right + rows])
    return possible
