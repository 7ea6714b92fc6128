"""Presets inside the control process: loaded, saved, stepped through and morphed while it plays."""

from collections.abc import Callable

from ddsp_pi.app import ALONE, MODE_PARAMS
from ddsp_pi.control.hub import Hub
from ddsp_pi.control.midi_map import MidiMap
from ddsp_pi.control.preset_file import Preset
from ddsp_pi.control.preset_morph import Morph, MorphPlayer
from ddsp_pi.control.presets import Acts, Presets, apply, preset_of
from ddsp_pi.control.watch import InstrumentWatch
from ddsp_pi.errors import ConfigError, DdspPiError
from ddsp_pi.modes.tables import known
from ddsp_pi.places import data_folder
from ddsp_pi.shipped import configs_folder

UNNAMED = "panel"
"""What is saved from the panel is called, if nothing was loaded before."""


def open_presets() -> Presets:
    """The presets of this installation."""
    return Presets(
        data_folder() / "presets",
        configs_folder() / "presets",
        MODE_PARAMS,
        lambda mode: known(mode).keys(),
    )


class Sounds:
    """What plays, by the names of presets. Whatever goes wrong is said, and the sound goes on as it was.

    All but `morph` read and write files, so they are to be called by one thread beside the control loop.
    """

    def __init__(
        self,
        presets: Presets,
        mode: str,
        hub: Hub,
        watch: InstrumentWatch,
        controllers: MidiMap,
        say: Callable[[str], object],
    ) -> None:
        """`controllers`: what MIDI has learned, which presets keep."""
        self._presets, self._mode, self._hub, self._watch = presets, mode, hub, watch
        self._controllers, self._say = controllers, say
        self._acts = Acts(
            mode=lambda: mode,
            instrument=lambda: watch.name,
            change_mode=self._refuse_mode,
            select_instrument=watch.select,
            set_param=hub.set,
        )
        self._loaded: Preset | None = None
        self._way: MorphPlayer | None = None

    @property
    def name(self) -> str:
        """Of the preset that was loaded last; empty: none was."""
        return self._loaded.name if self._loaded else ""

    def load(self, name: str) -> None:
        """Play a preset."""
        try:
            loaded = self._presets.load(name)
            apply(loaded.preset, MODE_PARAMS, self._acts)
        except DdspPiError as error:
            self._say(f"{error}. What played plays on")
            return
        self._loaded, self._way = loaded.preset, None
        self._say(f"preset {name} plays")
        unknown = self._controllers.use(loaded.preset.midi) if loaded.preset.midi else []
        for entry in (*loaded.left_out, *unknown):
            self._say(f"preset {name}: {entry}")

    def resume(self, name: str) -> None:
        """Know which preset was loaded before it was switched off; what it sets has been set already."""
        try:
            self._loaded = self._presets.load(name).preset
        except DdspPiError as error:
            self._say(f"{error}. What it sounded like plays on")

    def save(self, name: str = "") -> None:
        """Keep what plays; without a name in the place of the preset that was loaded last."""
        try:
            preset = preset_of(
                name or self.name or UNNAMED,
                self._mode,
                self._watch.name,
                self._hub.values,
                MODE_PARAMS[self._mode],
                self._loaded.note if self._loaded else "",
                self._controllers.learned,
            )
            path = self._presets.save(preset)
        except (DdspPiError, OSError) as error:
            self._say(f"preset not saved: {error}")
            return
        self._loaded = preset
        self._say(f"preset {preset.name} is saved as {path}")

    def step(self, by: int) -> None:
        """Play the preset so many places on, among those of the instrument that plays, round and round."""
        names = [path.stem for path in self._presets.files() if self._fits(path.stem)]
        if not names:
            self._say(f"{self._watch.name} has no presets: see 'ddsp-pi presets list'")
            return
        before = names.index(self.name) if self.name in names else -1 if by > 0 else 0
        self.load(names[(before + by) % len(names)])

    def morph_to(self, name: str) -> None:
        """Choose where `morph` goes from the preset that was loaded last."""
        try:
            if self._loaded is None:
                raise ConfigError("a morph begins with a preset: load one first")
            there = self._presets.load(name).preset
            way = Morph(self._loaded, there, MODE_PARAMS[self._mode])
        except DdspPiError as error:
            self._say(str(error))
            return
        self._way = MorphPlayer(way, self._acts)

    def morph(self, position: float) -> None:
        """Go to a place between the two, 0..1; from any thread."""
        way = self._way
        if way is None:
            raise ValueError("has nowhere to go: choose a second preset with /ddsp/preset/morph_to first")
        way.move(position)

    def _fits(self, name: str) -> bool:
        try:
            preset = self._presets.load(name).preset
            # Each drum is a preset: what an instrument is elsewhere, which has presets, is a drum there.
            any_of_them = self._mode in ALONE or preset.instrument in ("", self._watch.name)
            return preset.mode == self._mode and any_of_them
        except DdspPiError:
            return False

    def _refuse_mode(self, mode: str) -> None:
        raise ConfigError(f"mode {self._mode} plays; one for {mode} cannot be loaded while it does")
