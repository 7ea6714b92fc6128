"""A picture of what five drums make of the snare phrase; to draw it again: python -m tests.drums_compared"""

from pathlib import Path
from tempfile import TemporaryDirectory

from ddsp_pi.cli import main
from ddsp_pi.drum_picture import draw_drums
from ddsp_pi.pictures import read_wav
from ddsp_pi.recording import load_sound
from tests.snare_phrase import FILE

PRESETS = ("snare_1", "snare_2", "snare_3", "tom_1", "noisy")
PICTURE = Path(__file__).parents[1] / "docs" / "drums" / "presets.png"


def played_by(preset, folder):
    """(n,) what the preset plays to the phrase."""
    wav = folder / f"{preset}.wav"
    if main(["render", "--preset", preset, "--audio", str(FILE), "-o", str(wav)]):
        raise SystemExit(f"{preset} cannot be rendered")
    return read_wav(wav)


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        played = {preset: played_by(preset, Path(folder)) for preset in PRESETS}
    PICTURE.parent.mkdir(exist_ok=True)
    title = "each hit of the snare phrase, in and out, and the rank correlation of both"
    draw_drums(load_sound(FILE).audio, played, title, PICTURE)
