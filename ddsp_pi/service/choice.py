"""What `ddsp-pi run` plays with where the settings leave it open: the board at hand and its sound card."""

from typing import NamedTuple

from ddsp_pi.config import Config
from ddsp_pi.errors import BoardError, ConfigError
from ddsp_pi.rack.boards import AUTO, SIM, find_board
from ddsp_pi.service.detect import detect_board
from ddsp_pi.service.host import Host
from ddsp_pi.service.sound import card_of

THROUGH_A_CARD = ("portaudio", "alsa")
"""Backends for which a sound card must be chosen."""


class Choice(NamedTuple):
    """What plays, and why, a line each."""

    board: str
    simulated: bool
    device: str | int | None
    reasons: tuple[str, ...] = ()


def choose(host: Host, config: Config, simulated: bool) -> Choice:
    """The board and the sound card.

    Args:
        host: the system.
        config: the settings.
        simulated: whether a simulated board is wanted, whatever is there.

    Raises:
        BoardError: there is no such board, or this is a Raspberry Pi without one.
        ConfigError: its codec has fewer inputs than are to be heard.
    """
    wanted = config.rack.board
    if simulated or wanted == SIM:
        return Choice(find_board(SIM if wanted == AUTO else wanted).name, True, config.audio.device)
    choice = _at_hand(host, config) if wanted == AUTO else _with_card(host, config, wanted)
    _check_inputs(config, choice)
    return choice


def choose_for_service(host: Host, config: Config) -> Choice:
    """The same where nobody reads a refusal: what is not there is waited for.

    A computer that is no Raspberry Pi has no board, not a simulated one, whose demo nobody asked for.

    Raises:
        BoardError: there is no board of the name in the settings.
        ConfigError: its codec has fewer inputs than are to be heard.
    """
    if config.rack.board == AUTO and (found := detect_board(host)).name is None:
        if not host.model:
            return Choice(SIM, False, config.audio.device, (f"no board: {found.reason}",))
        return Choice(
            AUTO, False, config.audio.device, (f"{found.reason}; it is looked for again and again",)
        )
    choice = choose(host, config, simulated=False)
    return choice if choice.simulated else choice._replace(device=_awaited(config, choice))


def _awaited(config: Config, choice: Choice) -> str | int | None:
    """The codec's card, which may come after us at a start of the system."""
    codec = find_board(choice.board).codec
    if choice.device is not None or codec is None or config.audio.backend not in THROUGH_A_CARD:
        return choice.device
    return codec.card_ids[0]


def _check_inputs(config: Config, choice: Choice) -> None:
    """Refuse to listen to a codec that cannot: its device would be waited for, for ever."""
    codec, wanted = find_board(choice.board).codec, config.audio.inputs
    if codec is None or wanted <= codec.inputs or choice.device not in codec.card_ids:
        return
    has = f"{codec.inputs} audio inputs" if codec.inputs else "no audio input"
    raise ConfigError(
        f"audio.inputs is {wanted}, and the {codec.name} of {choice.board} has {has}; name another sound "
        "card in audio.device, or choose a mode that does not listen and audio.inputs: 0"
    )


def _at_hand(host: Host, config: Config) -> Choice:
    found = detect_board(host)
    if found.name is not None:
        return _with_card(host, config, found.name, f"{found.name} plays: {found.reason}")
    if host.model:
        raise BoardError(
            f"{found.reason}; 'ddsp-pi doctor' tells how to mend it, --sim plays without a board"
        )
    return Choice(SIM, True, config.audio.device, (f"a simulated board plays: {found.reason}",))


def _with_card(host: Host, config: Config, name: str, *reasons: str) -> Choice:
    codec, audio = find_board(name).codec, config.audio
    card = None if codec is None else card_of(host, codec)
    if card is None or audio.device is not None or audio.backend not in THROUGH_A_CARD:
        return Choice(name, False, audio.device, reasons)
    return Choice(name, False, card.id, (*reasons, f"its codec is sound card {card.id}"))
