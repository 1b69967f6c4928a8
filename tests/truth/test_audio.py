"""Sound with known faults and what must be said about it.

The title: 30 fps, content 7, its pictures from LEAD_S on, captured at 60 pictures a second. Its sound is made by
`sound.compose`, as the samples' is, and encoded with PyAV. `early_ms` > 0 puts it before the pictures. Pictures are
drawn as observations; one test makes a whole recording of 640x360 and reads both out of it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from harness.core.errors import InputFileError
from harness.core.outcome import Finding, Layer, Outcome, Severity, judge
from harness.media import marker, sound
from harness.playback import Action, Expectation, MarkerRead, Observation, read_recording
from harness.playback.audio import AudioExamination, Listened, TitleSound, Tone, audio_findings, examine_audio, listen

RATE = sound.SAMPLE_RATE
FPS, CAPTURE = 30, 60
LEAD_S, TITLE_S = 0.5, 12
CHORDS = ((110.0, 220.0, 277.18, 329.63), (92.5, 220.0, 277.18, 369.99))
SPEC = Expectation({7: "360p"}, Fraction(FPS), 300 * FPS)
SAMPLES = Path(__file__).parents[2] / "media_samples"
AAC, OPUS = ("aac", 64_000), ("libopus", 48_000)

Sound = NDArray[np.float32]
Change = Callable[[Sound], Sound]


@functools.cache
def composed(first_s: int = 0, length_s: int = TITLE_S) -> Sound:
    return sound.compose(first_s + length_s, CHORDS)[:, first_s * RATE :]


def recorded(title: Sound, early_ms: float = 0.0) -> Sound:
    """The title's sound on the recording's clock."""
    return np.pad(title, ((0, 0), (round((LEAD_S - early_ms / 1000) * RATE), 0)))


def hole(start_s: float, length_s: float) -> Change:
    """Silence from a second of the title on."""

    def cut(title: Sound) -> Sound:
        out = title.copy()
        out[:, round(start_s * RATE) : round((start_s + length_s) * RATE)] = 0
        return out

    return cut


def noise(level: float, length_s: float) -> Sound:
    return np.random.default_rng(7).normal(0, level, (2, round(length_s * RATE))).astype(np.float32)


def stream_of(container: av.container.OutputContainer, codec: tuple[str, int], layout: str = "stereo") -> AudioStream:
    stream = container.add_stream(codec[0], rate=RATE)
    assert isinstance(stream, AudioStream)
    stream.bit_rate = codec[1]
    stream.codec_context.layout = layout
    return stream


def write(
    container: av.container.OutputContainer, stream: AudioStream, samples: Sound, away: tuple[float, float] = (0, 0)
) -> None:
    """Encode samples; packets whose time lies in `away` get lost."""
    packets = []
    for start in range(0, samples.shape[1], 960):
        part = np.ascontiguousarray(samples[:, start : start + 960])
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=stream.codec_context.layout.name)
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        packets += stream.encode(frame)
    for packet in [*packets, *stream.encode(None)]:
        if packet.pts is not None and not away[0] <= packet.pts / RATE < away[1]:
            container.mux(packet)


def file_of(
    path: Path, samples: Sound, codec: tuple[str, int] = AAC, away: tuple[float, float] = (0, 0), layout: str = "stereo"
) -> Path:
    with av.open(str(path), "w") as container:
        write(container, stream_of(container, codec, layout), samples, away)
    return path


def heard(tmp_path: Path, samples: Sound, codec: tuple[str, int] = AAC, away: tuple[float, float] = (0, 0)) -> Listened:
    got = listen(file_of(tmp_path / "sound.mkv", samples, codec, away))
    assert got is not None
    return got


def pictures(
    media: Callable[[float], float] = lambda t: t, length_s: float = TITLE_S, first_s: float = 0.0
) -> list[Observation]:
    """Captured pictures; `media` gives the title's time for seconds since LEAD_S."""
    out = []
    for index in range(round((LEAD_S + length_s) * CAPTURE)):
        pts = index / CAPTURE
        at = media(pts - LEAD_S) if pts >= LEAD_S else None
        frame = None if at is None else int((first_s + at) * FPS + 1e-6)
        out.append(Observation(pts, None if frame is None else MarkerRead(frame, 7, 0.8, False)))
    return out


