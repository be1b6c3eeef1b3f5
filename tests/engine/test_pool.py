"""The generator pool: order, bounds, and that a failure anywhere ends everything, never a hang."""

from __future__ import annotations

import faulthandler
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction

import numpy as np
import pytest

from videotoon.cache.repeated import RepeatedFrames
from videotoon.engine.pool import (
    INBOX_PER_WORKER,
    OUTLET_PER_WORKER,
    FrameReuse,
    GeneratorPool,
    PaintedFrame,
)
from videotoon.frame import Frame, Planes
from videotoon.timing import StageClock

HANGS_AFTER_S = 30.0
ADDED = 10


@pytest.fixture(autouse=True)
def _no_hang() -> Iterator[None]:
    """A hang ends the test run and shows where every thread stands."""
    faulthandler.dump_traceback_later(HANGS_AFTER_S, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


def frame(index: int, shade: int | None = None) -> Frame:
    """A frame of one shade, by default its index."""
    luma = np.full((8, 8), index if shade is None else shade, np.uint8)
    chroma = np.full((4, 4), 128, np.uint8)
    return Frame(index, index * 40, Fraction(1, 1000), Planes(luma, chroma, chroma.copy()))


def clip(length: int) -> Iterator[Frame]:
    yield from (frame(index) for index in range(length))


class Painters:
    """Hands out sessions that add :data:`ADDED` to the luma; they may be slow or fail.

    Args:
        delay: Seconds that painting takes, by the frame's shade.
        fails_at: Shade whose painting fails.
    """

    def __init__(
        self, delay: Callable[[int], float] = lambda _: 0.0, fails_at: int | None = None
    ) -> None:
        self.delay = delay
        self.fails_at = fails_at
        self.painted: list[int] = []
        self.threads: set[str] = set()

    def session(self) -> Painters:
        return self

    def paint(self, planes: Planes) -> Planes:
        shade = int(planes.y[0, 0])
        self.threads.add(threading.current_thread().name)
        time.sleep(self.delay(shade))
        if shade == self.fails_at:
            raise ArithmeticError(f"cannot paint {shade}")
        self.painted.append(shade)
        return Planes(planes.y + ADDED, planes.u, planes.v)

    def paint_batch(self, pictures: Sequence[Planes]) -> list[Planes]:
        return [self.paint(picture) for picture in pictures]


def no_reuse() -> FrameReuse:
    return RepeatedFrames(0, 0.0)


def pool_of(painters: Painters, workers: int = 3, reuse: FrameReuse | None = None) -> GeneratorPool:
    return GeneratorPool(painters, workers, reuse or no_reuse(), StageClock())


def collect(painted: Iterable[PaintedFrame], into: list[PaintedFrame]) -> None:
    """Keep what comes, so that it can be looked at after a failure."""
    for item in painted:
        into.append(item)


def shades(painted: list[PaintedFrame]) -> list[int]:
    return [int(item.frame.planes.y[0, 0]) for item in painted]


def our_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("videotoon-")]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_frames_leave_in_order_whatever_finishes_first(workers: int) -> None:
    painters = Painters(delay=lambda shade: 0.02 if shade % 3 == 0 else 0.0)
    painted = list(pool_of(painters, workers).painted(clip(30)))
    assert shades(painted) == [shade + ADDED for shade in range(30)]
    assert [item.frame.pts for item in painted] == [40 * n for n in range(30)]
    assert not any(item.reused for item in painted)
    assert our_threads() == []


def test_all_workers_work() -> None:
    painters = Painters(delay=lambda _: 0.01)
    list(pool_of(painters, 3).painted(clip(30)))
    assert len(painters.threads) == 3


def test_no_frames_at_all() -> None:
    assert list(pool_of(Painters()).painted(iter(()))) == []
    assert our_threads() == []


def test_slow_consumer_holds_the_reader_back() -> None:
    read = 0

    def counted() -> Iterator[Frame]:
        nonlocal read
        for item in clip(100):
            read += 1
            yield item

    workers = 2
    painted = pool_of(Painters(), workers).painted(counted())
    next(painted)
    time.sleep(0.3)
    most = 1 + workers * (OUTLET_PER_WORKER + INBOX_PER_WORKER + 1) + 2
    assert read <= most
    assert len(list(painted)) == 99
    assert our_threads() == []


