"""Layer 1: device profiles. One YAML per tablet model in device_profiles/."""

from harness.profiles.profile import Profile, load_profile

__all__ = ["Profile", "load_profile"]
