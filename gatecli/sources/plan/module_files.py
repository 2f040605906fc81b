"""Which files Terraform and OpenTofu read as a module, by their names, and in which order.

Source: Terraform, "Files and Configuration Structure"; "Override Files".
"""

from __future__ import annotations

import os
from pathlib import Path

ENDINGS = (".tf", ".tf.json", ".tofu", ".tofu.json")
"""Endings of the files of a module."""


def is_module_file(name: str) -> bool:
    """Whether a file of this name is a part of a module."""
    return name.endswith(ENDINGS) and not name.startswith(".")


def is_override(name: str) -> bool:
    """Whether a file of this name amends what stands in others."""
    stem = name.partition(".")[0]
    return stem == "override" or stem.endswith("_override")


def reading_order(name: str) -> tuple[bool, str]:
    """What the files of a module are sorted by: overrides come last."""
    return is_override(name), name


def holds_configuration(directory: Path) -> bool:
    """Whether a folder is a module."""
    try:
        names = os.listdir(directory)  # noqa: PTH208 - one look at the folder
    except OSError:
        return False
    return any(map(is_module_file, names))
