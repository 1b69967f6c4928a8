"""The error tree. Attributes are data; the sentence is made in `__str__`.

HarnessError                 anything that is not the tablet's fault; Allure: broken
├── UsageError               the user asked for something that cannot be (exit 2)
│   └── InputFileError       a file from outside is wrong: names file, key or byte, what was expected
├── EnvironmentFault         something this machine needs is missing or taken (exit 3)
│   └── ToolMissing          a program or package was not found and could not be installed
├── NoDevice                 no device of the wanted kind is attached (exit 5)
├── DeviceError              talking to a device failed; carries its serial
│   └── DeviceOffline, DeviceUnauthorized, CommandFailed, AdbTimeout, AdbProtocolError, AdbServerDown, NotRestored
├── SessionLost              the Appium session or its instrumentation is gone
├── CaptureError             a screenshot or recording could not be taken
├── WaitTimeout              an awaited observation did not come; carries the last one
└── InconclusiveError        a verdict could not be reached (exit 6)
PlaybackFailure              raised only by Verdict.require(); an AssertionError; Allure: failed (exit 1)
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What `redeye` exits with. `redeye run` exits with pytest's own codes."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    ENVIRONMENT = 3
    INTERNAL = 4
    NO_DEVICE = 5
    INCONCLUSIVE = 6
    INTERRUPTED = 130


class HarnessError(Exception):
    """Anything that is not the tablet's fault."""

    exit_code: ExitCode = ExitCode.INTERNAL


class UsageError(HarnessError):
    """The user asked for something that cannot be; the message says what can."""

    exit_code = ExitCode.USAGE


class InputFileError(UsageError):
    """A file from outside is wrong.

    Args:
        file: the file's path as the user knows it.
        where: key, line or byte offset.
        problem: what was found and what was expected.
        fix: what to do about it.
    """

    def __init__(self, file: str, where: str, problem: str, fix: str = "") -> None:
        super().__init__(file, where, problem, fix)
        self.file, self.where, self.problem, self.fix = file, where, problem, fix

    def __str__(self) -> str:
        place = f"{self.file}: {self.where}" if self.where else self.file
        return f"{place}: {self.problem}" + (f" ({self.fix})" if self.fix else "")


class EnvironmentFault(HarnessError):
    """Something this machine needs is missing, taken or full."""

    exit_code = ExitCode.ENVIRONMENT


class ToolMissing(EnvironmentFault):
    """A program or package was not found and could not be installed."""

    def __init__(self, tool: str, why: str, fix: str) -> None:
        super().__init__(tool, why, fix)
        self.tool, self.why, self.fix = tool, why, fix

    def __str__(self) -> str:
        return f"{self.tool}: {self.why}. {self.fix}"


class NoDevice(HarnessError):
    """No device of the wanted kind is attached."""

    exit_code = ExitCode.NO_DEVICE


class DeviceError(HarnessError):
    """Talking to a device failed."""

    exit_code = ExitCode.ENVIRONMENT

    def __init__(self, serial: str, problem: str) -> None:
        super().__init__(serial, problem)
        self.serial, self.problem = serial, problem

    def __str__(self) -> str:
        return f"{self.serial}: {self.problem}" if self.serial else self.problem


class AdbServerDown(DeviceError):
    """The adb server does not answer."""


class AdbProtocolError(DeviceError):
    """adb sent something that its protocol does not allow, or stopped in the middle."""


class AdbTimeout(DeviceError):
    """adb or the device did not answer before the deadline."""


class DeviceOffline(DeviceError):
    """The device is known but does not answer."""


class DeviceUnauthorized(DeviceError):
    """The device waits for its user to allow USB debugging."""


class CommandFailed(DeviceError):
    """A command on the device exited with an error."""

    def __init__(self, serial: str, command: str, exit_code: int, output: str) -> None:
        super().__init__(serial, f"{command!r} exited {exit_code}: {output.strip()[:500]!r}")
        self.command, self.command_exit, self.output = command, exit_code, output


class NotRestored(DeviceError):
    """Something that was changed on a tablet could not be brought back; its restore journal is kept."""


class SessionLost(HarnessError):
    """The Appium session or its instrumentation is gone. Never retried in silence."""

    exit_code = ExitCode.ENVIRONMENT


class CaptureError(HarnessError):
    """A screenshot or recording could not be taken. There is no default picture."""

    exit_code = ExitCode.ENVIRONMENT


class WaitTimeout(HarnessError):
    """An awaited observation did not come.

    Args:
        what: what was awaited.
        waited_s: how long, in seconds.
        last: the last observation; None when there was none.
    """

    exit_code = ExitCode.ENVIRONMENT

    def __init__(self, what: str, waited_s: float, last: object) -> None:
        super().__init__(what, waited_s, last)
        self.what, self.waited_s, self.last = what, waited_s, last

    def __str__(self) -> str:
        return f"{self.what}: not within {self.waited_s:.1f} s; last seen {self.last!r}"


class InconclusiveError(HarnessError):
    """The instrument was not good enough to judge."""

    exit_code = ExitCode.INCONCLUSIVE


class PlaybackFailure(AssertionError):
    """The tablet, app or delivery did wrong. Raised only by Verdict.require()."""

    exit_code: ExitCode = ExitCode.FAIL
