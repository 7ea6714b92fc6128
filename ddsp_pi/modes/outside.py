"""Whether what is asked for lies outside what the instrument has learned."""

from ddsp_pi.dsp.envelope import Envelopes
from ddsp_pi.models.card import Range
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
        hz, db = decoder.pitch_range_hz, decoder.loudness_range_db
        sounding = pitch = loudness = False
        gain = envelopes.gain
        for voice, f0_hz in enumerate(asked.f0_hz):
            if gain(voice) > SILENT_GAIN:
                sounding = True
                # What lies within, as nearly always, needs no look at the tolerance.
                if not hz.low <= f0_hz <= hz.high:
                    pitch = pitch or self._strays_in_pitch(hz, f0_hz)
                if not db.low <= (loudness_db := asked.loudness_db[voice]) <= db.high:
                    loudness = loudness or self._strays_in_loudness(db, loudness_db)
        self.sounding, self.pitch, self.loudness = sounding, pitch, loudness

    def _strays_in_pitch(self, trained: Range, f0_hz: float) -> bool:
        ratio = 1.0 if self.pitch else PITCH_TOLERANCE
        return not trained.low / ratio <= f0_hz <= trained.high * ratio

    def _strays_in_loudness(self, trained: Range, loudness_db: float) -> bool:
        margin_db = 0.0 if self.loudness else LOUDNESS_TOLERANCE_DB
        return not trained.low - margin_db <= loudness_db <= trained.high + margin_db
