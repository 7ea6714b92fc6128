"""The sections of the settings: what each value may be and mean, for the check and for `config explain`."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class Audio(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the sound goes."""

    backend: Annotated[
        Literal["portaudio", "jack", "alsa", "null", "wav"],
        Meta(
            description="What plays: the sound card (by the system's choice, JACK or ALSA), nothing at all, "
            "or a file. YAML needs the quotes of 'null'."
        ),
    ]
    device: Annotated[
        str | int | None,
        Meta(
            description="Which sound card: a part of its name, its ALSA card id, or its number; for wav, "
            "the file. Empty: the system's choice."
        ),
    ]
    period: Annotated[
        int,
        Meta(
            ge=32,
            le=512,
            description="Samples per block: fewer answer sooner, more click less. A JACK server has its own.",
        ),
    ]
    latency: Annotated[
        float,
        Meta(ge=1, le=16, description="Periods of sound that the card keeps ready: more ride out more."),
    ]
    channels: Annotated[
        Literal[1, 2], Meta(description="Outputs to play on: one, or left and right the same.")
    ]
    inputs: Annotated[
        Literal[0, 1, 2],
        Meta(description="Inputs to listen to, for the modes that do; two are heard as their mean."),
    ]
    sample_rate: Annotated[
        int,
        Meta(
            ge=32_000,
            le=192_000,
            description="What the card runs at, in Hz. Anything but 48000 is resampled, 5 ms later.",
        ),
    ]


Jack = Literal["cv1", "cv2", "cv3", "cv4", "cv5", "cv6", "cv7", "cv8"]
Source = Literal[Jack, "gate1", "gate2", "gate3", "gate4"]


class Route(Struct, frozen=True, forbid_unknown_fields=True):
    """What one jack plays."""

    jack: Annotated[
        Source, Meta(description="The jack, as on the panel; a gate is 5 V while it is open, else 0 V.")
    ]
    to: Annotated[str, Meta(min_length=1, description="The parameter that the cable holds.")]
    law: Annotated[
        Literal["v_oct", "linear", "log"],
        Meta(description="How volts become values: an octave per volt, or `volts` spread over `range`."),
    ] = "linear"
    volts: Annotated[
        tuple[float, float],
        Meta(description="The span of volts that counts, low first, after attenuverter and offset."),
    ] = (-5.0, 5.0)
    range: Annotated[
        tuple[float, float] | None,
        Meta(description="Values at the two ends of `volts`. Left out: the parameter's own range."),
    ] = None
    smooth_ms: Annotated[
        float, Meta(ge=0, le=1000, description="Time constant that takes out jitter and steps; 0: none.")
    ] = 0.0
    attenuverter: Annotated[
        float,
        Meta(ge=-2, le=2, description="What the volts are multiplied by; below 0 they go the other way."),
    ] = 1.0
    offset: Annotated[float, Meta(ge=-10, le=10, description="Volts that are added after that.")] = 0.0

    def __post_init__(self) -> None:
        """Refuse what each value alone could not show."""
        if self.volts[0] >= self.volts[1]:
            raise ValueError("volts must rise from the first to the second")
        if self.law == "v_oct" and self.range is not None:
            raise ValueError("v_oct takes no range: the notes follow the volts")
        if self.law == "log" and self.range is not None and min(self.range) <= 0:
            raise ValueError("a log range must stay above 0")


class Cv(Struct, frozen=True, forbid_unknown_fields=True):
    """What the CV jacks mean."""

    zero_volt_note: Annotated[
        float, Meta(ge=0, le=127, description="MIDI note at 0 V on a v_oct jack; 60 is middle C.")
    ]
    routes: Annotated[tuple[Route, ...], Meta(description="Which jack plays what, one row for each.")]

    def __post_init__(self) -> None:
        """Refuse two cables on one parameter: the later row would win without a word."""
        targets = [route.to for route in self.routes]
        twice = sorted({name for name in targets if targets.count(name) > 1})
        if twice:
            raise ValueError(f"more than one route to {', '.join(twice)}")


class Action(Struct, frozen=True, forbid_unknown_fields=True):
    """What a button does."""

    buttons: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=3)], ...],
        Meta(min_length=1, description="Which button, from 1 on; more than one: pressed together."),
    ]
    do: Annotated[
        Literal[
            "next_instrument",
            "previous_instrument",
            "next_preset",
            "previous_preset",
            "save_preset",
            "panic",
            "calibrate",
            "power_off",
        ],
        Meta(
            description="What happens. Presets are those of the instrument that plays; panic: silence, "
            "every note ends; calibrate: tune CV 1 from the panel; power_off: end everything in order."
        ),
    ]
    held: Annotated[bool, Meta(description="Whether it must be held down for long.")] = False


