"""`python -m harness.virtual CONFIG.json`: one virtual tablet until SIGTERM.

Prints one JSON line {"serial", "pid"} when adb can connect. Exit 2: the config is wrong; 3: the port is taken or the
screen could not start.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from harness.core.errors import HarnessError
from harness.virtual.assembly import serve
from harness.virtual.config import read_config


async def _run(file: Path) -> None:
    config = read_config(file)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    await serve(config, stop, lambda line: print(line, flush=True))


def main() -> int:
    """The process's exit code."""
    if len(sys.argv) != 2:
        print("usage: python -m harness.virtual CONFIG.json", file=sys.stderr)
        return 2
    try:
        asyncio.run(_run(Path(sys.argv[1])))
    except HarnessError as error:
        print(f"virtual tablet: {error}", file=sys.stderr)
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
