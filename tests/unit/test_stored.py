"""What Cabin stored, read from hand-made IndexedDB folders: LevelDB logs and tables, and V8's blob files."""

from __future__ import annotations

import hashlib
import random
import struct

import cramjam
import pytest

from harness.apps.cabin.leveldb import BLOCK_BYTES, TABLE_MAGIC, live_values
from harness.apps.cabin.stored import stored_objects
from harness.media.catalogue import MediaObject

LEVELDB = "http_10.0.2.2_80.indexeddb.leveldb"
BLOB = "http_10.0.2.2_80.indexeddb.blob/1/00"
V8_HEAD = bytes.fromhex("ff15fe000000000000000000000000ff0f6f22046461746142")  # as measured on Chromium 147


def number(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def v8(data: bytes) -> bytes:
    return V8_HEAD + number(len(data)) + data + b"\x7b\x01"


def batch(sequence: int, *records: tuple[bytes, bytes | None]) -> bytes:
    out = struct.pack("<QI", sequence, len(records))
    for key, value in records:
        kept = b"" if value is None else number(len(value)) + value
        out += bytes([value is not None]) + number(len(key)) + key + kept
    return out


def log(*batches: bytes) -> bytes:
    out = b""
    for batch in batches:
        data, first = batch, True
        while True:
            room = BLOCK_BYTES - len(out) % BLOCK_BYTES
            if room < 7:
                out += bytes(room)
                room = BLOCK_BYTES
            part, data = data[: room - 7], data[room - 7 :]
            kind = (1 if first else 4) if not data else (2 if first else 3)
            out += struct.pack("<IHB", 0, len(part), kind) + part
            first = False
            if not data:
                break
    return out


def block(pairs: list[tuple[bytes, bytes]], snappy: bool) -> bytes:
    out, last = b"", b""
    for key, value in pairs:
        shared = next((i for i, (a, b) in enumerate(zip(key, last, strict=False)) if a != b), min(len(key), len(last)))
        out += number(shared) + number(len(key) - shared) + number(len(value)) + key[shared:] + value
        last = key
    out += struct.pack("<II", 0, 1)
    return bytes(cramjam.snappy.compress_raw(out)) + b"\x01" if snappy else out + b"\x00"


def table(records: list[tuple[bytes, int, bytes | None]], snappy: bool = True) -> bytes:
    out, index = b"", []
    for key, sequence, value in records:
        internal = key + struct.pack("<Q", sequence << 8 | (value is not None))
        made = block([(internal, value or b"")], snappy)
        index.append((internal, number(len(out)) + number(len(made) - 1)))
        out += made + bytes(4)
    made = block(index, False)
    footer = number(0) + number(0) + number(len(out)) + number(len(made) - 1)
    return out + made + bytes(4) + footer.ljust(40, b"\0") + struct.pack("<Q", TABLE_MAGIC)


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def segment(data: bytes, path: str = "t/v/001.m4s", role: str = "segment") -> MediaObject:
    return MediaObject.model_validate(
        {"path": path, "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "role": role}
    )


BIG, SMALL = noise(90_000), noise(33_227, 2)


@pytest.mark.parametrize(
    "files",
    [
        pytest.param([(f"{BLOB}/6", v8(BIG))], id="blob"),
        pytest.param([(f"{LEVELDB}/000003.log", log(batch(1, (b"k", b"\x01" + v8(BIG)))))], id="log over four blocks"),
        pytest.param([(f"{LEVELDB}/000005.ldb", table([(b"k", 1, b"\x01" + v8(BIG))]))], id="table snappy"),
        pytest.param([(f"{LEVELDB}/000005.ldb", table([(b"k", 1, b"\x01" + v8(BIG))], False))], id="table raw"),
        pytest.param(
            [(f"{LEVELDB}/3.log", log(batch(1, (b"k", b"\x01\xff\x11\x02" + cramjam.snappy.compress_raw(v8(BIG))))))],
            id="value packed by Blink",
        ),
    ],
)
def test_object_is_found_byte_for_byte(files: list[tuple[str, bytes]]) -> None:
    report = stored_objects([(n, bytes(d)) for n, d in files], [segment(BIG)])
    assert (report.wanted, report.equal, report.equal_bytes) == (1, 1, len(BIG))
    assert report.missing == report.damaged == report.notes == ()


@pytest.mark.parametrize(
    ("data", "missing", "damaged"),
    [
        pytest.param(v8(BIG[:500] + b"!" + BIG[501:]), 0, 1, id="one byte changed"),
        pytest.param(v8(BIG)[:50_000], 0, 1, id="cut"),
        pytest.param(bytes(len(v8(BIG))), 0, 1, id="zeroed"),
        pytest.param(b"", 1, 0, id="emptied"),
        pytest.param(v8(noise(80_000)), 1, 0, id="another object"),
    ],
)
def test_other_bytes_are_not_stored(data: bytes, missing: int, damaged: int) -> None:
    report = stored_objects([(f"{BLOB}/6", data)], [segment(BIG)])
    assert (report.equal, len(report.missing), len(report.damaged)) == (0, missing, damaged)


def test_init_segment_of_another_title_is_not_damage() -> None:
    report = stored_objects(
        [(f"{LEVELDB}/3.log", log(batch(1, (b"k", b"\x01" + v8(noise(798))))))], [segment(noise(798, 9))]
    )
    assert report.damaged == () and len(report.missing) == 1


def test_deleted_title_is_missing_though_its_bytes_are_in_the_files() -> None:
    files = [
        (f"{LEVELDB}/000007.log", log(batch(9, (b"k", None)))),
        (f"{LEVELDB}/000005.ldb", table([(b"k", 1, b"\x01" + v8(SMALL))])),
    ]
    assert stored_objects(files, [segment(SMALL)]).missing == ("t/v/001.m4s",)


def test_newest_value_counts_whatever_the_order_of_files() -> None:
    old, new = ("a.ldb", table([(b"k", 1, b"old")])), ("b.log", log(batch(2, (b"k", b"new"))))
    assert live_values([old, new]).values == live_values([new, old]).values == (b"new",)


def test_two_origins_do_not_share_keys() -> None:
    other = LEVELDB.replace("80", "81")
    files = [
        (f"{LEVELDB}/3.log", log(batch(1, (b"k", b"\x01" + v8(SMALL))))),
        (f"{other}/3.log", log(batch(2, (b"k", None)))),
    ]
    assert stored_objects(files, [segment(SMALL)]).equal == 1


def test_manifest_and_poster_are_not_asked_for() -> None:
    wanted = [segment(BIG, "t/manifest.mpd", "manifest"), segment(SMALL, "t/poster.jpg", "poster")]
    assert stored_objects([], wanted).wanted == 0


def test_torn_log_keeps_what_was_whole_and_says_so() -> None:
    whole = log(batch(1, (b"a", b"first")), batch(2, (b"b", noise(70_000))))
    live = live_values([("3.log", whole[:-100])])
    assert live.values == (b"first",) and "cut" in live.notes[0]


@pytest.mark.parametrize("seed", range(40))
def test_damaged_files_give_notes_and_no_crash(seed: int) -> None:
    rng = random.Random(seed)
    made = [
        (f"{LEVELDB}/3.log", log(batch(1, (b"k", b"\x01" + v8(SMALL)), (b"l", None)))),
        (f"{LEVELDB}/5.ldb", table([(b"k", 1, b"\x01" + v8(SMALL)), (b"kk", 2, b"x" * 300)])),
        (f"{BLOB}/6", v8(BIG)),
    ]
    files = []
    for name, whole in made:
        data = bytearray(whole[: rng.randrange(len(whole))] if rng.random() < 0.4 else whole)
        for _ in range(rng.randrange(1, 30)):
            if data:
                data[rng.choice([rng.randrange(len(data)), rng.randrange(min(60, len(data)))])] = rng.randrange(256)
        files.append((name, bytes(data)))
    report = stored_objects(files, [segment(BIG)])
    assert report.wanted == 1
    assert len(report.notes) <= 20


def test_claim_of_a_huge_block_is_refused() -> None:
    bomb = number(1 << 40) + b"abc"
    live = live_values(
        [
            (
                "5.ldb",
                bomb + b"\x01" + bytes(4) + b"\0\0\0" + number(len(bomb)) + bytes(35) + struct.pack("<Q", TABLE_MAGIC),
            )
        ]
    )
    assert live.values == () and live.notes
