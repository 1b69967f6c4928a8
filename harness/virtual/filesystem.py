"""The tablet's files: device paths mapped into the state folder, contained, with Android's permissions.

/sdcard, /storage/emulated/0 and /storage/self/primary are one tree; app data maps to the screen's storage and opens
only for the app's own uid (run-as). A path can never leave its root, neither by .. nor through a symlink.
"""

from __future__ import annotations

import errno
import fnmatch
import posixpath
from collections.abc import Callable
from pathlib import Path

SHELL_UID = 2000
_SHARED = ("/storage/emulated/0", "/storage/self/primary", "/mnt/sdcard")
_APP_DATA = ("/data/data", "/data/user/0")
_WRITABLE = ("/sdcard", "/data/local/tmp")
_UNREADABLE = ("/data", "/data/app", "/data/data", "/data/user", "/data/user/0", "/data/misc", "/data/system")


def _denied(path: str) -> PermissionError:
    return PermissionError(errno.EACCES, "Permission denied", path)


class FileSystem:
    """Device paths to host paths.

    Args:
        root: host folder that is the tablet's `/`.
        app_dir: (package) -> host folder of its data; None for an unknown package.
        owner: (package) -> its uid.
    """

    def __init__(self, root: Path, app_dir: Callable[[str], Path | None], owner: Callable[[str], int | None]) -> None:
        self.root = root.resolve()
        self._app_dir, self._owner = app_dir, owner
        for folder in ("sdcard/Download", "sdcard/Movies", "sdcard/Android/data", "data/local/tmp", "system/bin"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)

    @staticmethod
    def normal(path: str, cwd: str = "/") -> str:
        """The absolute device path, with the shared storage's other names made /sdcard."""
        clean = posixpath.normpath(posixpath.join(cwd, path or "."))
        clean = "/" + clean.lstrip("/")
        for alias in _SHARED:
            if clean == alias or clean.startswith(alias + "/"):
                return "/sdcard" + clean[len(alias) :]
        return clean

    def host(self, path: str, uid: int = SHELL_UID, cwd: str = "/", write: bool = False) -> Path:
        """The host path of a device path.

        Raises:
            PermissionError: `uid` may not go there, or the path leaves the tablet.
            OSError: (write) the place is read-only.
        """
        clean = self.normal(path, cwd)
        for base in _APP_DATA:
            if clean.startswith(base + "/"):
                return self._app_path(path, clean[len(base) + 1 :], uid)
        if clean in _UNREADABLE or clean.startswith("/data/misc/"):
            raise _denied(path)
        if write and not any(clean == w or clean.startswith(w + "/") for w in _WRITABLE):
            raise OSError(errno.EROFS, "Read-only file system", path)
        return self._inside(self.root, clean.lstrip("/"), path)

    def _app_path(self, path: str, rest: str, uid: int) -> Path:
        package, _, inner = rest.partition("/")
        folder = self._app_dir(package)
        if uid == SHELL_UID or folder is None or self._owner(package) != uid:
            raise _denied(path)
        folder.mkdir(parents=True, exist_ok=True)
        return self._inside(folder.resolve(), inner, path)

    @staticmethod
    def _inside(root: Path, inner: str, path: str) -> Path:
        found = root / inner
        real = found.resolve()
        if real != root and root not in real.parents:
            raise _denied(path)
        return found

    def glob(self, pattern: str, uid: int, cwd: str) -> list[str]:
        """Device paths that match an unquoted pattern, sorted; [] when none does."""
        found = [""] if not pattern.startswith("/") else ["/"]
        for part in [piece for piece in pattern.split("/") if piece]:
            following: list[str] = []
            for prefix in found:
                if not any(sign in part for sign in "*?["):
                    following.append(prefix + part + "/")
                    continue
                try:
                    names = sorted(p.name for p in self.host(prefix or ".", uid, cwd).iterdir())
                except OSError:
                    continue
                following += [
                    prefix + name + "/"
                    for name in names
                    if fnmatch.fnmatchcase(name, part) and (part.startswith(".") or not name.startswith("."))
                ]
            found = following
        paths = [path[:-1] for path in found if len(path) > 1]
        return [path for path in paths if self._exists(path, uid, cwd)]

    def _exists(self, path: str, uid: int, cwd: str) -> bool:
        try:
            return self.host(path, uid, cwd).exists()
        except OSError:
            return False
