"""Masks the personal data in any text that is about to be shown.

Findings name no value of their own. What else a sentence names is a stranger's all the same: a file, a
folder, an object, a key, a column, an option. This needs no knowledge of where a name came from.
"""

from __future__ import annotations

import re
from functools import lru_cache

from gatecli.model.secret_text import hide_secrets

_MAY_TELL = re.compile(
    r"@"  # an address
    r"|(?:[0-9][^0-9\n]{0,3}){5}[0-9]"  # a number, in groups or not
    r"|(?=[A-Z]*[0-9])[A-Z0-9]{8}|(?:[0-9A-Fa-f]{2}[:-]){5}"  # one with letters; of a device
    r"|[^\W\x00-\x7fαβδελμστ]|[\u00ad\u200b-\u200f\u2060-\u206f\ufeff]"  # other scripts; what is not seen
    r"|(?=[a-z+/_-]*[A-Z0-9])[A-Za-z0-9+/_-]{12}|\\|&#|&[A-Za-z]{2,8};|%[0-9A-Fa-f]{2}"  # encoded
)
"""What every text that holds personal data has: most texts do not, and importing the search takes a while."""


@lru_cache(maxsize=8192)
def conceal_values(text: str) -> str:
    """`text` with every value in it masked that is personal everywhere; published test values stay. Secrets
    of a known form are hidden too.
    """
    if not may_tell(text):
        return text
    from gatecli.pii.masking import masked_spans

    return masked_spans(hide_secrets(text))


def may_tell(text: str) -> bool:
    """Whether a search of `text` is worth it."""
    return _MAY_TELL.search(text) is not None
