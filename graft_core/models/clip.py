"""CLIP-like models by open_clip's configuration names, the demo world's small one among them."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import open_clip
import torch
from torch import Tensor, nn

from graft_core.errors import ModelError
from graft_core.models.architectures import CLIP_MEAN as CLIP_MEAN
from graft_core.models.architectures import CLIP_STD as CLIP_STD
from graft_core.models.architectures import DEMO_CONFIG as DEMO_CONFIG
from graft_core.models.architectures import model_config as model_config
from graft_core.models.device import inference
from graft_core.models.preprocess import Normalize, fit_photo, to_unit_range
from graft_core.models.sources import ResizeMode
from graft_core.types import F32, U8

TEXTS_KEPT = 8192
TEXT_BATCH = 64
PHOTO_BATCH = 32

Tokenize = Callable[[Sequence[str]], Tensor]
"""N texts -> (N, context) int64 tokens, cut to the context length."""


@dataclass(frozen=True)
class PhotoInput:
    """What a photo tower takes."""

    size: int
    """Side of the square input, pixels."""
    mean: tuple[float, float, float]
    """Subtracted from RGB in [0, 1]."""
    std: tuple[float, float, float]
    """RGB is divided by it."""
    resize: ResizeMode = "shortest"
    """How a photo of another size is brought there."""


def build_clip(name: str, *, quick_gelu: bool | None = None) -> nn.Module:
    """An open_clip model with random weights; nothing is downloaded.

    Args:
        name: configuration name, for example ``graft-demo`` or ``ViT-B-16``.
        quick_gelu: activation of OpenAI's own weights; None takes what the configuration says.
    """
    return assemble(model_config(name), name, quick_gelu=quick_gelu)


def assemble(config: Mapping[str, Any], name: str, *, quick_gelu: bool | None = None) -> nn.Module:
    """The model a configuration describes, with random weights; ``name`` is what errors call it."""
    config = dict(config)
    custom_text = config.pop("custom_text", False)
    foreign_text = config["text_cfg"].get("hf_model_name") or config["text_cfg"].get("hf_tokenizer_name")
    if foreign_text or "multimodal_cfg" in config:
        raise ModelError(
            f"{name!r} needs a text tower or tokenizer that is not open_clip's own; "
            "choose a model with CLIP's tokenizer, for example ViT-B-16."
        )
    if quick_gelu is not None:
        config["quick_gelu"] = quick_gelu
    if "timm_model_name" in config["vision_cfg"]:  # timm would fetch its own weights
        config["vision_cfg"] = config["vision_cfg"] | {"timm_model_pretrained": False}
    model: nn.Module = (open_clip.CustomTextCLIP if custom_text else open_clip.CLIP)(**config)
    return model


def tokenizer(config: Mapping[str, Any]) -> Tokenize:
    """open_clip's BPE tokenizer (its vocabulary ships in the wheel) at the configuration's context length."""
    settings = config["text_cfg"]
    tokenize = open_clip.SimpleTokenizer(
        context_length=settings.get("context_length", 77), **settings.get("tokenizer_kwargs", {})
    )

    def tokens(texts: Sequence[str]) -> Tensor:
        result: Tensor = tokenize(list(texts))
        return result

    return tokens


class ClipTowers:
    """Photo and text tower of one CLIP on one device: words and photos in, unit rows out.

    Encoding is safe from several threads, and no faster: sessions that share one model take turns with a lock.
    """

    def __init__(self, model: nn.Module, tokenize: Tokenize, input_spec: PhotoInput, device: torch.device) -> None:
        self.model = place(model, device)
        self.device = device
        self._tokenize = tokenize
        self._input = input_spec
        self._normalize = Normalize(input_spec.mean, input_spec.std).to(device)
        self._rows: OrderedDict[str, F32] = OrderedDict()
        self._rows_lock = threading.Lock()

    @property
    def visual(self) -> nn.Module:
        """The photo tower, its output not yet of unit length."""
        return cast(nn.Module, self.model.visual)

    def encode_texts(self, texts: Sequence[str]) -> F32:
        """N texts -> (N, D) unit rows; a text met before comes from memory."""
        with self._rows_lock:
            rows = {text: self._rows[text] for text in texts if text in self._rows}
        unknown = [text for text in dict.fromkeys(texts) if text not in rows]
        fresh = dict(zip(unknown, self._encode_unknown(unknown), strict=True))
        with self._rows_lock:
            self._rows.update(fresh)
            while len(self._rows) > TEXTS_KEPT:
                self._rows.popitem(last=False)
        rows |= fresh
        return np.stack([rows[text] for text in texts])

    def _encode_unknown(self, texts: list[str]) -> list[F32]:
        rows: list[F32] = []
        for start in range(0, len(texts), TEXT_BATCH):
            tokens = self._tokenize(texts[start : start + TEXT_BATCH]).to(self.device)
            with inference(self.device):
                encode = cast(Callable[[Tensor], Tensor], self.model.encode_text)
                rows.extend(finite_rows(unit(encode(tokens)), "text"))
        return rows

    def encode_photos(self, photos: Sequence[U8]) -> F32:
        """N photos (H, W, 3) of any size -> (N, D) unit rows."""
        size, batches = self._input.size, []
        for start in range(0, len(photos), PHOTO_BATCH):
            fitted = np.stack(
                [fit_photo(photo, size, self._input.resize) for photo in photos[start : start + PHOTO_BATCH]]
            )
            with inference(self.device):
                embedded = unit(self.visual(self._normalize(to_unit_range(fitted, self.device))))  # (B, D)
                batches.append(finite_rows(embedded, "photo"))
        return np.concatenate(batches)


def finite_rows(rows: Tensor, what: str) -> F32:
    """Rows as numpy; anything that is not a number stops here, before it reaches an index."""
    result: F32 = rows.cpu().numpy()
    if not np.isfinite(result).all():
        raise ModelError(
            f"The {what} tower gave values that are not numbers: its weights are damaged, fetch them again."
        )
    return result


def parameter_bytes(model: nn.Module, bytes_each: int = 2) -> int:
    """Size of a model's weights on disk, float16 unless said otherwise."""
    return bytes_each * sum(parameter.numel() for parameter in model.parameters())


