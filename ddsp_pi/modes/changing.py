"""A voice whose instrument may be changed while it sounds."""

import numpy as np

from ddsp_pi.dsp.crossfade import CrossFade
from ddsp_pi.frame import HOP
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.modes.outside import Outside
from ddsp_pi.modes.voice import Array, DdspVoice, Request

FADE_SAMPLES = 19 * HOP
"""51 ms from one instrument to the next."""


class ChangingVoice:
    """The voice that plays and, for the length of a fade, the one that leaves.

    `use` may be called from any thread but not from two at once. It builds and warms all that is
    new; the render loop takes over the finished voice between two hops. Both then share one phase
    and one noise, nearly equal sounds that fade at equal gain.
    """

    def __init__(self, decoder: Decoder) -> None:
        self.outside = Outside()
        self._fade = CrossFade(FADE_SAMPLES, law="gain")
        self._block = np.empty(HOP, np.float32)
        self._playing = self._wanted = DdspVoice(decoder)
        self._leaving: DdspVoice | None = None
        self._alive = [self._playing]

    def use(self, decoder: Decoder) -> None:
        """Play another decoder from the next hop on."""
        voice = DdspVoice(decoder)
        voice.render(Request(440.0, -20.0), np.ones(HOP, np.float32), np.empty(HOP, np.float32))
        voice.reset()
        # What faded out is let go here: freeing a network takes its time, and the render loop has none.
        self._alive = [v for v in self._alive if v in (self._playing, self._leaving, self._wanted)]
        self._alive.append(voice)
        self._wanted = voice

    def reset(self) -> None:
        """Silence, nothing remembered, no fade; a voice that waits still comes."""
        self._playing.reset()
        self._leaving = None
        self.outside.reset()

    def render(self, request: Request, gain: Array, out: Array) -> None:
        """See DdspVoice."""
        if self._wanted is not self._playing and self._leaving is None and self._playing.between_hops:
            self._change()
        self._playing.render(request, gain, out)
        if self._leaving is not None:
            self._fade_from(self._leaving, request, gain, out)
        self.outside.look(self._playing.decoder, request.f0_hz, request.loudness_db, float(gain[-1]))

    def _change(self) -> None:
        arriving = self._wanted
        arriving.follow(self._playing)
        # In this order `use` always sees the voice that leaves in one place or the other.
        self._leaving = self._playing
        self._playing = arriving
        self._fade.reset()

    def _fade_from(self, leaving: DdspVoice, request: Request, gain: Array, out: Array) -> None:
        block = self._block[: len(out)]
        leaving.render(request, gain, block)
        self._fade.process(block, out, out)
        if self._fade.done:
            self._leaving = None
