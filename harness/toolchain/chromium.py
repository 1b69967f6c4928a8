"""Chromium without root: the machine's own, else the headless shell inside the npm package @sparticuz/chromium."""

from __future__ import annotations

import platform
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.core.errors import ToolMissing
from harness.toolchain.model import Progress, Source, Tool
from harness.toolchain.places import filled
from harness.toolchain.programs import Versions, on_path, read_stamp, run, version_key, write_stamp

OLDEST = (120,)  # `--headless=new` and Page.startScreencast as the virtual tablet uses them
_NAMES = ("chromium-headless-shell", "chromium", "google-chrome", "google-chrome-stable", "chrome")
_MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_PACKAGE = "@sparticuz/chromium"
_PACKS = ("al2023.tar.br", "swiftshader.tar.br", "fonts.tar.br")
_STAMP = "redeye.json"
_UNPACK_TIMEOUT_S = 180.0
# Node has brotli, Python has not. Arguments: source, target, source, target, ...
_UNBROTLI = """
const fs = require('fs'), zlib = require('zlib'), {pipeline} = require('stream/promises');
const files = process.argv.slice(1);
(async () => {
  for (let i = 0; i < files.length; i += 2)
    await pipeline(fs.createReadStream(files[i]), zlib.createBrotliDecompress(), fs.createWriteStream(files[i + 1]));
})().catch((problem) => { console.error(String(problem)); process.exit(1); });
"""
# Only the packed fonts, so that pictures are the same on every machine.
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""


def environment(folder: Path) -> dict[str, str]:
    """What the unpacked Chromium needs in its environment."""
    return {"LD_LIBRARY_PATH": f"{folder / 'lib'}:{folder}", "FONTCONFIG_PATH": str(folder)}


def _on_machine(env: Mapping[str, str]) -> Iterator[Path]:
    for name in _NAMES:
        program = on_path(name, env)
        if program is not None:
            yield program
    if sys.platform == "darwin":
        yield _MAC


def _unpack(node: Path, source: Path, target: Path, env: Mapping[str, str]) -> None:
    """Fill `target`; a cut pack is an error of Node or tarfile."""
    with filled(target) as new:
        packs = [pack for pack in _PACKS if (source / pack).is_file()]
        pairs: list[Path] = [source / "chromium.br", new / "chromium"]
        for pack in packs:
            pairs += [source / pack, new / pack.removesuffix(".br")]
        fix = "Remove the npm-* folder in Redeye's home and run `redeye setup` again"
        run("chromium", [node, "-e", _UNBROTLI, *pairs], env=env, timeout_s=_UNPACK_TIMEOUT_S, fix=fix)
        for pack in packs:
            file = new / pack.removesuffix(".br")
            try:
                with tarfile.open(file) as archive:
                    archive.extractall(new, filter="data")
            except (tarfile.TarError, OSError) as problem:
                raise ToolMissing("chromium", f"{pack} cannot be unpacked: {problem}", fix) from problem
            file.unlink()
        (new / "fonts.conf").write_text(_FONTS, "utf-8")
        (new / "chromium").chmod(0o755)
        write_stamp(new / _STAMP, {"size_bytes": (new / "chromium").stat().st_size})


def _whole(folder: Path) -> bool:
    try:
        return read_stamp(folder / _STAMP) == {"size_bytes": (folder / "chromium").stat().st_size}
    except OSError:
        return False


def ready(
    home: Path,
    env: Mapping[str, str],
    node: Path,
    packages: Path,
    versions: Versions,
    progress: Progress,
    install: bool,
) -> tuple[Tool, dict[str, str]]:
    """Chromium and what its environment needs.

    Raises:
        ToolMissing: none is usable and none could be unpacked, with what was seen instead.
    """
    seen: list[str] = []
    for program in _on_machine(env):
        if not program.is_file():
            continue
        try:
            version = versions.of("chromium", program)
        except ToolMissing as problem:
            seen.append(problem.why)
            continue
        if version_key(version) >= OLDEST:
            return Tool("chromium", version, program, Source.FOUND), {}
        seen.append(f"{program} is {version}")
    if sys.platform != "linux" or platform.machine() != "x86_64":
        seen.append(f"there is no packed one for {sys.platform} {platform.machine()}")
        raise ToolMissing("chromium", "; ".join(seen), "Install Chromium or Google Chrome")
    package = packages / "node_modules" / _PACKAGE
    folder = home / f"chromium-{read_stamp(package / 'package.json').get('version', 'unknown')}"
    if not _whole(folder):
        if not install:
            raise ToolMissing("chromium", f"{folder} is not there or not whole", "Run `redeye setup`")
        progress("chromium", "unpacking")
        _unpack(node, package / "bin", folder, env)
    needed = environment(folder)
    version = versions.of("chromium", folder / "chromium", extra=needed)
    return Tool("chromium", version, folder / "chromium", Source.INSTALLED), needed
