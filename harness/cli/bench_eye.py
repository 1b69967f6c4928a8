"""What looking costs: CPU per frame of full verification, of decoding alone, and of other tools on the same files."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.core.errors import EnvironmentFault
from harness.media import marker
from harness.media.catalogue import Catalogue
from harness.media.decode import decode
from harness.playback.verify import Titles, verify

SIZES = {"720p": (1280, 720), "1080p": (1920, 1080), "1600p": (2560, 1600)}
BIT_RATE = 8_000_000  # playback.md 4.1
FRAMES = 240
_PEERS = Path("tests") / "truth" / "peers.py"

Sink = Callable[[str, float, str, str], None]


def bench_eye(samples: Path, catalogue: Catalogue, folder: Path, peers: Path | None, figure: Sink) -> None:
    """Hand every figure to `figure(name, value, unit, what)`.

    Args:
        folder: scratch for the clips.
        peers: an interpreter with zxing-cpp, stbt_core and imageio-ffmpeg; None leaves the other tools out.
    """
    titles = Titles.load(samples, catalogue)
    film = folder / "title.mp4"
    title = catalogue.samples[0].video[0]
    parts = samples / catalogue.samples[0].id / title.id
    film.write_bytes(b"".join(part.read_bytes() for part in (parts / "init.mp4", *sorted(parts.glob("*.m4s")))))
    for name, size in SIZES.items():
        clip = folder / f"{name}.mp4"
        make_clip(film, clip, size, title.content_id or 0, FRAMES)
        floor, ours = _in_turn(partial(_decode, clip), partial(_judge, clip, titles))
        figure(f"decode_{name}", floor, "ms CPU/frame", "PyAV decode alone, H.264 at 8 Mbit/s, median of 3")
        figure(f"verify_{name}", ours, "ms CPU/frame", "full verification, decoding included, median of 3")
        figure(f"verify_to_decode_{name}", ours / floor, "ratio", "full verification to decode alone")
        for tool, cost in _peers(peers, clip).items():
            figure(f"{tool}_{name}", cost, "ms CPU/frame", "that tool with its decode")
            figure(f"verify_to_{tool}_{name}", ours / cost, "ratio", "full verification to that tool")
    short, long = folder / "minute.mp4", folder / "half_hour.mp4"
    for clip, minutes in ((short, 1), (long, 30)):
        count = minutes * 60 * 30
        make_clip(film, clip, (640, 360), title.content_id or 0, count, bit_rate=300_000, grain=0.0, preset="ultrafast")
    one, many = (_peak_mb(path, samples) for path in (short, long))
    figure("memory_1_min", one, "MB", "peak resident memory of verifying a 1-minute file")
    figure("memory_30_min", many, "MB", "peak resident memory of verifying a 30-minute file")
    figure("memory_ratio", many / one, "ratio", "30 minutes to 1 minute")


def make_clip(
    film: Path,
    clip: Path,
    size: tuple[int, int],
    content_id: int,
    frames: int,
    *,
    bit_rate: int = BIT_RATE,
    grain: float = 7.0,
    preset: str = "medium",
) -> None:
    """The title again and again at another size, with grain that keeps the encoder busy, and markers that count on."""
    noise = np.random.default_rng(7)
    width, height = size
    grains = [noise.normal(0, grain, (height, width)).astype(np.int16) for _ in range(4)]
    pictures = list(_pictures(film, size))
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": preset})
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = width, height, "yuv420p", bit_rate
        for index in range(frames):
            luma, chroma = pictures[index % len(pictures)]
            picture = np.clip(luma + grains[index % 4], 16, 235).astype(np.uint8)
            marker.draw(picture, frame_id=index, content_id=content_id)
            frame = av.VideoFrame.from_ndarray(np.concatenate((picture, chroma)), format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _pictures(film: Path, size: tuple[int, int]) -> list[tuple[NDArray[np.int16], NDArray[np.uint8]]]:
    width, height = size
    found = []
    with decode(film) as decoding:
        for frame in decoding:
            if frame.index >= 60:
                break
            luma = np.asarray(Image.fromarray(frame.luma).resize(size, Image.Resampling.BILINEAR), np.int16)
            small = (width // 2, height // 2)
            planes = [np.asarray(Image.fromarray(plane).resize(small)).ravel() for plane in (frame.u, frame.v)]
            found.append((luma, np.concatenate(planes).reshape(height // 2, width)))
    return found


def _decode(clip: Path) -> int:
    with av.open(str(clip)) as container:
        container.streams.video[0].thread_type = "AUTO"
        return sum(1 for _ in container.decode(video=0))


def _judge(clip: Path, titles: Titles) -> int:
    done = verify(clip, titles=titles)
    return len(done.read.observations) if done.read else 0


def _in_turn(floor: Callable[[], int], ours: Callable[[], int], rounds: int = 3) -> tuple[float, float]:
    """Medians of CPU ms per frame, measured in turn."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for costs, work in zip(taken, (floor, ours), strict=True):
            began = time.process_time()
            count = work()
            costs.append(1000 * (time.process_time() - began) / max(1, count))
    return statistics.median(taken[0]), statistics.median(taken[1])


def _peers(python: Path | None, clip: Path) -> dict[str, float]:
    if python is None:
        return {}
    try:
        done = subprocess.run([str(python), str(_PEERS), str(clip)], check=True, capture_output=True, timeout=300)
        costs: dict[str, float] = json.loads(done.stdout)
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise EnvironmentFault(f"{_PEERS} failed with {python}: {''.join(said)}") from error
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise EnvironmentFault(f"{_PEERS} could not be run with {python}: {error}") from error
    return costs


def _peak_mb(clip: Path, samples: Path) -> float:
    """Peak memory of one verification, in a process of its own. Linux: getrusage would count what forked it."""
    code = (
        "import sys; from pathlib import Path; from harness.media.catalogue import load;"
        "from harness.playback.verify import Titles, verify; folder = Path(sys.argv[2]);"
        "verify(Path(sys.argv[1]), titles=Titles.load(folder, load(folder)));"
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(clip), str(samples)], check=True, capture_output=True, text=True
    )
    return int(done.stdout) * 1024 / 1e6