def test_fast_consumer_waits_for_a_slow_reader() -> None:
    def slow() -> Iterator[Frame]:
        for item in clip(8):
            time.sleep(0.02)
            yield item

    assert shades(list(pool_of(Painters()).painted(slow()))) == [n + ADDED for n in range(8)]


@pytest.mark.parametrize("at", [0, 7, 19])
def test_failing_reader(at: int) -> None:
    closed = []

    def broken() -> Iterator[Frame]:
        try:
            for item in clip(20):
                if item.index == at:
                    raise EOFError("the file breaks off")
                yield item
        finally:
            closed.append(True)

    got: list[PaintedFrame] = []
    with pytest.raises(EOFError, match="breaks off"):
        collect(pool_of(Painters()).painted(broken()), got)
    assert closed == [True]
    assert our_threads() == []


def test_frames_before_a_failing_reader_are_delivered() -> None:
    def broken() -> Iterator[Frame]:
        yield from clip(5)
        raise EOFError

    got: list[PaintedFrame] = []
    with pytest.raises(EOFError):
        collect(pool_of(Painters()).painted(broken()), got)
    assert shades(got) == [n + ADDED for n in range(5)]


@pytest.mark.parametrize("at", [0, 9, 29])
@pytest.mark.parametrize("workers", [1, 3])
def test_failing_worker_raises_the_original_error(at: int, workers: int) -> None:
    got: list[PaintedFrame] = []
    with pytest.raises(ArithmeticError, match=f"cannot paint {at}"):
        collect(pool_of(Painters(fails_at=at), workers).painted(clip(30)), got)
    assert shades(got) == [n + ADDED for n in range(at)], "frames before it are whole"
    assert our_threads() == []


@pytest.mark.parametrize("after", [0, 1, 10])
def test_failing_writer_stops_all_threads(after: int) -> None:
    """The writer is whoever takes the frames; it fails between two of them."""
    closed = []

    def watched() -> Iterator[Frame]:
        try:
            yield from clip(200)
        finally:
            closed.append(True)

    painted = pool_of(Painters(delay=lambda _: 0.002)).painted(watched())
    for _ in range(after + 1):
        next(painted)
    started = time.monotonic()
    painted.close()
    assert time.monotonic() - started < 2.0
    assert our_threads() == []
    assert closed == [True], "the decoder was closed"


def test_writer_fails_while_the_reader_is_stuck_for_a_moment() -> None:
    def slow() -> Iterator[Frame]:
        for item in clip(20):
            time.sleep(0.05)
            yield item

    painted = pool_of(Painters()).painted(slow())
    next(painted)
    painted.close()
    assert our_threads() == []


def test_pool_can_be_used_again_after_a_failure() -> None:
    painters = Painters(fails_at=3)
    pool = pool_of(painters)
    with pytest.raises(ArithmeticError):
        list(pool.painted(clip(10)))
    painters.fails_at = None
    assert len(list(pool.painted(clip(10)))) == 10


def test_repeats_are_painted_once_and_marked() -> None:
    painters = Painters()
    held = (frame(index, shade=index // 4 * 20) for index in range(12))
    painted = list(pool_of(painters, 3, RepeatedFrames(8, 4.0)).painted(held))
    assert shades(painted) == [10] * 4 + [30] * 4 + [50] * 4
    assert [item.reused for item in painted] == [False, True, True, True] * 3
    assert sorted(painters.painted) == [0, 20, 40]


def test_repeats_are_forgotten_where_work_begins_afresh() -> None:
    painters = Painters()
    held = (frame(index, shade=50) for index in range(12))
    pool = pool_of(painters, 2, RepeatedFrames(8, 4.0))
    painted = list(pool.painted(held, begins_afresh=lambda index: index % 5 == 0))
    assert [item.frame.index for item in painted if not item.reused] == [0, 5, 10]


def test_a_repeat_of_a_frame_that_fails_fails_too() -> None:
    held = (frame(index, shade=7) for index in range(4))
    pool = pool_of(Painters(fails_at=7, delay=lambda _: 0.05), 2, RepeatedFrames(8, 4.0))
    with pytest.raises(ArithmeticError, match="cannot paint 7"):
        list(pool.painted(held))
    assert our_threads() == []


def test_busy_time_is_counted_by_stage() -> None:
    clock = StageClock()
    pool = GeneratorPool(Painters(delay=lambda _: 0.01), 2, no_reuse(), clock)
    list(pool.painted(clip(10)))
    assert clock.wall_seconds().keys() == {"decode", "cache", "paint"}
    assert clock.wall_seconds()["paint"] >= 0.1
