"""Tensors of a weights file, whichever of the usual formats it has."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from graft_core.errors import ModelError
from graft_core.models.torch_file import open_torch_file

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Weights:
    """What a file gave."""

    tensors: "dict[str, Tensor]"
    """Parameter name -> tensor."""
    scripted: bool
    """Whether it is a TorchScript archive, the form of OpenAI's own files."""


def read_weights(path: Path, prefix: str = "") -> Weights:
    """Every named tensor of a .safetensors, .pt, .pth, .bin or .ckpt file; nothing in the file is run.

    With ``prefix`` those whose names begin so; of a .safetensors file no others are read.
    """
    if path.suffix != ".safetensors":
        archive = open_torch_file(path)
        tensors = {name: tensor for name, tensor in archive.read().items() if name.startswith(prefix)}
        return Weights(tensors, archive.scripted)
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118 - it is no mapping
            return Weights({name: file.get_tensor(name) for name in names}, scripted=False)
    except FileNotFoundError:
        raise ModelError(f"There is no file {path}: check the path.") from None
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path} is damaged or not a safetensors file ({error}): fetch it again.") from error
