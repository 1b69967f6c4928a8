"""One Chromium process: started under a guard, reached by its DevTools port, ended without leftovers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from harness.core.errors import EnvironmentFault
from harness.toolchain.processes import Child
from harness.virtual.cdp import CdpError, Connection, Session

START_TIMEOUT_S = 30.0

# The measured set: no background requests, no throttling of a page that nobody sees.
_FLAGS = (
    "--headless=new",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-domain-reliability",
    "--disable-default-apps",
    "--disable-extensions",
    "--metrics-recording-only",
    "--no-pings",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--password-store=basic",
    "--use-mock-keychain",
    (
        "--disable-features=Translate,OptimizationHints,MediaRouter,AutofillServerCommunication,"
        "InterestFeedContentSuggestions,DialMediaRouteProvider"
    ),
    "--autoplay-policy=no-user-gesture-required",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--mute-audio",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)


@dataclass(frozen=True)
class ChromiumBinary:
    """Where Chromium is and the environment it needs (library path of an unpacked one)."""

    path: Path
    env: Mapping[str, str]


def small_shared_memory() -> bool:
    """True where /dev/shm is too small for Chromium's pictures (a container's has 64 MB); they go to TMPDIR then."""
    try:
        return shutil.disk_usage("/dev/shm").total < 512 << 20
    except OSError:
        return True


def needs_no_sandbox() -> bool:
    """True where Chromium's sandbox cannot work: as root, or where user namespaces are switched off."""
    if os.geteuid() == 0:
        return True
    for switch in (
        "/proc/sys/kernel/unprivileged_userns_clone",
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    ):
        with contextlib.suppress(OSError):
            if Path(switch).read_text().strip() == ("0" if switch.endswith("clone") else "1"):
                return True
    return False


def renderer_prefix(folder: Path, secure_origins: Sequence[str]) -> str:
    """The --renderer-cmd-prefix that hands the secure origins to renderers.

    Headless shell does not pass that flag on, and without it in the renderer there is no secure context, hence no
    service worker.
    """
    script = folder / "renderer.sh"
    script.write_text(f"exec \"$@\" '--unsafely-treat-insecure-origin-as-secure={','.join(secure_origins)}'\n")
    return f"/bin/sh {script}"


def arguments(
    binary: Path, profile: Path, size: tuple[int, int], proxy_port: int, secure_origins: Sequence[str], prefix: str = ""
) -> list[str]:
    """The command line of one Chromium whose every request, loopback too, goes through the tablet's proxy."""
    command = [os.fspath(binary), *_FLAGS]
    if small_shared_memory():
        command.append("--disable-dev-shm-usage")
    if needs_no_sandbox():
        command.append("--no-sandbox")
    if secure_origins:
        command.append("--unsafely-treat-insecure-origin-as-secure=" + ",".join(secure_origins))
    if prefix:
        command.append(f"--renderer-cmd-prefix={prefix}")
    return [
        *command,
        f"--user-data-dir={profile}",
        f"--window-size={size[0]},{size[1]}",
        f"--proxy-server=http://127.0.0.1:{proxy_port}",
        "--proxy-bypass-list=<-loopback>",  # without it 127.0.0.1 would bypass the radio
        "about:blank",
    ]


class Chromium:
    """A running browser with one page. `pid` is the browser process's own."""

    def __init__(self, child: Child, connection: Connection, page: Session, pid: int) -> None:
        self.child, self.connection, self.page, self.pid = child, connection, page, pid

    @classmethod
    async def start(
        cls,
        binary: ChromiumBinary,
        profile: Path,
        *,
        size: tuple[int, int],
        proxy_port: int,
        secure_origins: Sequence[str] = (),
        temporary: Path,
        log: Path,
        on_gone: Callable[[], None] | None = None,
    ) -> Self:
        """A browser that answers.

        Args:
            profile: its user data; kept, so that storage survives.
            temporary: its TMPDIR; kill -9 leaves files there, so it is one folder a tablet.
            on_gone: called once when the browser ends without `stop`.
        Raises:
            EnvironmentFault: it did not start; the message has the end of its log.
        """
        for folder in (profile, temporary):
            folder.mkdir(parents=True, exist_ok=True)
        port_file = profile / "DevToolsActivePort"
        for stale in (port_file, *profile.glob("Singleton*")):
            stale.unlink(missing_ok=True)
        env = {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            **binary.env,
            "TMPDIR": str(temporary),
            "HOME": str(temporary),
        }
        prefix = renderer_prefix(temporary, secure_origins) if secure_origins else ""
        command = arguments(binary.path, profile, size, proxy_port, secure_origins, prefix)
        child = Child.start("chromium", command, log=log, env=env)
        try:
            url = await _devtools_url(child, port_file)
            connection = await Connection.open(url, on_gone)
            page = await connection.attach(await connection.first_page())
            processes = (await connection.call("SystemInfo.getProcessInfo"))["processInfo"]
            pid = next(int(one["id"]) for one in processes if one["type"] == "browser")
        except BaseException:
            await asyncio.to_thread(child.stop, 0.2)
            raise
        return cls(child, connection, page, pid)

    @property
    def running(self) -> bool:
        return self.child.running and not self.connection.closed

    async def stop(self, grace_s: float = 0.2) -> None:
        """End it with all its processes; a short grace is Android's force-stop."""
        with contextlib.suppress(CdpError):
            await self.connection.close()
        await asyncio.to_thread(self.child.stop, grace_s)


async def _devtools_url(child: Child, port_file: Path) -> str:
    """The browser's WebSocket address, once it has written its port file."""
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            while True:
                with contextlib.suppress(OSError):
                    lines = port_file.read_text().splitlines()
                    if len(lines) >= 2:
                        return f"ws://127.0.0.1:{int(lines[0])}{lines[1]}"
                if not child.running:
                    raise EnvironmentFault(f"Chromium ended at once (code {child.exit_code}): {child.log_tail()}")
                await asyncio.sleep(0.02)
    except TimeoutError as problem:
        raise EnvironmentFault(
            f"Chromium did not open its DevTools port within {START_TIMEOUT_S:.0f} s: {child.log_tail()}"
        ) from problem
