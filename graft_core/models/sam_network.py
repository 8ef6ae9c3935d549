"""SAM's networks as segment_anything builds them, on one device; imported when a window is first looked at."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from segment_anything import build_sam_vit_b, build_sam_vit_h, build_sam_vit_l
from segment_anything.modeling import MaskDecoder, PromptEncoder, Sam, TwoWayTransformer
from segment_anything.utils.transforms import ResizeLongestSide
from torch import Tensor

from graft_core.errors import ModelError
from graft_core.models.clip import load_state, place
from graft_core.models.device import inference
from graft_core.models.sam import Prompts, SamMasks, SeenWindow
from graft_core.models.sources import SamArchitecture
from graft_core.models.tiny_vit import CHANNELS, SIDE_PX, TinyVitEncoder, from_mobile_sam
from graft_core.models.weights import read_weights
from graft_core.types import F32, U8

TOKENS = SIDE_PX // 16
ENCODER = "image_encoder."
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


def build_mobile_sam() -> Sam:
    """MobileSAM with random weights: SAM's own prompt encoder and mask decoder behind TinyViT."""
    prompts = PromptEncoder(
        embed_dim=CHANNELS,
        image_embedding_size=(TOKENS, TOKENS),
        input_image_size=(SIDE_PX, SIDE_PX),
        mask_in_chans=16,
    )
    decoder = MaskDecoder(
        num_multimask_outputs=3,
        transformer=TwoWayTransformer(depth=2, embedding_dim=CHANNELS, mlp_dim=2048, num_heads=8),
        transformer_dim=CHANNELS,
    )
    return Sam(TinyVitEncoder(), prompts, decoder, list(MEAN), list(STD))


BUILDERS: dict[SamArchitecture, Callable[[], Sam]] = {
    "vit_t": build_mobile_sam,
    "vit_b": build_sam_vit_b,
    "vit_l": build_sam_vit_l,
    "vit_h": build_sam_vit_h,
}


class SamNetwork:
    """One SAM on one device: windows and prompts in, masks out. It keeps nothing of a call, so threads may share it."""

    def __init__(self, sam: Sam, device: torch.device) -> None:
        place(sam, device)
        self._sam = sam
        self._device = device
        self._resize = ResizeLongestSide(SIDE_PX)

    def look(self, window: U8) -> SeenWindow:
        """(H, W, 3) uint8 RGB -> what the image encoder makes of it; bfloat16 on a GPU, float32 on a CPU."""
        pixels = torch.from_numpy(self._resize.apply_image(window)).to(self._device)
        with inference(self._device):
            prepared = self._sam.preprocess(pixels.permute(2, 0, 1)[None].float())  # (1, 3, 1024, 1024)
            embedding = self._sam.image_encoder(prepared)  # (1, 256, 64, 64)
            return SeenWindow(_finite(embedding), (window.shape[0], window.shape[1]))

    def outline(self, seen: SeenWindow, prompts: Prompts) -> SamMasks:
        """Three masks for one object, in single precision on every device: the decoder is small."""
        with torch.inference_mode():
            sparse, dense = self._sam.prompt_encoder(
                points=self._points(seen, prompts), boxes=self._box(seen, prompts), masks=self._mask(prompts)
            )
            logits, iou = self._sam.mask_decoder(
                image_embeddings=torch.from_numpy(seen.embedding).to(self._device).float(),
                image_pe=self._sam.prompt_encoder.get_dense_pe(),
                sparse_prompt_embeddings=sparse,
                dense_prompt_embeddings=dense,
                multimask_output=True,
            )  # (1, 3, 256, 256), (1, 3)
            used = self._resize.get_preprocess_shape(*seen.size, SIDE_PX)
            masks = self._sam.postprocess_masks(logits, used, seen.size)[0] > self._sam.mask_threshold  # (3, H, W)
            return SamMasks(masks.cpu().numpy(), _finite(iou[0]), _finite(logits[0]))

    def _points(self, seen: SeenWindow, prompts: Prompts) -> tuple[Tensor, Tensor] | None:
        if not len(prompts.points):
            return None
        labels = torch.from_numpy(prompts.positive.astype(np.int32)).to(self._device)
        return self._placed(prompts.points, seen)[None], labels[None]  # (1, N, 2), (1, N)

    def _box(self, seen: SeenWindow, prompts: Prompts) -> Tensor | None:
        if prompts.box is None:
            return None
        return self._placed(np.array(prompts.box, np.float32).reshape(2, 2), seen).reshape(1, 4)

    def _mask(self, prompts: Prompts) -> Tensor | None:
        return None if prompts.mask is None else torch.from_numpy(prompts.mask).to(self._device).float()[None, None]

    def _placed(self, positions: F32, seen: SeenWindow) -> Tensor:
        """(N, 2) positions in the enlarged window; SAM counts from the middle of the first pixel and adds the half."""
        enlarged = self._resize.apply_coords(positions, seen.size) - 0.5
        return torch.from_numpy(enlarged).float().to(self._device)


def load_network(path: Path, architecture: SamArchitecture, device: torch.device) -> SamNetwork:
    """The network of a weights file; nothing in the file is run.

    Raises:
        ModelError: the file cannot be read, or is not of this architecture.
    """
    sam, tensors = BUILDERS[architecture](), dict(read_weights(path).tensors)
    if architecture == "vit_t":
        tensors = _renamed(tensors)
    try:
        load_state(sam, tensors, wanted=f"SAM {architecture}", source=str(path))
    except ModelError as error:
        raise ModelError(f"{error} Remove it, and fetch it again under the name of its own model.") from error
    return SamNetwork(sam, device)


def _renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    theirs = {name.removeprefix(ENCODER): tensor for name, tensor in tensors.items() if name.startswith(ENCODER)}
    ours = {ENCODER + name: tensor for name, tensor in from_mobile_sam(theirs).items()}
    return ours | {name: tensor for name, tensor in tensors.items() if not name.startswith(ENCODER)}


def _finite(values: Tensor) -> F32:
    """Values as numpy; anything that is not a number stops here."""
    result: F32 = values.float().cpu().numpy()
    if not np.isfinite(result).all():
        raise ModelError("SAM gave values that are not numbers: its weights are damaged, remove and fetch them again.")
    return result
