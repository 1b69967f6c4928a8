"""What a user gets for a wrong input or a missing thing: one line on stderr that says what to do, and the exit code."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.core.clock import Deadline, SystemClock, wait_for
from harness.core.errors import InputFileError
from harness.lab import BenchRequest
from harness.settings import Settings, data_folder
from harness.toolchain import default_home

REDEYE = str(Path(sys.executable).with_name("redeye"))
NOISE = ("run folder", "tablet start:", "appium start:", ": installing")  # progress, also on stderr


def redeye(folder: Path, *words: str, **environ: str) -> tuple[int, list[str]]:
    """The exit code, and the lines on stderr that are no progress."""
    done = subprocess.run(
        [REDEYE, *words], cwd=folder, env={**os.environ, **environ}, capture_output=True, text=True, timeout=100
    )
    assert done.stdout == ""
    return done.returncode, [line for line in done.stderr.splitlines() if not any(sign in line for sign in NOISE)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("demo --sample harbur", "there is no sample 'harbur'; did you mean 'harbour'?"),
        ("demo --fault nope", "the app Cabin has no fault 'nope'; it has phantom_download, streams_anyway"),
        ("demo --tablet-fault nope", "the virtual tablet has no fault 'nope'; it has airplane_lies"),
        ("demo --profile nope", "no device profile 'nope'; there are: virtual-tablet"),
        ("demo --nope", "No such option: --nope; see `redeye demo --help`"),
        ("demo --origin-port 65536", "Invalid value for '--origin-port'"),
        ("nope", "No such command 'nope'; see `redeye --help`"),
        ("tablet start --fault nope", "the virtual tablet has no fault 'nope'"),
        ("tablet start --port 65536", "Invalid value for '--port'"),
        ("samples check --folder nowhere", "nowhere/catalogue.yaml: there is no such file"),
        ("bench --flights 0", "Invalid value for '--flights'"),
    ],
)
def test_a_wrong_word_is_one_line_and_2(words: str, said: str, tmp_path: Path) -> None:
    code, lines = redeye(tmp_path, *words.split())
    assert (code, len(lines)) == (2, 1)
    assert lines[0].startswith(f"redeye: {said}")
    assert list(tmp_path.iterdir()) == []  # nothing was begun


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield int(other.getsockname()[1])


@pytest.mark.parametrize("words", ["demo --origin-port", "tablet start --port"])
def test_a_taken_port_is_named_and_3(words: str, taken: int, tmp_path: Path) -> None:
    code, lines = redeye(tmp_path, *words.split(), str(taken))
    assert (code, len(lines)) == (3, 1)
    assert f"port {taken} on 127.0.0.1 is taken" in lines[0]


def test_without_chromium_setup_is_named(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for entry in default_home().iterdir():
        if not entry.name.startswith(("chromium", "state", "setup")):
            (home / entry.name).symlink_to(entry)
    code, lines = redeye(tmp_path, "demo", REDEYE_HOME=str(home))
    assert (code, len(lines)) == (3, 1)
    assert lines[0].startswith("redeye: chromium: ") and lines[0].endswith("Run `redeye setup`")


def test_an_unreachable_npm_registry_is_named_with_what_to_do(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for entry in default_home().iterdir():
        if entry.name.startswith("wheels"):
            (home / entry.name).symlink_to(entry)
    nowhere = {"npm_config_registry": "http://127.0.0.1:9", "npm_config_cache": str(tmp_path / "cache")}
    code, lines = redeye(tmp_path, "setup", REDEYE_HOME=str(home), **nowhere)
    assert (code, len(lines)) == (3, 1)
    assert "ECONNREFUSED" in lines[0] and "run `redeye setup` again" in lines[0]


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """A copy of the samples, to be broken."""
    folder = tmp_path / "samples"
    shutil.copytree(data_folder("media_samples"), folder)
    return folder


@pytest.mark.parametrize("size", [700, 705, 3000])
def test_a_truncated_catalogue_is_named_and_2(size: int, samples: Path, tmp_path: Path) -> None:
    catalogue = samples / "catalogue.yaml"
    catalogue.write_bytes(catalogue.read_bytes()[:size])
    code, lines = redeye(tmp_path, "demo", REDEYE_SAMPLES=str(samples))
    assert (code, len(lines)) == (2, 1)
    assert lines[0].startswith(f"redeye: {catalogue}: ")


def test_a_damaged_sample_is_not_blamed_on_the_tablet(samples: Path, tmp_path: Path) -> None:
    segment = samples / "night-flight" / "v720" / "003.m4s"
    os.truncate(segment, 100)
    code, lines = redeye(tmp_path, "demo", REDEYE_SAMPLES=str(samples))
    assert (code, len(lines)) == (2, 1)
    assert lines[0].startswith(f"redeye: {segment}: has 100 bytes, the catalogue says ")


def test_a_damaged_sample_that_a_marker_asks_for_is_refused_too(samples: Path, tmp_path: Path) -> None:
    segment = samples / "harbour" / "v540" / "003.m4s"
    os.truncate(segment, 100)
    ask = BenchRequest.of(Settings(kind="virtual", samples=samples), tmp_path, dict(os.environ))
    ask.check(ask.catalogue.sample("cinema"))
    with pytest.raises(InputFileError, match=r"003\.m4s: has 100 bytes, the catalogue says"):
        ask.check(ask.catalogue.sample("harbour"))


def private_mounts() -> bool:
    """Whether a test may mount something where only it sees it."""
    return shutil.which("unshare") is not None and not subprocess.run(["unshare", "-rm", "true"]).returncode


@pytest.mark.flight
@pytest.mark.timeout(180)
@pytest.mark.skipif(sys.platform != "linux" or not private_mounts(), reason="needs a mount namespace of its own")
def test_a_full_disk_while_recording_is_inconclusive_and_says_so(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    script = 'mount -t tmpfs -o size=100m none "$1" && exec "$2" demo --no-report'
    runner = subprocess.Popen(
        ["unshare", "-rm", "sh", "-c", script, "sh", str(scratch), REDEYE],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        playing = Deadline.after(60, SystemClock())
        wait_for("playing", lambda: [*tmp_path.glob("redeye-runs/*/evidence/playing.png")], bool, playing, 0.1)
        with Path(f"/proc/{runner.pid}/root{scratch}/filler").open("wb") as filler, pytest.raises(OSError, match="28"):
            while True:
                filler.write(bytes(1 << 20))
        out, err = runner.communicate(timeout=90)
    finally:
        runner.kill()
        runner.communicate()
    assert runner.returncode == 6
    assert out.startswith("INCONCLUSIVE")
    (line,) = [line for line in err.splitlines() if line.startswith("redeye: ")]
    assert "screenrecord exited 1" in line and "No space left on device" in line
