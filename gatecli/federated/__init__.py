"""Evidence of federated training, written round by round.

    strategy = gatecli.federated.record_strategy(strategy, "rounds.json", client="hospital")

The file is what the gate reads as `format: flower` (docs/federated.md). Flower is imported when a strategy is
wrapped; `RoundRecorder` needs no framework.
"""

from gatecli.federated.client_mod import tell_local_noise
from gatecli.federated.facts import client_noise, clipping, local_noise, server_noise, weights_of
from gatecli.federated.recorder import RoundRecorder, SamplingPlan
from gatecli.federated.strategies import record_strategy
from gatecli.model.federated_evidence import ClientSampling

__all__ = [
    "ClientSampling",
    "RoundRecorder",
    "SamplingPlan",
    "client_noise",
    "clipping",
    "local_noise",
    "record_strategy",
    "server_noise",
    "tell_local_noise",
    "weights_of",
]