def load_state(model: nn.Module, tensors: Mapping[str, Tensor], *, wanted: str, source: str) -> None:
    """Copy tensors into a model; every name and shape must fit.

    Args:
        model: changed in place.
        tensors: name -> tensor, any floating dtype.
        wanted: what the model is, for the error.
        source: where the tensors come from, for the error.
    """
    own = model.state_dict()
    missing = sorted(own.keys() - tensors.keys())
    extra = sorted(tensors.keys() - own.keys())
    reshaped = [name for name in own.keys() & tensors.keys() if own[name].shape != tensors[name].shape]
    if missing or extra or reshaped:
        difference = _difference(own, tensors, missing, extra, sorted(reshaped))
        raise ModelError(f"{source} does not fit {wanted}: {difference}.")
    model.load_state_dict({name: tensor.to(own[name].dtype) for name, tensor in tensors.items()})


def _difference(
    own: Mapping[str, Tensor], tensors: Mapping[str, Tensor], missing: list[str], extra: list[str], reshaped: list[str]
) -> str:
    """What keeps tensors from fitting, the first of each kind."""
    if reshaped:
        name = reshaped[0]
        return f"{name} is {tuple(tensors[name].shape)} in the file and {tuple(own[name].shape)} in the model"
    parts = []
    if missing:
        parts.append(f"{len(missing)} tensors are missing (first {missing[0]})")
    if extra:
        parts.append(f"{len(extra)} are unknown (first {extra[0]})")
    return ", ".join(parts)


def unit(rows: Tensor) -> Tensor:
    """Rows divided by their length, in single precision."""
    return nn.functional.normalize(rows.float(), dim=-1)


def place(model: nn.Module, device: torch.device) -> nn.Module:
    """Ready for inference on a device: no dropout, no gradients (attention's fast path needs both), in place."""
    model.eval().requires_grad_(False)
    return model.to(device).to(memory_format=torch.channels_last) if device.type == "cuda" else model.to(device)
