"""Octave errors of the pitch labels against an aligned score, over a whole movement.

    python -m tests.octave_errors FOLDER NOTES.csv ALIGNMENTS.csv OFFSETS.csv [GLOB]

NOTES has a `pitch` column (MIDI), ALIGNMENTS `start,end` in seconds of the movement, row by row;
OFFSETS has `file` and `source_start_s`, where each recording begins in the movement.
"""

import csv
import sys
from pathlib import Path

import numpy as np

from ddsp_pi.frame import HOP_RATE
from ddsp_pi.recording import load_recording
from ddsp_pi.train.labels import label_pitch


def rows(path):
    with Path(path).open() as file:
        return list(csv.DictReader(file))


def main(recordings, notes, alignments, offsets):
    starts = {Path(row["file"]).name: row["source_start_s"] for row in rows(offsets)}
    score = [
        (float(place["start"]), float(place["end"]), float(note["pitch"]))
        for note, place in zip(rows(notes), rows(alignments), strict=True)
    ]
    wrong = frames = 0
    for path in sorted(map(Path, recordings)):
        f0_hz = label_pitch(load_recording(path).audio).f0_hz
        seconds = float(starts[path.name]) + np.arange(len(f0_hz)) / HOP_RATE
        heard = 69.0 + 12.0 * np.log2(f0_hz / 440.0)
        for start, end, note in score:
            off = np.abs(heard[(seconds >= start) & (seconds < end)] - note)
            wrong += int((np.abs(off[:, None] - (12.0, 24.0)).min(axis=1, initial=99.0) < 0.6).sum())
            frames += len(off)
    print(f"{frames} frames, {100 * wrong / frames:.2f} % an octave or two off")


if __name__ == "__main__":
    main(sorted(Path(sys.argv[1]).glob(sys.argv[5] if len(sys.argv) > 5 else "*.flac")), *sys.argv[2:5])
