"""A decoder of any widths in a file: what training keeps for itself, never an instrument."""

from pathlib import Path

import msgspec
import torch

from ddsp_pi.files import replacing
from ddsp_pi.train.networks import Decoder, Widths


def save_decoder(decoder: Decoder, path: Path) -> None:
    """Write a decoder, whole or not at all."""
    content = {"widths": msgspec.to_builtins(decoder.widths), "state": decoder.state_dict()}
    with replacing(path) as file:
        torch.save(content, file)


def load_decoder(path: Path, like: Decoder) -> Decoder:
    """A decoder that `save_decoder` wrote, with the scaling and the bands of another one."""
    content = torch.load(path, weights_only=True)
    decoder = Decoder(msgspec.convert(content["widths"], Widths), like.n_bands, like.scaling)
    decoder.load_state_dict(content["state"])
    return decoder
