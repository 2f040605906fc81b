"""Evidence of federated training, written round by round.

    strategy = gatecli.federated.record_strategy(strategy, "rounds.json", client="hospital")

The file is what the gate reads as `format: flower` (docs/federated.md). Flower is imported when a strategy is
wrapped; `RoundRecorder` needs no framework.
"""

from gatecli.federated.client_mod import tell_local_noise
from gatecli.federated.recorder import RoundRecorder, SamplingPlan
from gatecli.federated.strategies import record_strategy
from gatecli.model.federated_evidence import (
    ClientNoise,
    ClientSampling,
    LocalNoise,
    RoundClipping,
    RoundWeights,
    ServerNoise,
)

__all__ = [
    "ClientNoise",
    "ClientSampling",
    "LocalNoise",
    "RoundClipping",
    "RoundRecorder",
    "RoundWeights",
    "SamplingPlan",
    "ServerNoise",
    "record_strategy",
    "tell_local_noise",
]
