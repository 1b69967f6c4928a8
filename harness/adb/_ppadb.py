"""The one door to pure-python-adb: what of it we build on, imported with its own warnings kept out.

0.3.0.dev0 has invalid escape sequences in seven files, which is an error under `-W error` on the first compile.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from ppadb.client import Client
    from ppadb.connection import Connection
    from ppadb.device import Device

__all__ = ["Client", "Connection", "Device"]
