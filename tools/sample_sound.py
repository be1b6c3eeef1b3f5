"""Sound of the sample clips: a quiet chord and a click at every flash."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
CLICK_HZ = (1000.0, 1500.0)  # left, right
CLICK_LEVEL = 0.7
CHORD_LEVEL = 0.02  # so quiet that a click cannot be missed
CHORDS = ((220.0, 277.18, 329.63), (196.0, 246.94, 293.66), (174.61, 220.0, 261.63))  # A, G, F


def soundtrack(seconds: float, clicks: Sequence[float]) -> NDArray[np.float32]:
    """Make the sound, shape (2, samples) for left and right, -1..1.

    Args:
        seconds: Length.
        clicks: Seconds at which a click begins, exact to the sample.
    """
    total = round(seconds * RATE)
    sound = np.stack([_chords(total, 0.0), _chords(total, 0.4)])
    time = np.arange(round(0.05 * RATE)) / RATE
    for channel, pitch in enumerate(CLICK_HZ):
        burst = CLICK_LEVEL * np.cos(2 * np.pi * pitch * time) * np.exp(-70 * time)
        for start in clicks:
            first = round(start * RATE)
            room = min(len(burst), total - first)
            sound[channel, first : first + room] += burst[:room]
    return np.clip(sound, -1, 1).astype(np.float32)


def _chords(total: int, phase: float) -> NDArray[np.float64]:
    """One channel of slowly swelling chords, each as long as the others."""
    time = np.arange(total) / RATE
    length = total / len(CHORDS)
    channel = np.zeros(total)
    for number, chord in enumerate(CHORDS):
        place = (np.arange(total) - number * length) / length
        swell = np.where((place >= 0) & (place <= 1), np.sin(np.pi * np.clip(place, 0, 1)) ** 2, 0)
        for pitch in chord:
            tremolo = 1 + 0.2 * np.sin(2 * math.pi * 3 * time + 8 * phase)
            channel += CHORD_LEVEL * swell * tremolo * np.sin(2 * math.pi * pitch * time + phase)
    return channel
