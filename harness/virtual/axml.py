"""The package name and version of an APK, read from its binary AndroidManifest.xml.

The format is Android's ResourceTypes.h: a chunk header (u16 type, u16 header size, u32 size), a string pool, then
start-element chunks whose attributes carry a string or an integer.
"""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import dataclass

_XML, _STRINGS, _START_ELEMENT = 0x0003, 0x0001, 0x0102
_UTF8 = 1 << 8
_TYPE_STRING = 0x03
MAX_MANIFEST_BYTES = 4 * 1024 * 1024


class ApkError(Exception):
    """The bytes are not an APK that can be read."""


@dataclass(frozen=True)
class Apk:
    """What an APK says of itself."""

    package: str
    version_name: str
    version_code: int


def read_apk(data: bytes) -> Apk:
    """Name and version of an APK file's bytes. Raises ApkError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            info = archive.getinfo("AndroidManifest.xml")
            if info.file_size > MAX_MANIFEST_BYTES:
                raise ApkError("AndroidManifest.xml is too large")
            manifest = archive.read(info)
    except (zipfile.BadZipFile, KeyError, OSError, NotImplementedError) as error:
        raise ApkError(f"not an APK: {error}") from error
    return read_manifest(manifest)


def read_manifest(data: bytes) -> Apk:
    """Name and version of a binary manifest. Raises ApkError."""
    try:
        return _read(data)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ApkError(f"AndroidManifest.xml is damaged: {error}") from error


def _read(data: bytes) -> Apk:
    kind, header, _size = struct.unpack_from("<HHI", data)
    if kind != _XML:
        raise ApkError("AndroidManifest.xml is not binary XML")
    strings: list[str] = []
    at = header
    while at + 8 <= len(data):
        kind, header, size = struct.unpack_from("<HHI", data, at)
        if size < 8:
            raise ApkError("a chunk of the manifest has no size")
        if kind == _STRINGS:
            strings = _pool(data, at)
        elif kind == _START_ELEMENT:
            return _manifest(data, at + header, strings)
        at += size
    raise ApkError("the manifest has no element")


def _pool(data: bytes, start: int) -> list[str]:
    _kind, header, _size, count, _styles, flags, first, _ = struct.unpack_from("<HHIIIIII", data, start)
    offsets = struct.unpack_from(f"<{count}I", data, start + header)
    found = []
    for offset in offsets:
        at = start + first + offset
        if flags & _UTF8:
            at += 2 if data[at] & 0x80 else 1
            length, at = (((data[at] & 0x7F) << 8) | data[at + 1], at + 2) if data[at] & 0x80 else (data[at], at + 1)
            found.append(data[at : at + length].decode("utf-8"))
        else:
            (length,) = struct.unpack_from("<H", data, at)
            found.append(data[at + 2 : at + 2 + length * 2].decode("utf-16-le"))
    return found


def _manifest(data: bytes, at: int, strings: list[str]) -> Apk:
    _space, name, start, size, count = struct.unpack_from("<IIHHH", data, at)
    if strings[name] != "manifest":
        raise ApkError(f"the first element is {strings[name]!r}, not 'manifest'")
    values: dict[str, str | int] = {}
    for number in range(count):
        place = at + start + number * size
        _ns, key, raw, _vsize, _zero, kind, value = struct.unpack_from("<IIIHBBI", data, place)
        values[strings[key]] = strings[value if raw == 0xFFFFFFFF else raw] if kind == _TYPE_STRING else value
    package = values.get("package")
    if not isinstance(package, str):
        raise ApkError("the manifest names no package")
    code = values.get("versionCode", 0)
    return Apk(package, str(values.get("versionName", "")), code if isinstance(code, int) else 0)
