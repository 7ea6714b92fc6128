"""Measures again how notes differ by the way they are played: `python -m tests.style.measure_ways NOTES.CSV`.

The list is that of all notes of the guitar, as it was trained from; those that are held out are left out.
"""

import argparse
import csv
from pathlib import Path

import numpy as np

from ddsp_pi.models.library import open_instrument
from ddsp_pi.recording import load_recording
from ddsp_pi.train.manifest import read_manifest
from ddsp_pi.train.onset import find_onset
from tests.style.heard import GUITAR, way_of
from tests.style.judging import WAYS, features


def measured(path):
    """{way: (notes, features)} of the notes of a list."""
    card = open_instrument(GUITAR).card
    found = {}
    for row in read_manifest(path, card.style):
        if row.recording.stem not in card.held_out:
            audio = load_recording(row.recording).audio
            found.setdefault(way_of(row.controls), []).append(features(audio[find_onset(audio) :]))
    return {way: np.array(rows) for way, rows in sorted(found.items())}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notes", type=Path)
    with WAYS.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["way", "notes", "fall", "fall_spread", "centroid", "centroid_spread"])
        for way, rows in measured(parser.parse_args().notes).items():
            mean, spread = rows.mean(axis=0), rows.std(axis=0)
            writer.writerow([way, len(rows), *np.round(np.stack([mean, spread]).T.ravel(), 4)])


if __name__ == "__main__":
    main()
