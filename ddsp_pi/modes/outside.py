"""Whether what is asked for lies outside what the instrument has learned."""

from ddsp_pi.dsp.envelope import Envelopes
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.modes.voices import Request

PITCH_TOLERANCE = 2.0 ** (0.5 / 12.0)
"""Half a semitone, as a ratio."""

LOUDNESS_TOLERANCE_DB = 1.0

SILENT_GAIN = 1e-3
"""−60 dB: a gate's gain below which no note sounds."""


class Outside:
    """What voices are asked for, against the trained ranges of their decoder.

    It counts as outside beyond a small tolerance, and from then on until it is back within the
    range itself, so that a cable at the edge does not flicker.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """No note sounds."""
        self.sounding = self.pitch = self.loudness = False

    def look(self, decoder: Decoder, asked: Request, envelopes: Envelopes) -> None:
        """One more piece, at whose end the gates have these gains."""
        pitch, loudness = decoder.pitch_range_hz, decoder.loudness_range_db
        ratio = 1.0 if self.pitch else PITCH_TOLERANCE
        margin_db = 0.0 if self.loudness else LOUDNESS_TOLERANCE_DB
        low_hz, high_hz = pitch.low / ratio, pitch.high * ratio
        low_db, high_db = loudness.low - margin_db, loudness.high + margin_db
        self.sounding = self.pitch = self.loudness = False
        gain = envelopes.gain
        for voice, f0_hz in enumerate(asked.f0_hz):
            if gain(voice) > SILENT_GAIN:
                self.sounding = True
                if not low_hz <= f0_hz <= high_hz:
                    self.pitch = True
                if not low_db <= asked.loudness_db[voice] <= high_db:
                    self.loudness = True
