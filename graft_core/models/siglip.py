"""SigLIP from the files that transformers writes: towers of timm and open_clip under transformers' names.

open_clip knows SigLIPs too, but asks the hub for their words when it makes a tokenizer; here all comes from disk.
"""

import json
import string
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import cast

import torch
from open_clip.transformer import TextTransformer
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from graft_core.errors import ModelError
from graft_core.models.clip import ClipTowers, PhotoInput, Tokenize, load_state, place
from graft_core.models.siglip_config import SiglipConfig, TransformerSizes, read_siglip
from graft_core.models.sources import SiglipRecipe
from graft_core.models.weights import read_weights

END = "</s>"
"""Ends every text and fills what is left of its context."""
NOT_PUNCTUATION = str.maketrans("", "", string.punctuation)
VISION = "vision_model."
TEXT = "text_model."
BLOCK_PARTS = {
    "layer_norm1": ("norm1", "ln_1"),
    "layer_norm2": ("norm2", "ln_2"),
    "self_attn.out_proj": ("attn.proj", "attn.out_proj"),
    "mlp.fc1": ("mlp.fc1", "mlp.c_fc"),
    "mlp.fc2": ("mlp.fc2", "mlp.c_proj"),
}
"""transformers' name inside a block -> timm's and open_clip's."""
OUTER = {
    "vision_model.embeddings.patch_embedding": "visual.patch_embed.proj",
    "vision_model.post_layernorm": "visual.norm",
    "vision_model.head.attention.out_proj": "visual.attn_pool.proj",
    "vision_model.head.layernorm": "visual.attn_pool.norm",
    "vision_model.head.mlp.fc1": "visual.attn_pool.mlp.fc1",
    "vision_model.head.mlp.fc2": "visual.attn_pool.mlp.fc2",
    "text_model.embeddings.token_embedding": "text.token_embedding",
    "text_model.final_layer_norm": "text.ln_final",
    "text_model.head": "text.text_projection",
}
POSITIONS = "vision_model.embeddings.position_embedding.weight"
WORD_POSITIONS = "text_model.embeddings.position_embedding.weight"
PROBE = "vision_model.head.probe"
POOL = "vision_model.head.attention.in_proj_"


class SiglipPhotos(nn.Module):
    """Photo tower whose tokens are pooled by attention; random weights."""

    def __init__(self, config: SiglipConfig) -> None:
        super().__init__()
        vision = config.vision
        self.visual = VisionTransformer(
            img_size=config.image_px,
            patch_size=config.patch_px,
            embed_dim=vision.width,
            depth=vision.layers,
            num_heads=vision.heads,
            mlp_ratio=_ratio(vision),
            class_token=False,
            global_pool="map",
            num_classes=0,
            act_layer=partial(nn.GELU, approximate="tanh"),
            norm_layer=partial(nn.LayerNorm, eps=vision.norm_eps),
        )


class SiglipWords(nn.Module):
    """Text tower whose last token counts; random weights."""

    def __init__(self, config: SiglipConfig) -> None:
        super().__init__()
        text = config.text
        self.text = TextTransformer(
            context_length=config.context,
            vocab_size=config.vocabulary,
            width=text.width,
            heads=text.heads,
            layers=text.layers,
            mlp_ratio=_ratio(text),
            output_dim=config.vision.width,
            no_causal_mask=True,
            pool_type="last",
            proj_bias=True,
            act_layer=partial(nn.GELU, approximate="tanh"),
            norm_layer=partial(nn.LayerNorm, eps=text.norm_eps),
        )

    def encode_text(self, tokens: Tensor) -> Tensor:
        """(N, context) int64 -> (N, D), not yet of unit length."""
        embedded: Tensor = self.text(tokens)
        return embedded


def _ratio(sizes: TransformerSizes) -> float:
    """What makes int(width * ratio) the MLP's width, whatever is lost in rounding."""
    return (sizes.mlp_width + 0.5) / sizes.width


class SiglipTowers(ClipTowers):
    """Both towers of a SigLIP; the photo tower is read when it is first used, for words alone do not need it.

    Raises ModelError where a file is damaged or of another model.
    """

    def __init__(self, recipe: SiglipRecipe, weights: Path, device: torch.device) -> None:
        config = read_siglip(recipe)
        tokenize = siglip_tokenizer(recipe.tokenizer, config.context, config.vocabulary)
        words = _loaded(SiglipWords(config), TEXT, weights, recipe)
        photos = PhotoInput(config.image_px, config.mean, config.std, "squash")
        super().__init__(words, tokenize, photos, device)
        self._recipe, self._weights, self._config = recipe, weights, config
        self._photos: nn.Module | None = None
        self._photos_lock = threading.Lock()

    @property
    def visual(self) -> nn.Module:
        """The photo tower, its output not yet of unit length."""
        with self._photos_lock:
            if self._photos is None:
                tower = _loaded(SiglipPhotos(self._config), VISION, self._weights, self._recipe)
                self._photos = place(cast(nn.Module, tower.visual), self.device)
            return self._photos


