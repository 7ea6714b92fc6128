"""`ddsp-pi render`: the live engine on files."""

import argparse
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ddsp_pi.app import ALONE, LISTENING, MODE_PARAMS, MODES, SUNG, App, build, midi_of
from ddsp_pi.cli.arguments import add_instrument_arguments, configuration
from ddsp_pi.cli.progress import Progress
from ddsp_pi.config import Config
from ddsp_pi.control.midi_file import MidiPerformance, load_midi
from ddsp_pi.drum_picture import Listening
from ddsp_pi.engine.audio import WavAudio
from ddsp_pi.engine.remarks import notes_on
from ddsp_pi.engine.tail import MOST, Tail
from ddsp_pi.errors import ConfigError
from ddsp_pi.frame import HOP, SAMPLE_RATE
from ddsp_pi.modes.chosen import start_params
from ddsp_pi.params import ParamSet
from ddsp_pi.rack.board import NullBoard
from ddsp_pi.rack.performance import Performance, load_performance, nothing_patched
from ddsp_pi.rack.played import Playable
from ddsp_pi.rack.sim import SimBoard
from ddsp_pi.recording import Recording, load_sound

BLOCK = 16 * HOP
"""Samples per block: any number of whole hops sounds the same, and fewer, larger blocks render faster."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument("--cv", type=Path, metavar="CSV", help="the performance to play")
    parser.add_argument(
        "--audio",
        type=Path,
        metavar="FILE",
        help="what is heard at the audio input, for --mode cross and drums",
    )
    parser.add_argument("--midi", type=Path, metavar="MID", help="a MIDI file to play, alone or with --cv")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="WAV", help="where the sound goes"
    )
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="PNG",
        help="draw cables, pitch, loudness and spectrogram; with --midi, the keys; "
        "with --audio, both sounds, or each hit",
    )
    parser.add_argument(
        "--block", type=int, default=BLOCK, help="samples per block (1..65536, default %(default)s)"
    )
    add_instrument_arguments(parser)


class Piece(NamedTuple):
    """What is rendered."""

    name: str
    cables: Performance
    """Without --cv nothing is patched."""
    midi: MidiPerformance | None = None
    heard: Recording | None = None

    @property
    def board(self) -> Playable:
        """Who plays it."""
        return SimBoard(self.cables) if self.midi is None else self.midi

    @property
    def length_ns(self) -> int:
        """Where the last of it ends."""
        heard_ns = 0 if self.heard is None else round(self.heard.seconds * 1e9)
        return max(self.cables.length_ns, 0 if self.midi is None else self.midi.length_ns, heard_ns)

    @property
    def notes(self) -> int:
        """How many begin, by gate and by key."""
        keys = self.midi.song.notes if self.midi else ()
        return sum(edge.high for edge in self.cables.edges) + sum(note.velocity > 0.0 for note in keys)


def run(args: argparse.Namespace) -> int:
    """Render a performance and say what was made."""
    if not 1 <= args.block <= 65_536:
        raise ConfigError(f"--block {args.block}: give 1 to 65536 samples")
    config = configuration(args)
    piece = _piece(args, config)
    app = build(config, piece.board)
    if piece.midi is not None:
        piece.midi.turn_with(app.set_param)
    tail = Tail(round(piece.length_ns * SAMPLE_RATE / 1e9))
    begun = time.perf_counter()
    heard = None if piece.heard is None else piece.heard.audio
    with Progress("render", tail.end) as progress:
        audio = WavAudio(args.output, tail.most, args.block, progress.advance, heard, tail.keep)
        audio.run(app.engine.render, threading.Event())
    seconds = time.perf_counter() - begun
    _report(args, app, piece, tail, seconds)
    if args.plot:
        _plot(args, app, piece)
    return 0


def _piece(args: argparse.Namespace, config: Config) -> Piece:
    _check_audio(args, config)
    heard = None if args.audio is None else load_sound(args.audio)
    cables = None if args.cv is None else load_performance(args.cv)
    sources = [path for path in (args.midi, args.audio, args.cv) if path is not None]
    if not sources:
        raise ConfigError(
            "nothing to play: give --cv CSV, --midi MID, or both; to --mode cross or drums --audio FILE"
        )
    midi = None if args.midi is None else _song(args, config, cables)
    length_ns = 0 if midi is None else midi.length_ns
    return Piece(sources[0].stem, cables or nothing_patched(length_ns), midi, heard)


def _check_audio(args: argparse.Namespace, config: Config) -> None:
    """A mode that listens needs something to hear, and another would play on without a word."""
    if config.mode in SUNG and args.audio is None:
        raise ConfigError(f"mode {config.mode} is played by what it hears: give --audio FILE")
    if args.audio is not None and config.mode in MODES and config.mode not in LISTENING:
        raise ConfigError(
            f"mode {config.mode} does not listen: leave --audio out, or give --mode cross or drums"
        )


def _song(args: argparse.Namespace, config: Config, cables: Performance | None) -> MidiPerformance:
    board = NullBoard() if cables is None else SimBoard(cables)
    return load_midi(args.midi, midi_of(config), _start(config), board)


def _start(config: Config) -> ParamSet:
    """Parameters as they stand before anything is played."""
    params = ParamSet(MODE_PARAMS.get(config.mode, ()))
    for name, value in start_params(config.mode, config.model, config.params).items():
        params.set(name, value)
    return params


def _report(args: argparse.Namespace, app: App, piece: Piece, tail: Tail, seconds: float) -> None:
    length = tail.end / SAMPLE_RATE
    peak_db = 20.0 * np.log10(max(app.engine.telemetry.peak, 1e-6))
    print(
        f"{args.output}: {length:.1f} s of {_player(app)}, {_played(piece)}, "
        f"peak {peak_db:.1f} dBFS, {length / seconds:.0f} x real time"
    )
    for note in (*_remarks(piece.heard), *notes_on(app.engine.telemetry, app.card)):
        print(note)
    if tail.faded:
        print(f"note: it still sounded {MOST / SAMPLE_RATE:g} s after its end, and was faded out")
    if app.engine.telemetry.rejected_samples:
        print(
            f"{app.engine.telemetry.rejected_samples} samples were not finite: silenced",
            file=sys.stderr,
        )


def _player(app: App) -> str:
    """Who played, by the name for people."""
    return f"drums ({app.instrument.card.name})" if app.config.mode in ALONE else app.instrument.card.title


def _remarks(heard: Recording | None) -> Iterator[str]:
    """What had to be done to the input, and what is wrong with it."""
    if heard is None:
        return
    yield from (f"{heard.path}: {remark}" for remark in heard.notes)
    if heard.is_clipped:
        yield f"{heard.path}: clipped: what was cut off at full scale sounds harsher than it was sung"


def _played(piece: Piece) -> str:
    return f"{piece.notes} notes" if piece.heard is None else f"played by {piece.heard.path.name}"


def _plot(args: argparse.Namespace, app: App, piece: Piece) -> None:
    from ddsp_pi.crossing_picture import draw_crossing
    from ddsp_pi.drum_picture import draw_drum
    from ddsp_pi.pictures import draw_performance, read_wav
    from ddsp_pi.song_picture import draw_song

    args.plot.parent.mkdir(parents=True, exist_ok=True)
    title, audio = f"{piece.name} played by {_player(app)}", read_wav(args.output)
    if piece.heard is not None and app.config.mode in SUNG:
        draw_crossing(piece.heard.audio, audio, ", ".join((title, *args.set)), args.plot)
        shown = "spectrum, envelope, pitch and loudness of what was heard and what was played"
    elif piece.heard is not None:
        named = ", ".join((title, *filter(None, [args.preset]), *args.set))
        draw_drum(piece.heard.audio[: len(audio)], audio, named, args.plot, _listening(app.config))
        shown = "levels, and loudness, centroid and flatness of each hit, in and out"
    elif piece.midi is not None:
        cables = None if args.cv is None else piece.cables
        draw_song(piece.midi.song, _start(app.config), cables, audio, title, args.plot)
        shown = "notes, knobs, loudness and spectrogram"
    else:
        draw_performance(piece.cables, audio, title, args.plot)
        shown = "cables, pitch, loudness and spectrogram"
    print(f"{args.plot}: {shown}")


def _listening(config: Config) -> Listening:
    """How the drum heard its hits, but for what turned its knobs meanwhile."""
    from ddsp_pi.modes.drum_params import asked

    params = _start(config)
    settings = asked(params).settings()
    return Listening(settings, params.live["input_gain"], params.live["trigger"] >= 0.5)
