"""A sound that hits strike, which may be changed for another one while it rings."""

import numpy as np

from ddsp_pi.frame import HOP
from ddsp_pi.modes.drum_sound import Array, DrumSound, Strike


class ChangingSounds:
    """The sound that is struck and, until they are silent, those that were struck before; itself a DrumSound.

    `use` may be called from any thread but not from two at once. The render loop takes the new sound over
    between two hops. What the old one was struck with rings on, for one change; at the next it is choked.
    """

    def __init__(self, sound: DrumSound) -> None:
        self._playing = self._wanted = sound
        self._leaving: tuple[DrumSound, ...] = ()
        self._alive = [sound]
        self._partials: int | None = None
        self._sum = np.zeros(HOP, np.float32)

    def use(self, sound: DrumSound) -> None:
        """Have another sound struck from the next hop on."""
        # What is silent is let go here: freeing takes its time, and the render loop has none.
        self._alive = [s for s in self._alive if s in (self._playing, *self._leaving, self._wanted)]
        self._alive.append(sound)
        self._wanted = sound

    def begin_hop(self) -> None:
        """Take over what was asked for, and let go of what is silent."""
        self._leaving = tuple(sound for sound in self._leaving if sound.ringing) if self._leaving else ()
        if self._wanted is self._playing:
            return
        for sound in self._leaving:
            sound.choke(0)
        arriving = self._wanted
        arriving.limit(self._partials)
        # In this order `use` always sees the sound that leaves in one place or the other.
        self._leaving = (*self._leaving, self._playing)
        self._playing = arriving

    @property
    def ringing(self) -> bool:
        """See DrumSound."""
        return self._playing.ringing or any(sound.ringing for sound in self._leaving)

    def strike(self, hit: Strike, after: int) -> None:
        """See DrumSound."""
        self._playing.strike(hit, after)

    def choke(self, after: int) -> None:
        """See DrumSound."""
        for sound in (self._playing, *self._leaving):
            sound.choke(after)

    def render(self, begin: int, n: int) -> Array:
        """See DrumSound."""
        made = self._playing.render(begin, n)
        for sound in self._leaving:
            made = np.add(made, sound.render(begin, n), out=self._sum[:n])
        return made

    def limit(self, partials: int | None) -> None:
        """See DrumSound."""
        self._partials = partials
        for sound in (self._playing, *self._leaving):
            sound.limit(partials)

    def reset(self) -> None:
        """See DrumSound; a sound that waits still comes."""
        self._playing.reset()
        self._leaving = ()
