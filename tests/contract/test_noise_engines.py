"""Every engine of noise passes one suite."""

from __future__ import annotations

from gatecli.data.engines.interface import NoiseEngine
from gatecli.data.engines.open_dp import OpenDp
from tests.contract.noise_engine_suite import NoiseEngineSuite


class TestOpenDp(NoiseEngineSuite):
    def engine(self) -> NoiseEngine:
        return OpenDp()
