"""`ddsp-pi analyze`: a recording becomes the CV and gate that would have played it."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddsp_pi.cli.progress import Progress
from ddsp_pi.dsp.notes import note_name
from ddsp_pi.dsp.transcription import PITCH_EVERY, Transcription, transcribe
from ddsp_pi.errors import RecordingError
from ddsp_pi.files import replacing
from ddsp_pi.frame import HOP, HOP_RATE, SAMPLE_RATE
from ddsp_pi.recording import SHORTEST_S, Recording, load_recording

HEADER = "time_s,cv1,cv2,gate1"

C4_HZ = 440.0 * 2.0 ** (-9 / 12)
"""MIDI note 60: 0 V, from where a volt is an octave."""

QUIET_DB, DB_PER_VOLT, MAX_VOLTS = -80.0, 10.0, 8.0
"""Loudness that is 0 V, its scale, and the voltage of 0 dB."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument("recording", type=Path, help="one instrument, one note at a time (wav, flac, …)")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="CSV", help="where the performance goes"
    )
    parser.add_argument(
        "--start", type=seconds, default=0.0, metavar="S", help="leave out what comes before this second"
    )
    parser.add_argument("--duration", type=seconds, metavar="S", help="take only so many seconds")


def seconds(text: str) -> float:
    """A time on the command line."""
    value = float(text)
    if not 0.0 <= value < 1e6:
        raise ValueError(text)
    return value


def run(args: argparse.Namespace) -> int:
    """Analyse a recording, write the performance and say what was made."""
    recording = load_recording(args.recording)
    audio = cut(recording, args.start, args.duration)
    with Progress("analyze", len(audio) // (PITCH_EVERY * HOP) + 1) as progress:
        heard = transcribe(audio, progress.advance)
    if not heard.gate.any():
        raise RecordingError(
            f"{args.recording}: no note found between {args.start:g} s and "
            f"{args.start + len(audio) / SAMPLE_RATE:g} s; it takes a pitched instrument, one note at a time"
        )
    write_performance(args.output, heard)
    _report(args.output, heard, recording)
    return 0


def cut(recording: Recording, start_s: float, duration_s: float | None) -> NDArray[np.float32]:
    """The part of a recording that was asked for, or what there is of it.

    Raises:
        RecordingError: less than 0.1 s is left.
    """
    length = recording.seconds if duration_s is None else duration_s
    part = recording.audio[round(start_s * SAMPLE_RATE) : round((start_s + length) * SAMPLE_RATE)]
    if len(part) < SHORTEST_S * SAMPLE_RATE:
        raise RecordingError(
            f"{recording.path}: {length:g} s from {start_s:g} s on leave too little: it is "
            f"{recording.seconds:.2f} s long, and at least {SHORTEST_S} s is needed"
        )
    return part


def write_performance(path: Path, heard: Transcription) -> None:
    """Write `time_s,cv1,cv2,gate1`: pitch at 1 V/octave, loudness, gate.

    The file appears whole or not at all.
    """
    with replacing(path, "w") as file:
        file.writelines(_lines(heard))


def _lines(heard: Transcription) -> Iterator[str]:
    """The header, a row for every pitch reading, and one at every gate change and at the end."""
    pitch = np.log2(heard.f0_hz / C4_HZ)
    loudness = np.clip((heard.loudness_db - QUIET_DB) / DB_PER_VOLT, 0.0, MAX_VOLTS)
    wanted = np.arange(len(heard.gate)) % PITCH_EVERY == 0
    wanted[1:] |= heard.gate[1:] != heard.gate[:-1]
    wanted[-1] = True
    yield HEADER + "\n"
    for row in np.flatnonzero(wanted):
        yield f"{row / HOP_RATE:.6f},{pitch[row]:.4f},{loudness[row]:.4f},{heard.gate[row]:d}\n"


def _report(path: Path, heard: Transcription, recording: Recording) -> None:
    low, high = np.percentile(heard.f0_hz[heard.gate], (1, 99))
    notes = "1 note" if heard.n_notes == 1 else f"{heard.n_notes} notes"
    print(
        f"{path}: {len(heard.gate) / HOP_RATE:.1f} s, {notes}, {nearest_note(low)} to {nearest_note(high)} "
        f"({low:.0f} to {high:.0f} Hz)"
    )
    for remark in recording.notes:
        print(f"{recording.path}: {remark}")


def nearest_note(f0_hz: float) -> str:
    """The nearest note of the equal-tempered scale, as A4 for 440 Hz."""
    return note_name(round(60 + 12 * float(np.log2(f0_hz / C4_HZ))))
