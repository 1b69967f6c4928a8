"""Layer 2: one tablet. Airplane mode, offline proof, storage, screen, logcat, restore journal."""

from harness.device.oracles import Oracles, OracleSample
from harness.device.proof import OfflineProof, Witness, WitnessSays
from harness.device.tablet import Tablet

__all__ = ["OfflineProof", "OracleSample", "Oracles", "Tablet", "Witness", "WitnessSays"]
