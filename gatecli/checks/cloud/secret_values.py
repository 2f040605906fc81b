"""Values that are secrets by what they are called: a variable, an option, a hyperparameter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gatecli.model.job_definition import HOLE, MOUNT
from gatecli.model.secret_text import SECRET

_LONGEST = 300
"""Characters of a name, or of a reference, that are looked at: longer ones are neither."""
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET = re.compile(
    r"(?:.*_)?(?:\w*password|passwd|passphrase|secret|(?:secret|api|access|private|account)_?key|token|"
    r"credentials?|connection_?string)(?:_\d+)?|.+_pwd"
)
_NO_SECRET = re.compile(
    r"(?:.*_)?(?:bos|eos|pad|unk|mask|sep|cls|stop|special|start|end|image|decoder|max|min|num|per)_token|"
    r"key_vault_secret"
)
"""Tokens of a language model, and the option that another rule asks about."""
_REFERENCE = re.compile(
    r"arn:aws[a-z-]*:(?:secretsmanager|ssm):.*|/[^\s]*|https://[^/\s]+\.vault\.[^/\s]+/.*|ssm:.*|"
    r"[\w./-]+\.(?:txt|json|ya?ml|pem|key|env|ini|cfg)|-.*|\$.*|\d{1,5}|"
    r"(?:true|false|none|no|yes|0|1)?",
    re.IGNORECASE | re.DOTALL,
)
"""What names a secret, and is none: an ARN, a file, an address of a key vault, a variable, another option."""
_PAIR = re.compile(
    r"(?:^|(?<=[\s;&|('\"]))(?:-{1,2}(?P<option>[A-Za-z][\w-]*)(?:=|\s+)|(?P<variable>[A-Za-z_]\w*)=)"
    r"(?P<value>'[^']*'|\"[^\"]*\"|[^\s'\";&|]+)"
)


def is_secret(name: str, value: str) -> bool:
    """Whether a value is a secret, by its own form or by its name. What is not known at all is none."""
    if SECRET.search(value):
        return True
    plain = "_".join(_PARTS.findall(name[-_LONGEST:])).lower()
    is_named = _SECRET.fullmatch(plain) is not None and _NO_SECRET.fullmatch(plain) is None
    return is_named and not _REFERENCE.fullmatch(value[:_LONGEST]) and not value.startswith(MOUNT)


def secret_words(words: Sequence[str]) -> Iterator[int]:
    """The numbers of the words of a command that are secrets, or hold one in a text for a shell."""
    for number, word in enumerate(words):
        before = words[number - 1] if number else ""
        option = before.lstrip("-") if before.startswith("-") and "=" not in before else ""
        pairs = ((match["option"] or match["variable"], match["value"]) for match in _PAIR.finditer(word))
        named = [(option, word), *((name, value.strip("'\"")) for name, value in pairs)]
        if any(is_secret(name, value) for name, value in named if value != HOLE):
            yield number
