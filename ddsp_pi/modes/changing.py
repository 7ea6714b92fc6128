"""Voices whose instrument may be changed while they sound."""

from ddsp_pi.dsp.crossfade import CrossFade
from ddsp_pi.dsp.envelope import Shape
from ddsp_pi.frame import HOP
from ddsp_pi.models.decoder import Decoder
from ddsp_pi.modes.voices import Array, DdspVoices, Request

FADE_SAMPLES = 19 * HOP
"""51 ms from one instrument to the next."""


class ChangingVoices:
    """The voices that play and, for the length of a fade, those that leave.

    `use` may be called from any thread but not from two at once. It builds and warms all that is
    new; the render loop takes over the finished voices between two hops. Both then share one phase
    and one noise, nearly equal sounds that fade at equal gain.
    """

    def __init__(self, decoder: Decoder) -> None:
        self._fade = CrossFade(FADE_SAMPLES, law="gain")
        self.playing = self._wanted = warmed(decoder)
        self._leaving: DdspVoices | None = None
        self._alive = [self.playing]
        self._partials: int | None = None

    def use(self, decoder: Decoder) -> None:
        """Play another decoder, of as many voices, from the next hop on."""
        voices = warmed(decoder)
        # What faded out is let go here: freeing a network takes its time, and the render loop has none.
        self._alive = [v for v in self._alive if v in (self.playing, self._leaving, self._wanted)]
        self._alive.append(voices)
        self._wanted = voices

    def reset(self) -> None:
        """Silence, nothing remembered, no fade; voices that wait still come."""
        self.playing.reset()
        self._leaving = None

    def limit(self, partials: int | None) -> None:
        """See DdspVoices."""
        self._partials = partials
        for voices in (self.playing, self._leaving):
            if voices is not None:
                voices.limit(partials)

    def shape(self, voice: int, shape: Shape) -> None:
        """See Envelopes."""
        self.playing.envelopes.shape(voice, shape)
        if self._leaving is not None:
            self._leaving.envelopes.shape(voice, shape)

    def move(self, voice: int, high: bool) -> None:
        """See Envelopes."""
        self.playing.envelopes.move(voice, high)
        if self._leaving is not None:
            self._leaving.envelopes.move(voice, high)

    def begin_hop(self, request: Request) -> None:
        """See DdspVoices."""
        if self._wanted is not self.playing and self._leaving is None:
            self._change()
        self.playing.begin_hop(request)
        if self._leaving is not None:
            self._leaving.begin_hop(request)

    def ask_again(self, request: Request) -> None:
        """See DdspVoices."""
        self.playing.ask_again(request)
        if self._leaving is not None:
            self._leaving.ask_again(request)

    def begin_now(self, voice: int) -> None:
        """See DdspVoices."""
        self.playing.begin_now(voice)
        if self._leaving is not None:
            self._leaving.begin_now(voice)

    def jump(self, voice: int, f0_hz: float | None = None, loudness_db: float | None = None) -> None:
        """See DdspVoices."""
        self.playing.jump(voice, f0_hz, loudness_db)
        if self._leaving is not None:
            self._leaving.jump(voice, f0_hz, loudness_db)

    def render(self, begin: int, out: Array) -> None:
        """Write n = len(out) samples of the hop from `begin` on."""
        out[:] = self.playing.render(begin, len(out))
        if self._leaving is not None:
            self._fade.process(self._leaving.render(begin, len(out)), out, out)
            if self._fade.done:
                self._leaving = None

    def _change(self) -> None:
        arriving = self._wanted
        arriving.follow(self.playing)
        arriving.limit(self._partials)
        # In this order `use` always sees the voices that leave in one place or the other.
        self._leaving = self.playing
        self.playing = arriving
        self._fade.reset()


def warmed(decoder: Decoder) -> DdspVoices:
    """Voices that have played once, in silence: first steps are slow."""
    voices = DdspVoices(decoder)
    for voice in range(decoder.voices):
        voices.envelopes.move(voice, True)
    voices.begin_hop(Request(decoder.voices))
    voices.render(0, HOP)
    voices.reset()
    return voices
