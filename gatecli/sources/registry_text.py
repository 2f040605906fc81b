"""A record of the OpenDP deployments registry as the registry reads it: YAML 1.1, with exact numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gatecli.errors import UsageError
from gatecli.sources.files import ReadError
from gatecli.sources.yaml_text import read_yaml


def read_registry_record(path: str, text: str) -> Any:
    """What the record holds; a day that is not in quotes is a day and not text, as the registry has it.

    Raises UsageError if it is not YAML, if it has folded text (the registry refuses it), or if it has
    comments (they would be lost when the record is written again).
    """
    import yaml  # noqa: PLC0415 - needed for YAML alone

    try:
        read_yaml(path, text)
        tokens = list(yaml.scan(text, Loader=yaml.SafeLoader))
        data = yaml.load(text, Loader=_exact_loader())  # noqa: S506 - it is a SafeLoader
    except ReadError as error:
        raise UsageError(f"{path} {error.problem}", advice=error.mend) from None
    except (yaml.YAMLError, ValueError) as error:
        raise UsageError(f"{path} is not a record: {type(error).__name__}", advice="fix its syntax") from None
    scalars = [token for token in tokens if isinstance(token, yaml.ScalarToken)]
    _refuse_folded(path, scalars)
    _refuse_comments(path, text, scalars)
    return data


def _exact_loader() -> Any:
    import yaml  # noqa: PLC0415 - needed for YAML alone

    class ExactLoader(yaml.SafeLoader):
        """Floats as the decimals that are written."""

    def exact(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
        try:
            return Decimal(str(loader.construct_scalar(node)).replace("_", ""))
        except ArithmeticError:
            raise ValueError("a number that is not finite") from None

    ExactLoader.add_constructor("tag:yaml.org,2002:float", exact)
    return ExactLoader


def _refuse_folded(path: str, scalars: list[Any]) -> None:
    for token in scalars:
        if token.style == ">":
            raise UsageError(
                f"{path}, line {token.start_mark.line + 1}: the registry refuses folded text",
                advice="write | in the place of >",
            )


def _refuse_comments(path: str, text: str, scalars: list[Any]) -> None:
    """Comments are what stands outside of texts and begins with #; our own last line is none of theirs."""
    end = 0
    for token in (*scalars, None):
        start = len(text) if token is None else token.start_mark.index
        for line in text[end:start].splitlines():
            if "#" in line and "gatecli:document" not in line:
                raise UsageError(
                    f"{path}: a comment in it would be lost",
                    advice="move what it says into deployment.administrative.notes",
                )
        end = len(text) if token is None else token.end_mark.index