def examined(listened: Listened | None, seen: Sequence[Observation] | None = None) -> AudioExamination:
    return examine_audio(listened, pictures() if seen is None else seen, SPEC)


def kinds(findings: Sequence[Finding]) -> list[tuple[str, Severity]]:
    return [(finding.kind, finding.severity) for finding in findings]


def number(examination: AudioExamination, name: str) -> float:
    return next(m.value for m in examination.measurements if m.name == name)


def silent_everywhere(listened: Listened) -> Listened:
    return replace(listened, silences=((listened.start_s, listened.end_s),), tones=())


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Listened:
    return heard(tmp_path_factory.mktemp("clean"), recorded(composed()))


def tones_at(*starts_s: tuple[int, float]) -> tuple[Tone, ...]:
    """(second, when it starts on the recording's clock)."""
    return tuple(Tone(second % 64, at, at + 0.5, 0.9) for second, at in starts_s)


# --- listening


@pytest.mark.parametrize("sample", ["night-flight", "harbour", "cinema"])
def test_every_second_of_the_samples_is_heard(sample: str, tmp_path: Path) -> None:
    folder = SAMPLES / sample / "audio"
    path = tmp_path / "sound.mp4"
    path.write_bytes(b"".join(part.read_bytes() for part in (folder / "init.mp4", *sorted(folder.glob("0*.m4s")))))
    got = listen(path)
    assert got is not None
    assert [tone.second_mod_64 for tone in got.tones] == list(range(32))
    late_s = 0.0065 if sample == "harbour" else 0.0  # Opus' pre-skip, which has no edit list in the samples
    assert [tone.start_s for tone in got.tones] == pytest.approx([n + 0.1 + late_s for n in range(32)], abs=0.003)
    assert [tone.end_s for tone in got.tones] == pytest.approx([n + 0.6 + late_s for n in range(32)], abs=0.003)
    assert (got.silences, got.holes, got.undecodable, got.cut_short) == ((), (), 0, False)
    assert len(got.levels_dbfs) == 320
    assert -40 < got.levels_dbfs.min() < got.levels_dbfs.max() < -15


@pytest.mark.parametrize("codec", [AAC, OPUS, ("flac", 0)], ids=lambda codec: codec[0])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda s: s, id="as made"),
        pytest.param(lambda s: s * 2, id="+6 dB"),
        pytest.param(lambda s: s / 2, id="-6 dB"),
        pytest.param(lambda s: s / 32, id="-30 dB"),
        pytest.param(lambda s: np.clip(s * 4, -1, 1), id="clipped"),
        pytest.param(lambda s: s + noise(0.03, TITLE_S), id="white noise at -30 dBFS"),
        pytest.param(lambda s: s * np.array([[1], [0]], np.float32), id="left only"),
        pytest.param(lambda s: s * np.array([[0], [1]], np.float32), id="right only"),
    ],
)
def test_tones_survive(codec: tuple[str, int], change: Change, tmp_path: Path) -> None:
    got = heard(tmp_path, recorded(change(composed())), codec)
    assert [tone.second_mod_64 for tone in got.tones] == list(range(TITLE_S))
    wanted = [LEAD_S + n + 0.35 for n in range(TITLE_S)]
    assert [(t.start_s + t.end_s) / 2 for t in got.tones] == pytest.approx(wanted, abs=0.004)
    assert all(0.5 <= tone.confidence <= 1 for tone in got.tones)
    assert [silence for silence in got.silences if silence[1] > LEAD_S + 0.2] == []


