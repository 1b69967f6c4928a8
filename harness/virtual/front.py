"""The tablet's front put together: adb's port, services, shell and commands over one tablet's state."""

from __future__ import annotations

import errno
import random

from harness.core.errors import EnvironmentFault
from harness.virtual.commands.table import COMMANDS
from harness.virtual.services import Services
from harness.virtual.tablet import Tablet
from harness.virtual.transport import FEATURES, AdbListener

# adb scans 5555 to 5585 for emulators and would attach the tablet twice.
_FREE_PORTS = range(20_000, 32_000)
_TRIES = 50


class Front:
    """What adb connects to. `start` gives the port."""

    def __init__(self, tablet: Tablet) -> None:
        self.tablet = tablet
        self.services = Services(tablet, COMMANDS)
        profile = tablet.profile
        banner = (
            f"device::ro.product.name={profile.device};ro.product.model={profile.model};"
            f"ro.product.device={profile.device};features={','.join(FEATURES)}"
        )
        self.listener = AdbListener(self.services, banner, lambda line: tablet.log.write("adbd", line))
        self.services.listener = self.listener

    async def start(self, port: int) -> int:
        """Listen on 127.0.0.1; port 0 chooses a free one outside adb's emulator range.

        Raises:
            EnvironmentFault: the port is taken.
        """
        tries = [port] if port else random.sample(_FREE_PORTS, _TRIES)
        for candidate in tries:
            try:
                return await self.listener.start(candidate)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise EnvironmentFault(f"port {candidate}: {error.strerror}") from error
        raise EnvironmentFault(
            f"port {port} on 127.0.0.1 is taken: choose another, or 0 for any" if port else "no free port was found"
        )

    async def stop(self) -> None:
        """Cut the host and end every job."""
        await self.listener.stop()
        await self.tablet.close()
