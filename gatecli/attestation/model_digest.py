"""The digests of a model's folder: by name and content, and as model-signing v1 has it.

`dirHash` is in-toto's: Go's Hash1, the SHA-256 of a line `digest  path` for each file, in the order of their
paths. The root of model-signing (https://github.com/sigstore/model-transparency) is the SHA-256 of the
digests alone, 32 bytes each, in the order of their paths, part by part. It holds no name, so that it stands
beside the other and never instead of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import PurePosixPath

GIT_FILES = frozenset({".git", ".gitattributes", ".github", ".gitignore"})
"""What model-signing leaves out at the top of a folder."""


def model_root(digests: Mapping[str, str]) -> str:
    """The root over files: the hexadecimal SHA-256 of each by its path, relative and with slashes."""
    whole = hashlib.sha256()
    for path in sorted(digests, key=PurePosixPath):
        whole.update(bytes.fromhex(digests[path]))
    return whole.hexdigest()


def folder_hash(digests: Mapping[str, str]) -> str:
    """The `dirHash` over files, as `model_root` takes them. Raises ValueError for a path with a line
    break.
    """
    if any("\n" in path for path in digests):
        raise ValueError("the name of a file holds a line break")
    lines = (f"{digests[path]}  {path}\n" for path in sorted(digests, key=lambda each: each.encode()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
