"""Words of units of privacy: whom a promise can be made to, and what is nobody."""

from __future__ import annotations

from gatecli.model.identity import identity_of

_NOBODY = """
batch batches minibatch microbatch epoch step steps iteration run gradient update parameter weight
layer model release token word pixel feature column cell bit byte file shard partition chunk block
"""
"""Parts of training and of data."""

_SOMEBODY = """
person people user client patient customer household family individual human device account record
row example sample event visit day week month year silo hospital school company employee student
member
"""


SINGLE_RECORD_UNITS = frozenset({"record", "row", "example", "sample", "event"})
"""Units of which each row is one."""


CLIENT_UNITS = frozenset({"client", "participant", "node", "silo"})
"""Words for one client of federated training, whatever it is."""


def is_nobody(unit: str) -> bool:
    """Whether a unit of privacy is a part of the training or of the data, and no one in it."""
    words = set(identity_of(unit).replace("-", " ").split())
    return bool(words & set(_NOBODY.split())) and not words & set(_SOMEBODY.split())
