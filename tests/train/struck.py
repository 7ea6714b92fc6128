"""A toy string, known to the sample: in single notes, and in phrases with their MIDI files."""

from dataclasses import dataclass

import mido
import numpy as np
import soundfile

from ddsp_pi.frame import SAMPLE_RATE
from ddsp_pi.models.card import Controller, SecondBank, Style
from ddsp_pi.train.takes import Sizes

STYLE = Style(
    (
        Controller("openness", "how long it rings", 1.0, cc=55),
        Controller("fifth", "a fifth above", 0.0, cc=56),
    ),
    SecondBank(1.5, 8, "fifth"),
)
SIZES = Sizes(20, 9, STYLE)

RINGS_S, MUTED_S = 1.2, 0.12
"""Time constants of its decay."""

LET_GO_S = 0.02


@dataclass(frozen=True)
class Struck:
    """One note of a phrase; times in seconds."""

    at: float
    note: float
    held: float
    openness: float = 1.0
    fifth: float = 0.0
    velocity: int = 100


def hz(note):
    return 440.0 * 2.0 ** ((np.asarray(note) - 69.0) / 12.0)


def pluck(note, seconds, openness=1.0, fifth=0.0, held=None, partials=range(1, 13), seed=0):
    """(n,) samples that begin at once. `note` is a number, or one for each sample."""
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(hz(note), t.shape)) / SAMPLE_RATE
    audio = sum(np.sin(k * phase + k) / k for k in partials)
    if fifth:
        audio = audio + sum(0.5 * np.sin(1.5 * k * phase + k) / k for k in range(1, 9))
    audio = audio * np.exp(-t / (RINGS_S if openness > 0.5 else MUTED_S))
    if held is not None:
        audio = audio * np.exp(-np.maximum(t - held, 0.0) / LET_GO_S)
    audio += 0.1 * np.random.default_rng(seed).standard_normal(len(t)) * np.exp(-t / 0.01)
    return (0.1 * audio).astype(np.float32)


def scale(notes=range(48, 60), every=0.5, held=0.3):
    """A phrase whose notes alternate between open and muted."""
    # No grid: on one, every offset by a step would fit as well.
    rng = np.random.default_rng(5)
    times = 0.5 + every * np.arange(len(notes)) + rng.uniform(0.0, 0.2 * every, len(notes))
    return [
        Struck(float(at), note, held, openness=float(index % 2))
        for index, (at, note) in enumerate(zip(times, notes, strict=True))
    ]


def perform(phrase, late=0.0, tail=1.0):
    """(n,) samples of a phrase that begins so much later than its score."""
    end = max(struck.at + struck.held for struck in phrase) + tail + late
    audio = np.zeros(round(end * SAMPLE_RATE), np.float32)
    audio += 1e-5 * np.random.default_rng(1).standard_normal(len(audio)).astype(np.float32)
    for seed, struck in enumerate(phrase):
        first = round((struck.at + late) * SAMPLE_RATE)
        sound = pluck(
            struck.note, struck.held + 0.5, struck.openness, struck.fifth, held=struck.held, seed=seed
        )
        audio[first : first + len(sound)] += sound[: len(audio) - first]
    return audio


def messages(phrase):
    """(seconds, message) pairs in order of time."""
    said = []
    for struck in phrase:
        said.append(
            (struck.at, mido.Message("control_change", control=55, value=round(127 * struck.openness)))
        )
        said.append((struck.at, mido.Message("control_change", control=56, value=round(127 * struck.fifth))))
        said.append((struck.at, mido.Message("note_on", note=struck.note, velocity=struck.velocity)))
        said.append((struck.at + struck.held, mido.Message("note_off", note=struck.note)))
    return sorted(said, key=lambda pair: pair[0])


def write_midi(path, said, tempo_at=None):
    """A file with one beat per second, and twice as many ticks for each from `tempo_at` seconds on."""
    file, track = mido.MidiFile(ticks_per_beat=9600), mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=1_000_000))
    if tempo_at is not None:
        said = sorted([*said, (tempo_at, mido.MetaMessage("set_tempo", tempo=500_000))], key=lambda p: p[0])
    ticks_before = 0
    for at, message in said:
        fast = 0.0 if tempo_at is None else max(at - tempo_at, 0.0)
        ticks = round(9600 * (at + fast))
        track.append(message.copy(time=ticks - ticks_before))
        ticks_before = ticks
    file.save(path)


def write_pair(folder, phrase, name="phrase", late=0.0, **midi):
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / f"{name}.wav", perform(phrase, late), SAMPLE_RATE, "FLOAT")
    write_midi(folder / f"{name}.mid", messages(phrase), **midi)
    return folder


def write_notes(folder, notes=range(48, 56)):
    """Single notes, open and muted, and the list of them."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["file,note,openness,fifth"]
    for note in notes:
        for openness in (0, 1):
            name = f"n{note}_{openness}.wav"
            lead = 1e-4 * np.random.default_rng(note).standard_normal(500).astype(np.float32)
            sound = pluck(note, 1.0 if openness else 0.5, openness, seed=note)
            soundfile.write(folder / name, np.concatenate([lead, sound]), SAMPLE_RATE, "FLOAT")
            rows.append(f"{name},{note},{openness},0")
    (folder / "notes.csv").write_text("\n".join(rows) + "\n")
    return folder
