"""Whether what is asked for lies outside what the instrument has learned."""

from ddsp_pi.models.decoder import Decoder

PITCH_TOLERANCE = 2.0 ** (0.5 / 12.0)
"""Half a semitone, as a ratio."""

LOUDNESS_TOLERANCE_DB = 1.0

SILENT_GAIN = 1e-3
"""−60 dB: a gate's gain below which no note sounds."""


class Outside:
    """What a voice is asked for, against the trained ranges of its decoder.

    It counts as outside beyond a small tolerance, and from then on until it is back within the
    range itself, so that a cable at the edge does not flicker.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """No note sounds."""
        self.sounding = self.pitch = self.loudness = False

    def look(self, decoder: Decoder, f0_hz: float, loudness_db: float, gain: float) -> None:
        """One more block, by its last pitch, loudness and gain of the gate."""
        self.sounding = gain > SILENT_GAIN
        pitch, loudness = decoder.pitch_range_hz, decoder.loudness_range_db
        ratio = 1.0 if self.pitch else PITCH_TOLERANCE
        margin_db = 0.0 if self.loudness else LOUDNESS_TOLERANCE_DB
        self.pitch = self.sounding and not pitch.low / ratio <= f0_hz <= pitch.high * ratio
        self.loudness = (
            self.sounding and not loudness.low - margin_db <= loudness_db <= loudness.high + margin_db
        )
