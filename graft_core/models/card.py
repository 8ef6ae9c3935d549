"""Weights travel as safetensors in float16, with a JSON card beside them that says everything about them."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from graft_core.errors import ModelError
from graft_core.types import EncoderSpec, QueryDefaults

if TYPE_CHECKING:
    from torch import Tensor

CARD_FORMAT = 1
Holds = Literal["clip", "satellite"]


@dataclass(frozen=True)
class Card:
    """What a weights file is, how to build it, how to ask it, and where it comes from."""

    spec: EncoderSpec
    """What its embeddings mean; ``weights_sha256`` is filled in by ``save_card``."""
    defaults: QueryDefaults
    """How it likes to be asked."""
    config: str
    """open_clip configuration of the model, or of the CLIP whose photo tower this is."""
    holds: Holds
    """``clip``: the tensors of an open_clip model, both towers. ``satellite``: the tensors of one SatelliteTower."""
    what: str
    """One line for a list of models."""
    licence: str
    """SPDX identifier."""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """Training data and seed, configuration, figures reached, time, hardware: anything JSON can hold."""


def weights_path(path: Path) -> Path:
    """The weights beside a card; a path of either file will do."""
    return _with_ending(path, ".safetensors")


def card_path(path: Path) -> Path:
    """The card beside weights; a path of either file will do."""
    return _with_ending(path, ".json")


def save_card(path: Path, tensors: Mapping[str, "Tensor"], card: Card) -> Card:
    """Write ``<path>.safetensors`` (float16) and ``<path>.json``, each whole or not at all.

    Returns the card as it was written, with the hash of the weights.
    """
    import torch
    from safetensors.torch import save

    half = {name: _half(tensor) for name, tensor in tensors.items()}
    broken = [name for name, tensor in half.items() if not torch.isfinite(tensor).all()]
    if broken:
        raise ModelError(
            f"{broken[0]} of {card.spec.name!r} is not finite in float16, so it cannot be saved: training went astray, "
            "or a value is above 65504."
        )
    data = save(half)
    card = replace(card, spec=replace(card.spec, weights_sha256=hashlib.sha256(data).hexdigest()))
    document = json.dumps({"format": CARD_FORMAT, **asdict(card)}, indent=2) + "\n"
    _write_whole(weights_path(path), data)
    _write_whole(card_path(path), document.encode())
    return card


def read_card(path: Path) -> Card:
    """The card alone: cheap, and without torch."""
    source = card_path(path)
    try:
        document = json.loads(source.read_bytes())
        if document["format"] != CARD_FORMAT:
            raise ModelError(f"{source} has format {document['format']}, this version reads {CARD_FORMAT}: update.")
        return _card(document)
    except FileNotFoundError:
        raise ModelError(f"No card at {source}: weights need the JSON that was saved beside them.") from None
    except OSError as error:
        raise ModelError(f"The card {source} cannot be read ({error.strerror}): check its permissions.") from error
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{source} is not a card of an encoder ({error}): save or fetch it again.") from error


def load_card(path: Path) -> tuple[Card, dict[str, "Tensor"]]:
    """Card and tensors (as stored, float16), after the weights' hash was compared with the card's."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    card = read_card(path)
    source = weights_path(path)
    try:
        data = source.read_bytes()
    except OSError as error:
        raise ModelError(f"No weights at {source} ({error.strerror}): put the file beside its card.") from error
    found = hashlib.sha256(data).hexdigest()
    if found != card.spec.weights_sha256:
        raise ModelError(
            f"{source} is damaged or not the file of its card: its sha256 begins {found[:12]}, the card says "
            f"{card.spec.weights_sha256[:12]}; save or fetch it again."
        )
    try:
        return card, load(data)
    except SafetensorError as error:
        raise ModelError(f"{source} is not a safetensors file ({error}): save or fetch it again.") from error


def _card(document: Mapping[str, Any]) -> Card:
    """A card from its JSON; unknown and missing fields are errors."""
    fields = {name: value for name, value in document.items() if name != "format"}
    fields["spec"] = EncoderSpec(**_tuples(document["spec"]))
    fields["defaults"] = QueryDefaults(**_tuples(document["defaults"]))
    if fields.get("holds") not in ("clip", "satellite"):
        raise ValueError(f"holds is {fields.get('holds')!r}, not 'clip' or 'satellite'")
    return Card(**fields)


def _tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has lists where our values have tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def _half(tensor: "Tensor") -> "Tensor":
    """A tensor as it is stored; integer buffers stay what they are."""
    stored = tensor.detach().cpu().contiguous()
    return stored.half() if stored.is_floating_point() else stored


def _with_ending(path: Path, ending: str) -> Path:
    """``a/b-1.0`` keeps its dot: only our own two endings are exchanged."""
    stem = path.name.removesuffix(".safetensors").removesuffix(".json")
    return path.with_name(stem + ending)


def _write_whole(target: Path, data: bytes) -> None:
    """Write beside the target, then rename; on a full disk the old target stays and nothing else is left."""
    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(partial, target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise ModelError(
            f"{target} cannot be written ({error.strerror}): free some space or choose another folder."
        ) from error