def _loaded(tower: nn.Module, prefix: str, weights: Path, recipe: SiglipRecipe) -> nn.Module:
    """One tower with its tensors, the only ones of the file that are read."""
    tensors = to_siglip(read_weights(weights, prefix).tensors, str(weights))
    load_state(tower, tensors, wanted=f"the SigLIP of {recipe.config}", source=str(weights))
    return tower


def to_siglip(tensors: Mapping[str, Tensor], source: str) -> dict[str, Tensor]:
    """Tensors of transformers' SiglipModel under the names of ours; what is missing or unknown is told on loading."""
    try:
        return dict(_renamed(tensors))
    except (KeyError, RuntimeError) as error:
        raise ModelError(f"{source} is not a SigLIP as transformers writes it ({error}): fetch it again.") from error


def _renamed(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    for name, tensor in tensors.items():
        stem, _, kind = name.rpartition(".")
        if name.endswith("position_ids"):
            continue
        if ".encoder.layers." in name:
            yield from _in_block(tensors, name, tensor)
        elif name == POSITIONS:
            yield "visual.pos_embed", tensor[None]  # (1, patches, width)
        elif name == WORD_POSITIONS:
            yield "text.positional_embedding", tensor
        elif name == PROBE:
            yield "visual.attn_pool.latent", tensor
        elif name.startswith(POOL):
            kind = name.removeprefix(POOL)
            query, key, value = tensor.chunk(3)
            yield f"visual.attn_pool.q.{kind}", query
            yield f"visual.attn_pool.kv.{kind}", torch.cat((key, value))
        else:
            yield f"{OUTER.get(stem, stem)}.{kind}", tensor


def _in_block(tensors: Mapping[str, Tensor], name: str, tensor: Tensor) -> Iterator[tuple[str, Tensor]]:
    """One tensor of a block; query, key and value become one, when it is the query's turn."""
    tower, _, rest = name.partition("encoder.layers.")
    number, _, inner = rest.partition(".")
    part, _, kind = inner.rpartition(".")
    seen = tower == VISION
    block = f"visual.blocks.{number}." if seen else f"text.transformer.resblocks.{number}."
    if part in BLOCK_PARTS:
        yield f"{block}{BLOCK_PARTS[part][0 if seen else 1]}.{kind}", tensor
    elif part == "self_attn.q_proj":
        attention = f"{tower}encoder.layers.{number}.self_attn."
        stacked = torch.cat([tensors[f"{attention}{letter}_proj.{kind}"] for letter in "qkv"])
        yield f"{block}attn.qkv.{kind}" if seen else f"{block}attn.in_proj_{kind}", stacked
    elif part not in ("self_attn.k_proj", "self_attn.v_proj"):
        yield name, tensor


def siglip_tokenizer(path: Path, context: int, vocabulary: int) -> Tokenize:
    """The words of a ``tokenizer.json``: lower case, no punctuation, ``</s>`` at the end and up to the whole context.

    Raises:
        ModelError: the file is damaged or is not a SigLIP's.
    """
    from tokenizers import Tokenizer

    document = _unigram(path, vocabulary)
    try:
        tokenizer = Tokenizer.from_str(document)
    except Exception as error:  # the library raises nothing narrower
        raise ModelError(f"{path} is damaged or no tokenizer.json ({error}): fetch it again.") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if tokenizer.get_vocab_size() > vocabulary:
        raise _no_siglips(path, vocabulary)
    end = tokenizer.token_to_id(END)
    if end is None:
        raise ModelError(f"{path} has no {END}, with which a SigLIP ends its texts: fetch it again.")

    def tokens(texts: Sequence[str]) -> Tensor:
        rows = torch.full((len(texts), context), end, dtype=torch.int64)
        for row, text in zip(rows, texts, strict=True):
            plain = " ".join(text.lower().translate(NOT_PUNCTUATION).split())
            ids = tokenizer.encode(plain, add_special_tokens=False).ids[: context - 1]
            row[: len(ids)] = torch.tensor(ids, dtype=torch.int64)
        return rows

    return tokens


def _unigram(path: Path, vocabulary: int) -> str:
    """The file's text, once it is seen to hold pieces with scores, no more than the model has room for.

    One of the pieces stands for what is none of them; without it the library fails on the first such word.
    """
    try:
        text = path.read_text(encoding="utf-8")
        model = json.loads(text)["model"]
        pieces, unknown = model["vocab"], model["unk_id"]
        whole = 0 <= unknown < len(pieces) <= vocabulary and all(
            isinstance(piece, str) and isinstance(score, int | float) for piece, score in pieces
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} is damaged or no tokenizer.json ({error!r}): fetch it again.") from error
    if not whole:
        raise _no_siglips(path, vocabulary)
    return text


def _no_siglips(path: Path, vocabulary: int) -> ModelError:
    return ModelError(f"{path} is not a SigLIP's: its vocabulary does not fit {vocabulary} tokens; fetch it again.")
