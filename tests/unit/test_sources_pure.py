"""What the sources are made of, without a child: rates and clocks, the pipe's format, redaction, back-off."""

import base64
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.config import ClipSource, RtspSource
from edge_agent.sources.camera import back_off_s
from edge_agent.sources.pipe import (
    FRAME,
    HEADER,
    NOTE,
    Ended,
    Fault,
    Job,
    Opened,
    Working,
    decode_job,
    decode_note,
    encode_job,
    encode_note,
    frame_header,
    parse_header,
)
from edge_agent.sources.rate import MediaClock, RateLimit
from edge_agent.sources.redact import redacted, shown


def kept(fps: float | None, times_s: list[float]) -> list[float]:
    limit = RateLimit(fps)
    return [at_s for at_s in times_s if limit.keep(at_s)]


def test_twenty_five_frames_become_ten() -> None:
    times_s = [number / 25 for number in range(250)]
    assert kept(10, times_s)[:5] == [0.0, 0.12, 0.2, 0.32, 0.4]
    assert len(kept(10, times_s)) == 100
    assert kept(None, times_s) == times_s
    assert kept(25, times_s) == times_s
    assert kept(30, times_s) == times_s


def test_a_gap_is_not_made_up_for() -> None:
    assert kept(10, [0.0, 60.0, 60.04, 60.08, 60.12]) == [0.0, 60.0, 60.12]


def test_jitter_does_not_halve_the_rate() -> None:
    times_s = [number / 10 + (0.008 if number % 2 else -0.008) for number in range(100)]
    assert len(kept(10, times_s)) == 100


@given(st.lists(st.floats(0.001, 0.5), min_size=2, max_size=200), st.floats(1, 30))
def test_never_more_than_asked(steps_s: list[float], fps: float) -> None:
    times_s = [sum(steps_s[:n]) for n in range(len(steps_s))]
    found = kept(fps, times_s)
    assert found[0] == times_s[0]
    assert len(found) <= (times_s[-1] - times_s[0]) * fps + 1.2


def test_media_clock_begins_at_zero_and_heals_bad_timestamps() -> None:
    clock = MediaClock(25)
    ticks = [clock.tick(position) for position in (0.12, 0.16, 0.20, 0.0, 0.0, 0.04, 1e9)]
    assert ticks == pytest.approx([0, 0.04, 0.08, 0.12, 0.16, 0.20, 0.24])


def test_media_clock_follows_uneven_frames_and_runs_on_over_a_loop() -> None:
    clock = MediaClock(10)
    assert [clock.tick(position) for position in (5.0, 5.1, 7.1)] == pytest.approx([0, 0.1, 2.1])
    clock.rewind()
    assert [clock.tick(position) for position in (5.0, 5.1)] == pytest.approx([2.2, 2.3])


def test_header_and_notes_round_trip() -> None:
    header = parse_header(frame_header(7, 1.25, 640, 360))
    assert (header.magic, header.index, header.at_s, header.length) == (FRAME, 7, 1.25, 640 * 360 * 3)
    for note in (Opened(25.0, None, 640, 360), Working(), Ended(748, 29.92), Fault("no_frames")):
        data = encode_note(note)
        assert parse_header(data[: HEADER.size]).length == len(data) - HEADER.size
        assert decode_note(data[HEADER.size :]) == note


@pytest.mark.parametrize(
    "fields",
    [
        (b"XXXX", 0, 0.0, 4, 4, 48),
        (FRAME, 0, 0.0, 4, 4, 47),
        (FRAME, 0, 0.0, 0, 4, 0),
        (FRAME, 0, 0.0, 16_385, 1, 16_385 * 3),
        (FRAME, 0, 0.0, 16_000, 16_000, 16_000 * 16_000 * 3),
        (NOTE, 0, 0.0, 0, 0, 0),
        (NOTE, 0, 0.0, 0, 0, 1 << 17),
    ],
)
def test_a_header_out_of_bounds_is_refused(fields: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match="not a frame header"):
        parse_header(HEADER.pack(*fields))


@given(st.binary(min_size=HEADER.size, max_size=HEADER.size))
def test_random_headers_are_refused(data: bytes) -> None:
    if data[:4] not in (FRAME, NOTE):
        with pytest.raises(ValueError, match="not a frame header"):
            parse_header(data)


def test_a_job_is_one_line_and_bounded() -> None:
    job = Job(RtspSource("rtsp://a:b@c/d\n"), True, 10.0, 640, (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)),))
    line = encode_job(job)
    assert line.count(b"\n") == 1
    assert decode_job(line) == job
    with pytest.raises(ValueError, match="private masks"):
        encode_job(Job(ClipSource("x"), True, masks=(((0.123456789, 0.123456789),) * 5000,)))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("rtsp://kerb:secret@10.0.0.5:554/live?x=1", "rtsp://10.0.0.5:554"),
        ("rtsp://10.0.0.5/user=admin_password=secret", "rtsp://10.0.0.5"),
        ("rtsp://kerb:se@cret/x@10.0.0.5/live", "the URL"),
        ("kerb:secret@10.0.0.5", "the URL"),
    ],
)
def test_only_scheme_and_host_are_shown(url: str, expected: str) -> None:
    assert shown(url) == expected


URL = "rtsp://kerb:p%40ss%2Fword@10.0.0.5:554/ch1?token=hunter%202&n=1"


@pytest.mark.parametrize(
    "secret",
    [
        "p@ss/word", "p%40ss%2Fword", "p%40ss/word", "hunter 2", "hunter%202", "hunter+2", URL, "kerb:p@ss/word",
        base64.b64encode(b"kerb:p@ss/word").decode(),
    ],
)  # fmt: skip
def test_secrets_are_hidden_in_every_form(secret: str) -> None:
    text = redacted(f"open\n {secret} failed: 401 (Unauthorized)", URL)
    assert secret not in text
    assert "word" not in text
    assert "failed: 401 (" in text


def test_text_without_secrets_is_only_cut() -> None:
    assert redacted("401\n\n(Unauthorized)", "") == "401 (Unauthorized)"
    assert len(redacted("x" * 1000, "")) == 160


def test_back_off_doubles_to_its_limit_with_jitter() -> None:
    assert [back_off_s(failures, 0.0) for failures in (1, 2, 3, 4, 5, 50)] == [1, 2, 4, 8, 8, 8]
    assert all(half == whole / 2 for half, whole in pairwise([back_off_s(3, 1.0), back_off_s(3, 0.0)]))