class Rack(Struct, frozen=True, forbid_unknown_fields=True):
    """The board and its panel."""

    board: Annotated[
        str,
        Meta(
            min_length=1,
            description="Which board carries the Pi; auto: the one whose parts are there. "
            "'ddsp-pi doctor' lists them.",
        ),
    ]
    gpio: Annotated[
        Literal["auto", "gpiod", "rpi_gpio"],
        Meta(description="What drives gates, buttons and the LED; auto: gpiod where it is installed."),
    ]
    spi_hz: Annotated[
        int,
        Meta(
            ge=100_000, le=2_000_000, description="Clock of the CV converter; above 1 MHz it is out of spec."
        ),
    ]
    oversample: Annotated[
        int,
        Meta(ge=1, le=16, description="Conversions per reading of a jack: more are quieter and cost more."),
    ]
    smooth_ms: Annotated[
        float,
        Meta(
            ge=0,
            le=200,
            description="Time constant of a jack that is still; one that moves is followed at once.",
        ),
    ]
    deadbands: Annotated[
        dict[Jack, Annotated[float, Meta(ge=0, le=1)]],
        Meta(description="Volts that a jack may move without anything following, such as cv3: 0.01."),
    ]
    wakes: Annotated[
        dict[Jack, Annotated[float, Meta(ge=0, le=5)]],
        Meta(
            description="Jacks with a knob that say nothing until cable or knob has moved by so many volts, "
            "such as cv2: 0.25."
        ),
    ]
    gate_delay_ms: Annotated[
        float, Meta(ge=0, le=5, description="How long a gate waits for the pitch of a slow sequencer.")
    ]
    debounce_ms: Annotated[
        float, Meta(ge=0, le=20, description="How long after an edge a gate's further edges are bouncing.")
    ]
    long_press_ms: Annotated[float, Meta(ge=200, le=5000, description="How long a button must be held.")]
    buttons: Annotated[tuple[Action, ...], Meta(description="What the buttons do, one row for each.")]
    gate_outs: Annotated[
        tuple[Literal["note", "trigger", "osc"], ...],
        Meta(
            max_length=4,
            description="What the gate outputs do, in order. note: high while one sounds; "
            "trigger: 10 ms at its start; osc: what /ddsp/gateout says.",
        ),
    ]


class Osc(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may play over the network."""

    port: Annotated[int, Meta(ge=1, le=65535, description="UDP port where OSC comes in.")]
    query_port: Annotated[
        int,
        Meta(
            ge=0,
            le=65535,
            description="TCP port where programs can ask which addresses there are (OSCQuery); 0: none.",
        ),
    ]
    lan: Annotated[bool, Meta(description="Whether other computers may play too, not only this one.")]


MIDI_RESERVED = frozenset((0, 6, 32, 38, 64, *range(96, 102), *range(120, 128)))
"""Controllers with a meaning of their own: banks, data entry, the sustain pedal, and the channel's mode."""


class Midi(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may play over MIDI, and what the controllers turn."""

    port: Annotated[
        str | None,
        Meta(description="Which ports are heard: all, or those with this in their name. Empty: none."),
    ]
    system: Annotated[
        Literal["auto", "alsa", "jack"],
        Meta(description="Whose ports they are; auto: those of the system."),
    ]
    channel: Annotated[int, Meta(ge=0, le=16, description="The channel that is heard, 1 to 16; 0: all.")]
    bend_range: Annotated[
        float, Meta(ge=0, le=24, description="Semitones that the pitch wheel bends to either side.")
    ]
    programs: Annotated[
        bool, Meta(description="Whether a program change selects an instrument, in alphabetical order.")
    ]
    controllers: Annotated[
        dict[str, Annotated[int, Meta(ge=0, le=127)] | None],
        Meta(description="Which controller turns a parameter, by its name. Empty: none."),
    ]

    def __post_init__(self) -> None:
        """Refuse controllers that mean something else."""
        for name, control in self.controllers.items():
            if control in MIDI_RESERVED:
                raise ValueError(f"controller {control} cannot turn {name}: it has a meaning of its own")


class Pd(Struct, frozen=True, forbid_unknown_fields=True):
    """A patch for Pure Data that plays along."""

    patch: Annotated[
        str | None,
        Meta(
            description="Which patch Pd opens beside the module: a file, or the name of one that ships. "
            "Empty: none, and no Pd."
        ),
    ]
    audio: Annotated[
        Literal["none", "jack"],
        Meta(
            description="none: Pd makes no sound, it only sends and receives. jack: the module plays into Pd "
            "and Pd into the codec; needs audio.backend: jack, and a JACK server."
        ),
    ]
    program: Annotated[str, Meta(min_length=1, description="The program: a name, or a file.")]