def notes(tempered: bool) -> Sound:
    """Half a minute of notes up to 3.2 kHz with overtones, and pairs shaped as the code shapes its own."""
    chance = np.random.default_rng(11)
    out = np.zeros(30 * RATE)
    for k in range(150):
        length_s = 0.5 if k % 3 else chance.uniform(0.15, 1.2)
        at = np.arange(round(length_s * RATE)) / RATE
        start = round(chance.uniform(0, 30 - length_s) * RATE)
        for low, high in ((-20, 33), (14, 24)):
            hz = 440 * 2 ** (chance.integers(low, high) / 12) if tempered else chance.uniform(100, 3200)
            fade = np.clip(np.minimum(at, at[-1] - at) / 0.03, 0, 1)
            tone = sum(np.sin(2 * np.pi * hz * k * at) / k**2 for k in (1, 2, 3))
            out[start : start + len(at)] += 0.06 * fade * tone
    return np.stack([out, out]).astype(np.float32)


def chords_only() -> Sound:
    """The samples' chords with the code taken out again."""
    return composed() - sound.compose(TITLE_S, [()])


@pytest.mark.parametrize("codec", [AAC, OPUS], ids=lambda codec: codec[0])
@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda: noise(0.1, 30), id="white noise"),
        pytest.param(chords_only, id="chords"),
        pytest.param(lambda: notes(True), id="tempered notes"),
        pytest.param(lambda: notes(False), id="notes of any pitch"),
        pytest.param(lambda: np.tile(composed(0, 1)[:, 9600:24000], 20), id="a pair that goes on"),
        pytest.param(lambda: np.tile(composed(0, 1)[:, 5000:28000], 20), id="a pair that stutters"),
        pytest.param(lambda: hole(0.4, 0.3)(composed(0, 1)), id="a tone cut short"),
        pytest.param(lambda: np.zeros((2, RATE), np.float32), id="silence"),
    ],
)
def test_sound_without_the_code_has_no_tones(codec: tuple[str, int], made: Callable[[], Sound], tmp_path: Path) -> None:
    assert heard(tmp_path, made(), codec).tones == ()


