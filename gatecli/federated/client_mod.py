"""A mod of Flower's clients: tells the server which local noise was added."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gatecli.errors import MissingExtraError

RECORD, FIELDS = "gatecli.local-noise", ("clipping_norm", "sensitivity", "epsilon", "delta")
"""The name of a ConfigRecord in a reply, and the settings of Flower's `LocalDpMod` that it holds."""


def tell_local_noise(local_dp_mod: Any) -> Callable[[Any, Any, Any], Any]:
    """Flower's `LocalDpMod`, which also tells its settings with each reply, for `record_strategy(local=…)`.

        app = ClientApp(mods=[tell_local_noise(LocalDpMod(1.0, 2.0, 1.0, 1e-5))])

    Raises MissingExtraError without Flower.
    """
    config_record = _config_record()
    settings = {field: float(getattr(local_dp_mod, field)) for field in FIELDS}

    def add_settings(message: Any, context: Any, call_next: Any) -> Any:
        reply = local_dp_mod(message, context, call_next)
        if not reply.has_error():
            reply.content[RECORD] = config_record(settings)
        return reply

    return add_settings


def _config_record() -> Any:
    try:
        from flwr.app import ConfigRecord  # noqa: PLC0415 - an optional package
    except ImportError:
        raise missing_flower() from None
    return ConfigRecord


def missing_flower() -> MissingExtraError:
    return MissingExtraError("recording a run of Flower needs flwr", advice="pip install 'gatecli[flower]'")
