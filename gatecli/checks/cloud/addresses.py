"""Addresses of data as jobs give them: assets, paths of datastores, objects of S3."""

from __future__ import annotations

import re
from urllib.parse import unquote

_ASSET = "azureml:"


def without_version(source: str) -> str:
    """`azureml:digits:1` and `azureml:digits@latest` are `azureml:digits`; other addresses stay."""
    if not is_asset(source):
        return source
    return _ASSET + source.removeprefix(_ASSET).partition(":")[0].partition("@")[0]


def is_asset(source: str) -> bool:
    """Whether an address is the name of an asset of Azure Machine Learning, and not a path."""
    return source.startswith(_ASSET) and not source.startswith(f"{_ASSET}//")


def leads_elsewhere(source: str) -> bool:
    """Whether a `..` is among the folders of an address."""
    return ".." in re.split(r"[/\\]", unquote(source))
