# mypy: ignore-errors
"""CPU time per frame of other tools on one file, as JSON; run by `redeye bench` with an interpreter that has them.

Every number includes the tool's own decoding, except where its name says otherwise, since none reads without it.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import imageio_ffmpeg
import numpy as np
import zxingcpp


def in_process(work: Callable[[], int]) -> float:
    began = time.process_time()
    count = work()
    return 1000 * (time.process_time() - began) / count


def each(path: Path, form: str, look: Callable[[np.ndarray], object]) -> Callable[[], int]:
    def work() -> int:
        count = 0
        with av.open(str(path)) as container:
            container.streams.video[0].thread_type = "AUTO"
            for frame in container.decode(video=0):
                look(frame.to_ndarray(format=form))
                count += 1
        return count

    return work


def ffmpeg(path: Path, count: int, filters: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-v",
        "error",
        "-i",
        str(path),
        "-an",
        "-vf",
        filters,
        "-f",
        "null",
        "-",
    ]
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / count


def stbt_motion() -> Callable[[np.ndarray], object]:
    from stbt_core import BGRDiff, Frame, Region

    differ = BGRDiff()
    last: list[np.ndarray] = []

    def look(frame: np.ndarray) -> object:
        picture = Frame(frame, time=0.0)
        whole = (None, Region(0, 0, right=frame.shape[1], bottom=frame.shape[0]))
        found = differ.diff(last[0], picture, whole) if last else None
        last[:] = [picture]
        return found

    return look


def main(path: Path) -> dict[str, float]:
    from stbt_core import Frame, is_screen_black

    cv2.setNumThreads(1)
    with av.open(str(path)) as container:
        count = sum(1 for _ in container.decode(video=0))
    return {
        "ffmpeg_black_freeze": ffmpeg(path, count, "blackdetect,freezedetect"),
        "zxing_qr": in_process(each(path, "gray", zxingcpp.read_barcodes)),
        "stbt_black": in_process(each(path, "bgr24", lambda picture: is_screen_black(Frame(picture, time=0.0)))),
        "stbt_motion": in_process(each(path, "bgr24", stbt_motion())),
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
