"""What a training is made of."""

from typing import Annotated

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=1)]
Rate = Annotated[float, Meta(gt=0)]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sizes and schedule: four minutes of recordings in fifteen minutes of one CPU core."""

    hidden: Count = 64
    """Width of the GRU and of its MLPs."""
    n_harmonics: Count = 80
    n_bands: Annotated[int, Meta(ge=2)] = 65
    seed: int = 0
    segment_hops: Count = 375
    pretrain_steps: Count = 700
    pretrain_batch: Count = 16
    pretrain_rate: Rate = 2e-3
    finetune_steps: Count = 1400
    finetune_batch: Count = 8
    finetune_rate: Rate = 1e-3
    pitch_jitter_cents: Annotated[float, Meta(ge=0, le=600)] = 0.0
    """How far at most the pitch that the network hears is moved, a whole segment at a time.

    Recordings of single notes show the network a comb of pitches, each with the quirks of one or two
    takes; moved to and fro, neighbours overlap and what they have in common is learned.
    """
    gain_jitter_db: Annotated[float, Meta(ge=0, le=30)] = 6.0
    """How much softer or louder notes are made at most, together with what is asked for; of notes only."""
    release_share: Annotated[float, Meta(ge=0, le=1)] = 0.3
    """How many of the notes that are held all along are let go somewhere; of notes only."""
    release_s: Rate = 0.15
    """How long those take to fall by 60 dB."""
    steady_s: Annotated[float, Meta(ge=0, le=10)] = 0.0
    """From this age on a note that breath or bow sustains sounds the same for as long as it is held.

    So it is learned, with how it ends, as if it had begun any time ago, up to a minute. 0: a note that
    is struck never gets steady, and goes on as its recording does; of notes only.
    """
    shift_semitones: Annotated[float, Meta(ge=0, le=6)] = 2.0
    """By so much every note is learned lower and higher as well, recording and key together; of notes only.

    What is held out is never shifted, and was held out before.
    """
    silence_s: Annotated[float, Meta(ge=0, le=10)] = 0.5
    """How much silence notes that have died are followed by, so that they stay dead; of notes only."""
    weight_decay: Annotated[float, Meta(ge=0)] = 0.0
    """Of AdamW (Loshchilov & Hutter 2019)."""
    distil: Annotated[float, Meta(ge=0)] = 0.0
    """Weight of staying near the given spectra while fine-tuning; used when a teacher made them."""
    room_seconds: Annotated[float, Meta(ge=0, le=5)] = 0.0
    """Length of the learned room response; 0 learns none. The exported instrument is always dry."""

    @property
    def shifts(self) -> tuple[float, ...]:
        """Semitones by which notes are shifted, 0 among them."""
        return tuple(sorted({-self.shift_semitones, 0.0, self.shift_semitones}))
