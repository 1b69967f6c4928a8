"""What an app holds on the tablet, read as the app by run-as: files, sizes and their bytes."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass

from harness.adb import AdbDevice, quote
from harness.core.errors import CommandFailed, DeviceError

MAX_PULL_BYTES = 4 * 1024**3


@dataclass(frozen=True)
class AppFile:
    """One file of the app; path is relative to the folder that was read."""

    path: str
    size_bytes: int


class Storage:
    """An app's private storage on one tablet."""

    def __init__(self, adb: AdbDevice) -> None:
        self._adb = adb

    def free_bytes(self, path: str = "/sdcard") -> int:
        """Free bytes where `path` is.

        Raises:
            DeviceError: df printed something else than its table of 1K-blocks.
        """
        text = self._adb.shell(["df", "-k", path]).text
        fields = text.strip().splitlines()[-1].split() if text.strip() else []
        if len(fields) < 4 or not fields[3].isdigit():
            raise DeviceError(self._adb.serial, f"df -k {path} printed {text[-200:]!r}; expected its 1K-blocks table")
        return int(fields[3]) * 1024

    def list(self, package: str, folder: str) -> tuple[AppFile, ...]:
        """All files below `folder` of the app's data directory; empty when the folder does not exist.

        Raises:
            CommandFailed: run-as was refused.
        """
        inner = f"find {quote(folder)} -type f -exec stat -c '%s %n' {{}} +"
        done = self._adb.shell(f"run-as {quote(package)} sh -c {quote(inner)}", timeout_s=30, check=False)
        if done.exit_code != 0:
            if "No such file" in done.text + done.stderr.decode("utf-8", "replace"):
                return ()
            raise CommandFailed(
                self._adb.serial, done.command, done.exit_code, done.text + done.stderr.decode("utf-8", "replace")
            )
        files = []
        for line in done.text.splitlines():
            size, _, path = line.partition(" ")
            if not size.isdigit() or not path:
                raise DeviceError(self._adb.serial, f"stat printed {line!r}; expected '<bytes> <path>'")
            files.append(AppFile(path.removeprefix(folder).lstrip("/"), int(size)))
        return tuple(files)

    def read(self, package: str, folder: str) -> tuple[tuple[str, bytes], ...]:
        """All files below `folder` with their bytes, in one stream (tar as the app).

        Raises:
            CommandFailed: run-as or tar was refused.
            DeviceError: the stream was not a whole tar archive.
        """
        inner = f"tar -cf - {quote(folder)}"
        data = self._adb.exec_out(f"run-as {quote(package)} {inner}", timeout_s=120)
        try:
            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                found = []
                for member in archive:
                    body = archive.extractfile(member) if member.isfile() else None
                    if body is not None:
                        found.append((member.name.removeprefix(folder).lstrip("/"), body.read()))
                return tuple(found)
        except tarfile.TarError as error:
            raise DeviceError(
                self._adb.serial, f"tar of {package}:{folder} is damaged ({error}); it began {data[:120]!r}"
            ) from error