def test_a_pair_of_unequal_tones_is_no_tone(tmp_path: Path) -> None:
    at = np.arange(RATE // 2) / RATE
    fade = np.clip(np.minimum(at, at[-1] - at) / 0.03, 0, 1)
    for high, seconds in ((0.1, [0]), (0.02, [])):
        pair = fade * (0.2 * np.sin(2 * np.pi * 1000 * at) + high * np.sin(2 * np.pi * 2000 * at))
        both = np.pad(np.stack([pair, pair]), ((0, 0), (RATE, RATE))).astype(np.float32)
        assert [tone.second_mod_64 for tone in heard(tmp_path, both, ("flac", 0)).tones] == seconds


def test_notes_a_quarter_tone_off_are_no_tones(tmp_path: Path) -> None:
    title = composed()
    at = np.arange(0, title.shape[1], 2 ** (1 / 24) - 0.02)
    off = np.stack([np.interp(at, np.arange(title.shape[1]), channel) for channel in title])
    assert heard(tmp_path, off.astype(np.float32), ("flac", 0)).tones == ()


@pytest.mark.parametrize(("layout", "rows"), [("mono", [0]), ("stereo", [0, 1]), ("5.1", [0, 1, 0, 0, 0, 1])])
def test_every_layout_is_heard(layout: str, rows: list[int], tmp_path: Path) -> None:
    path = file_of(tmp_path / "sound.mp4", composed()[rows], ("aac", 192_000), layout=layout)
    got = listen(path)
    assert got is not None
    assert [tone.second_mod_64 for tone in got.tones] == list(range(TITLE_S))


def test_other_sample_rates_are_heard(tmp_path: Path) -> None:
    low = composed()[0, : 4 * RATE].reshape(-1, 3).mean(axis=1)
    with av.open(str(tmp_path / "sound.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=RATE // 3)
        assert isinstance(stream, AudioStream)
        stream.codec_context.layout = "mono"
        frame = av.AudioFrame.from_ndarray((low * 32767).astype(np.int16)[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE // 3, 0, Fraction(3, RATE)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    got = listen(tmp_path / "sound.wav")
    assert got is not None
    assert [(t.start_s + t.end_s) / 2 for t in got.tones] == pytest.approx([n + 0.35 for n in range(4)], abs=0.002)


def test_channels_against_each_other_are_not_silence(tmp_path: Path) -> None:
    title = composed()
    got = heard(tmp_path, np.stack([title[0], -title[0]]), ("flac", 0))
    assert got.silences == ()


def test_levels_and_silences_are_where_they_are(tmp_path: Path) -> None:
    tone = np.sin(2 * np.pi * 500 * np.arange(3 * RATE) / RATE).astype(np.float32) / 2
    got = heard(tmp_path, hole(1.23, 0.8)(np.stack([tone, tone])), ("flac", 0))
    assert [span for times in got.silences for span in times] == pytest.approx([1.23, 2.03], abs=0.011)
    assert got.levels_dbfs[:10] == pytest.approx([-9.03] * 10, abs=0.05)
    assert got.levels_dbfs[14] == -120
    assert len(got.levels_dbfs) == 30


def test_a_pause_under_half_a_second_is_no_silence(tmp_path: Path) -> None:
    got = heard(tmp_path, hole(3.7, 0.4)(composed()), ("flac", 0))
    assert got.silences == ()


def test_a_silence_lasts_to_the_end(tmp_path: Path) -> None:
    got = heard(tmp_path, hole(TITLE_S - 1.5, 2)(composed()), ("flac", 0))
    assert got.silences == (pytest.approx((TITLE_S - 1.5, TITLE_S), abs=0.011),)


def test_times_are_right_after_a_hole_in_the_track(tmp_path: Path) -> None:
    got = heard(tmp_path, composed(), OPUS, away=(3.0, 4.5))
    assert got.holes == (pytest.approx((3.0, 4.5), abs=0.03),)
    assert [tone.second_mod_64 for tone in got.tones] == [0, 1, 2, *range(5, TITLE_S)]
    late = [tone.start_s - tone.second_mod_64 - 0.1 for tone in got.tones]
    assert late == pytest.approx([0.0] * len(late), abs=0.004)
    assert np.isnan(got.levels_dbfs[32:44]).all()
    assert np.isfinite(got.levels_dbfs[46:]).all()


def test_a_tone_with_a_hole_in_it_is_in_doubt(tmp_path: Path) -> None:
    got = heard(tmp_path, composed(), ("pcm_f32le", 0), away=(3.2, 3.46))
    assert got.holes == (pytest.approx((3.2, 3.46), abs=0.03),)
    assert [tone.second_mod_64 for tone in got.tones] == [0, 1, 2, *range(4, TITLE_S)]


def test_file_without_audio_track_gives_nothing(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "still.mkv"), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((96, 64), 128, np.uint8), format="yuv420p")))
        container.mux(stream.encode(None))
    assert listen(tmp_path / "still.mkv") is None
    assert listen(tmp_path) is None  # a folder of screenshots


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such file"):
        listen(tmp_path / "none.mkv")
    (tmp_path / "text.mkv").write_bytes(b"no sound at all, nor any picture")
    with pytest.raises(InputFileError, match="cannot be opened"):
        listen(tmp_path / "text.mkv")


def test_bad_packets_are_counted_and_the_rest_is_heard(tmp_path: Path) -> None:
    path = file_of(tmp_path / "sound.aac", composed())
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(3).bytes(3000)
    path.write_bytes(data)
    got = listen(path)
    assert got is not None
    assert got.undecodable > 0
    assert len(got.tones) >= TITLE_S - 3


# --- judging


def test_healthy_sound_has_no_findings(clean: Listened) -> None:
    got = examined(clean)
    assert got.findings == ()
    assert got.looked
    assert number(got, "audio_tones_read") == TITLE_S
    assert number(got, "audio_silent_share") == 0
    assert number(got, "audio_offset") == pytest.approx(0, abs=3)
    assert number(got, "audio_offset_spread") < 10
    assert judge(got.findings, ["audio"], got.measurements).outcome is Outcome.PASS


@pytest.mark.parametrize("codec", [AAC, OPUS], ids=lambda codec: codec[0])
@pytest.mark.parametrize(
    ("early_ms", "severity", "said"),
    [
        (40, None, ""),
        (-55, None, ""),
        (70, Severity.NOTE, "before"),
        (-120, Severity.NOTE, "after"),
        (120, Severity.FAIL, "before"),
        (-250, Severity.FAIL, "after"),
    ],
)
def test_offset(early_ms: float, severity: Severity | None, said: str, codec: tuple[str, int], tmp_path: Path) -> None:
    got = examined(heard(tmp_path, recorded(composed(), early_ms), codec))
    assert number(got, "audio_offset") == pytest.approx(early_ms, abs=3)
    assert kinds(got.findings) == ([("audio_offset", severity)] if severity else [])
    for finding in got.findings:
        assert finding.layer is Layer.PLAYER
        assert finding.value == pytest.approx(early_ms, abs=3)
        assert said in finding.message
        assert f"{TITLE_S - 1} tones" in finding.message or f"{TITLE_S} tones" in finding.message
        limits = {(70, "EBU"): 40, (-120, "EBU"): -60, (120, "ITU"): 90, (-250, "ITU"): -185}
        assert finding.limit == limits[early_ms, finding.limit_source[:3]]


def test_sound_that_leaves_its_pictures_half_way_is_found(clean: Listened) -> None:
    late = tuple(
        replace(t, start_s=t.start_s + 0.3, end_s=t.end_s + 0.3) if t.second_mod_64 > 8 else t for t in clean.tones
    )
    got = examined(replace(clean, tones=late))
    assert number(got, "audio_offset") == pytest.approx(0, abs=3)
    assert kinds(got.findings) == [("audio_offset", Severity.FAIL)]
    assert got.findings[0].value == pytest.approx(-300, abs=5)
    assert got.findings[0].start_s is not None
    assert got.findings[0].start_s > LEAD_S + 7


def test_one_odd_tone_is_no_claim(clean: Listened) -> None:
    odd = tuple(
        replace(t, start_s=t.start_s + 0.3, end_s=t.end_s + 0.3) if t.second_mod_64 == 5 else t for t in clean.tones
    )
    assert examined(replace(clean, tones=odd)).findings == ()


def test_two_tones_are_no_claim(clean: Listened) -> None:
    late = replace(clean, tones=tones_at((1, 1.9), (2, 2.9)))
    got = examined(late)
    assert got.findings == ()
    assert "audio_offset" not in {m.name for m in got.measurements}
    assert kinds(examined(replace(late, tones=tones_at((1, 1.9), (2, 2.9), (3, 3.9)))).findings) == [
        ("audio_offset", Severity.FAIL)
    ]


def test_pictures_too_coarse_to_accuse(clean: Listened) -> None:
    early = replace(clean, tones=tuple(replace(t, start_s=t.start_s - 0.1, end_s=t.end_s - 0.1) for t in clean.tones))
    assert kinds(examined(early).findings) == [("audio_offset", Severity.FAIL)]
    assert kinds(examined(early, pictures()[::7]).findings) == [("audio_offset", Severity.NOTE)]


def test_sound_of_another_second(tmp_path: Path) -> None:
    got = examined(heard(tmp_path, recorded(composed(20))))
    assert kinds(got.findings) == [("audio_offset", Severity.FAIL)]
    assert got.findings[0].value == pytest.approx(20_000, abs=5)
    assert "the sound is that of second 2" in got.findings[0].message
    assert "while the pictures are at" in got.findings[0].message


def test_code_that_has_come_round(tmp_path: Path) -> None:
    got = examined(heard(tmp_path, recorded(composed(60))), pictures(first_s=60))
    assert got.findings == ()
    assert number(got, "audio_tones_read") == TITLE_S
    assert number(got, "audio_offset") == pytest.approx(0, abs=3)


@pytest.mark.parametrize("codec", [AAC, OPUS], ids=lambda codec: codec[0])
@pytest.mark.parametrize(("length_s", "severity"), [(1.5, Severity.FAIL), (0.7, Severity.NOTE), (0.4, None)])
def test_silence_hole(length_s: float, severity: Severity | None, codec: tuple[str, int], tmp_path: Path) -> None:
    got = examined(heard(tmp_path, recorded(hole(4.7, length_s)(composed())), codec))
    assert kinds(got.findings) == ([("audio_silent", severity)] if severity else [])
    for finding in got.findings:
        assert (finding.start_s, finding.end_s) == pytest.approx((LEAD_S + 4.7, LEAD_S + 4.7 + length_s), abs=0.05)
        assert finding.layer is Layer.PLAYER
        assert number(got, "audio_silent_share") == pytest.approx(100 * length_s / TITLE_S, abs=0.5)


def test_silence_during_a_stall_is_the_stalls_matter(tmp_path: Path) -> None:
    title = composed()
    split = 5 * RATE
    stalled = np.concatenate([title[:, :split], np.zeros((2, 2 * RATE), np.float32), title[:, split:]], axis=1)
    seen = pictures(lambda t: t if t < 5 else max(4.999, t - 2), TITLE_S + 2)
    listened = heard(tmp_path, recorded(stalled))
    assert len(listened.silences) == 2  # before the start, and the stall
    assert examined(listened, seen).findings == ()
    assert kinds(examined(listened, pictures(length_s=TITLE_S + 2)).findings)[0] == ("audio_silent", Severity.FAIL)


def test_silence_after_a_seek_is_allowed(clean: Listened) -> None:
    listened = replace(clean, silences=((5.5, 6.6),))
    asked = replace(SPEC, actions=(Action("play", 0.2), Action("seek", 5.6, Fraction(6))))
    assert kinds(audio_findings(listened, pictures(), SPEC)) == [("audio_silent", Severity.FAIL)]
    assert audio_findings(listened, pictures(), asked) == []


def test_silence_before_play_and_after_stop_is_not_looked_at(clean: Listened) -> None:
    listened = replace(clean, silences=((0.0, 2.0), (9.0, 12.5)))
    asked = replace(SPEC, actions=(Action("play", 2.0), Action("stop", 9.0)))
    assert audio_findings(listened, pictures(), asked) == []


def test_no_audio_track_is_a_note_about_the_recorder() -> None:
    got = examined(None)
    assert kinds(got.findings) == [("audio_not_recorded", Severity.NOTE)]
    assert got.findings[0].layer is Layer.INSTRUMENT
    assert not got.looked


@pytest.mark.parametrize("codec", [AAC, OPUS], ids=lambda codec: codec[0])
def test_a_track_of_silence_is_missing_sound(codec: tuple[str, int], tmp_path: Path) -> None:
    got = examined(heard(tmp_path, recorded(np.zeros((2, TITLE_S * RATE), np.float32)), codec))
    assert kinds(got.findings) == [("audio_missing", Severity.FAIL)]
    assert "whole track" in got.findings[0].message
    assert got.findings[0].layer is Layer.PLAYER
    assert number(got, "audio_silent_share") == 100


def test_sound_of_the_page_does_not_hide_missing_sound(clean: Listened) -> None:
    got = examined(replace(clean, silences=((LEAD_S, clean.end_s),), tones=()))
    assert kinds(got.findings) == [("audio_missing", Severity.FAIL)]
    assert "0.5 s of other sound" in got.findings[0].message


def test_nothing_played_nothing_missing(clean: Listened) -> None:
    got = examined(silent_everywhere(clean), [Observation(k / 10, None) for k in range(100)])
    assert got.findings == ()
    assert not got.looked
    short = examined(silent_everywhere(clean), pictures(length_s=0.8))
    assert kinds(short.findings) == [("audio_silent", Severity.NOTE)]


def test_title_whose_sound_is_not_known(clean: Listened) -> None:
    listened = replace(clean, silences=((4.0, 6.0),), tones=())
    found = audio_findings(listened, pictures(), SPEC, TitleSound.PLAIN)
    assert kinds(found) == [("audio_silent", Severity.NOTE)]
    assert "may be silent" in found[0].message
    silent = silent_everywhere(clean)
    assert kinds(audio_findings(silent, pictures(), SPEC, TitleSound.PLAIN)) == [("audio_missing", Severity.FAIL)]


def test_title_without_sound_is_not_asked_for_any(clean: Listened) -> None:
    for listened in (None, silent_everywhere(clean)):
        assert audio_findings(listened, pictures(), SPEC, TitleSound.NONE) == []


def test_hole_in_the_track_is_ours(tmp_path: Path) -> None:
    got = examined(heard(tmp_path, recorded(composed()), OPUS, away=(3.0, 4.5)))
    assert kinds(got.findings) == [("audio_unreadable", Severity.NOTE)]
    assert got.findings[0].layer is Layer.INSTRUMENT
    assert got.findings[0].value == pytest.approx(1.5, abs=0.05)


def test_track_that_ends_early_is_ours(clean: Listened) -> None:
    got = examined(replace(clean, end_s=10.0, tones=clean.tones[:9]))
    assert kinds(got.findings) == [("audio_unreadable", Severity.NOTE)]
    assert got.findings[0].value == pytest.approx(TITLE_S + LEAD_S - 10, abs=0.1)


def test_track_that_cannot_be_decoded_blinds() -> None:
    got = examined(Listened(0.0, 0.0, np.zeros(0, np.float32), (), (), (), 40))
    assert kinds(got.findings) == [("audio_unreadable", Severity.BLIND)]
    assert "40 bad packets" in got.findings[0].message
    assert judge(got.findings, ["audio"]).outcome is Outcome.INCONCLUSIVE


def test_sound_without_any_tone_is_worth_a_line(tmp_path: Path) -> None:
    got = examined(heard(tmp_path, recorded(noise(0.1, TITLE_S))))
    assert kinds(got.findings) == [("audio_unreadable", Severity.NOTE)]
    assert "no tone of the code" in got.findings[0].message


# --- a whole recording


def test_whole_recording(tmp_path: Path) -> None:
    path = tmp_path / "capture.mkv"
    length_s = 5
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=CAPTURE, options={"preset": "ultrafast", "crf": "35"})
        assert isinstance(video, VideoStream)
        video.width, video.height, video.pix_fmt, video.thread_count = 640, 360, "yuv420p", 1
        audio = stream_of(container, OPUS)
        for index in range(round((LEAD_S + length_s) * CAPTURE)):
            picture = np.full((540, 640), 128, np.uint8)
            at = index - round(LEAD_S * CAPTURE)
            if at >= 0:
                marker.draw(picture[:360], frame_id=at * FPS // CAPTURE, content_id=7)
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, CAPTURE)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        write(container, audio, recorded(composed(0, length_s), early_ms=-250))
    got = examine_audio(listen(path), read_recording(path).observations, SPEC)
    assert number(got, "audio_offset") == pytest.approx(-250, abs=5)
    assert kinds(got.findings) == [("audio_offset", Severity.FAIL)]
