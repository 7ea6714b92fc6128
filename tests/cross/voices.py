"""Whose voices are heard: all recordings of singers and speakers that are here, and the one that ships."""

from pathlib import Path

from ddsp_pi.shipped import configs_folder
from tests.singing import RECORDED, SPOKEN

VOICES = (
    *RECORDED,
    *SPOKEN,
    *sorted((Path(__file__).parents[1] / "data" / "vocals").glob("*.flac")),
    configs_folder() / "recordings" / "sung-phrase.flac",
)
