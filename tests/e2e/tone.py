"""Tones: writing one to a WAV file, and saying which one another WAV file holds."""

import array
import math
import wave

RATE = 8000
OPUS_RATE = 48000
HEADER_BYTES = 44


def write(path, hertz, seconds=60):
    """One channel, 16 bits, 8 kHz, at a quarter of full scale."""
    period = array.array("h", (int(8000 * math.sin(2 * math.pi * hertz * i / RATE)) for i in range(RATE)))
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(period.tobytes() * seconds)


def readings(path):
    """
    Rate and samples of the first channel. Phones leave headers unfinished, so lengths are not believed; linphone
    leaves the place of its own empty until the call is over: then it may be at the rate of either of its codecs.
    """
    octets = path.read_bytes()
    at = octets.find(b"fmt ")
    data = octets.find(b"data")
    if at < 0 or data < 0:
        for rate in (RATE, OPUS_RATE):
            yield rate, samples_of(octets[HEADER_BYTES:])
        return
    channels = int.from_bytes(octets[at + 10 : at + 12], "little")
    rate = int.from_bytes(octets[at + 12 : at + 16], "little")
    yield rate, samples_of(octets[data + 8 :])[::channels]


def samples_of(octets):
    samples = array.array("h")
    samples.frombytes(octets[: len(octets) // 2 * 2])
    return samples


def strength(samples, rate, hertz):
    """The share of the power of `samples` that lies at `hertz`, 0 to 1: Goertzel's algorithm."""
    total = sum(s * s for s in samples)
    if total == 0:
        return 0.0
    c = 2 * math.cos(2 * math.pi * hertz / rate)
    s1 = s2 = 0.0
    for s in samples:
        s1, s2 = s + c * s1 - s2, s1
    return (s1 * s1 + s2 * s2 - c * s1 * s2) * 2 / (len(samples) * total)


def is_heard(path, hertz, seconds=0.5):
    """Is `hertz` the better half of what the file holds, in its last `seconds`, ends apart?"""
    for rate, samples in readings(path):
        length = int(rate * seconds)
        for end in range(len(samples), length, -length):
            piece = samples[end - length : end]
            if strength(piece, rate, hertz) > 0.5:
                return True
    return False
