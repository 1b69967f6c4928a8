"""Recordings with bytes changed, lost and doubled at random: a verdict or one error, whatever the disk did to them.

REDEYE_FUZZ_S=60 goes on for a minute instead of a moment.
"""

from __future__ import annotations

import json
import os
import random
import time
from fractions import Fraction
from pathlib import Path

import pytest
from recordings import CONTENT, FORMATS, FRAMES, RATE, record

from harness.cli.verify import as_result
from harness.core.errors import InputFileError
from harness.core.outcome import Outcome
from harness.playback.audio import TitleSound
from harness.playback.expectation import Expectation
from harness.playback.verify import verify
from harness.report.verification import write_verification

SECONDS = float(os.environ.get("REDEYE_FUZZ_S", "0"))
SPEC = Expectation({CONTENT: "title"}, Fraction(RATE), FRAMES, to_end=True)


def damaged(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 20, 300))):
        reach = rng.choice((200, 2000, len(out)))  # headers are at the start, or at the end
        at = min(rng.randrange(reach), max(len(out) - 1, 0))
        at = max(0, len(out) - 1 - at) if rng.random() < 0.3 else at
        hurt = rng.randrange(6)
        if hurt == 0:
            out[at : at + 1] = bytes([rng.randrange(256)])
        elif hurt == 1:
            out[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff", b"\x80\0\0\0"))
        elif hurt == 2:
            del out[at : at + rng.randint(1, 5000)]
        elif hurt == 3:
            out[at:at] = out[at : at + rng.randint(1, 5000)]
        elif hurt == 4:
            out[at : at + 512] = bytes(len(out[at : at + 512]))
        else:
            out[at : at + 1] = bytes([(out[at] if at < len(out) else 0) ^ 1 << rng.randrange(8)])
    return bytes(out)


@pytest.mark.timeout(SECONDS + 120)
@pytest.mark.parametrize("kind", FORMATS)
def test_damage_is_judged_or_said(kind: str, tmp_path: Path) -> None:
    whole = record(tmp_path / kind, kind).read_bytes()
    path, end, seed, outcomes = tmp_path / f"damaged-{kind}", time.monotonic() + SECONDS, 0, set[Outcome]()
    while seed < 12 or time.monotonic() < end:
        rng = random.Random(f"{kind} {seed} {len(whole) if SECONDS else 0}")
        seed += 1
        path.write_bytes(damaged(whole, rng))
        times = [Fraction(n, RATE) for n in range(FRAMES)] if rng.random() < 0.2 or kind == "raw.h264" else []
        try:
            done = verify(path, SPEC if rng.random() < 0.7 else None, sound=TitleSound.PLAIN, times=times)
        except InputFileError as refused:
            assert refused.problem
            continue
        except BaseException:
            keep(path, seed)
            raise
        outcomes.add(done.verdict.outcome)
        said = as_result(done, path)
        json.dumps(said, allow_nan=False)
        if seed % 4 == 0:
            write_verification(done, path, said, tmp_path / "out")
    print(f"{kind}: {seed} damaged files, {sorted(outcomes)}")
    assert Outcome.INCONCLUSIVE in outcomes


def keep(path: Path, seed: int) -> None:
    """The file that broke the judge, for people, when they looked for one."""
    if SECONDS:
        path.rename(path.with_name(f"broke-{seed}-{path.name}"))
