"""The CLIPs and SigLIPs this project knows by name: photos and words, with or without satellite training.

A hash stands here where one is known beyond doubt; where none is, the one that the hub states guards the download. Of
SkyCLIP's zips nobody states one.
"""

from pathlib import Path

from graft_core import settings
from graft_core.models.architectures import CLIP_MEAN, CLIP_STD
from graft_core.models.defaults import SATELLITE_WORDS, SENSOR_GSD
from graft_core.models.sources import (
    ClipRecipe,
    HubFile,
    ModelEntry,
    ResizeMode,
    SiglipRecipe,
    Source,
    Url,
    WantedFile,
    ZipMember,
)
from graft_core.types import SensorName

Colour = tuple[float, float, float]
HALF: Colour = (0.5, 0.5, 0.5)
SKYSCRIPT = "https://opendatasharing.s3.us-west-2.amazonaws.com/SkyScript/ckpt"
SENCLIP_MEAN: Colour = (0.347, 0.376, 0.296)
SENCLIP_STD: Colour = (0.269, 0.261, 0.276)
SENCLIP_GSD = 10 * 64 / 224
"""Its authors enlarge EuroSAT's images, 64 px of 10 m, to 224 px."""


def known_clips() -> tuple[ModelEntry, ...]:
    """Every entry with a photo and a text tower of its own."""
    return (
        *_openai(),
        *_laion(),
        *_remoteclip(),
        *_georsclip(),
        *_skyclip(),
        _senclip(),
        *_git_rsclip(),
        _siglip_so400m(),
    )


def _clip(
    name: str,
    config: str,
    what: str,
    licence: str,
    wanted: WantedFile,
    *,
    quick_gelu: bool = True,
    mean: Colour = CLIP_MEAN,
    std: Colour = CLIP_STD,
    resize: ResizeMode = "shortest",
    sensor: SensorName = "rgb",
    gsd: float = SENSOR_GSD["rgb"],
    size: int | None = None,
    by_hand: str = "",
) -> ModelEntry:
    """A CLIP; one trained by OpenAI or started from theirs has QuickGELU, LAION's and what started there have GELU."""
    return ModelEntry(
        name=name,
        kind="encoder",
        what=what,
        licence=licence,
        files=(wanted,),
        folder=settings.weights_dir(),
        recipe=ClipRecipe(config, quick_gelu, mean, std, resize),
        sensor=sensor,
        level="tile",
        gsd=gsd,
        tile_px=224,
        size_bytes=size,
        defaults=SATELLITE_WORDS,
        by_hand=by_hand,
    )


def _openai() -> tuple[ModelEntry, ...]:
    models = (
        (
            "clip-vit-b-16",
            "ViT-B-16",
            "timm/vit_base_patch16_clip_224.openai",
            "4b8699299b1e8997753c64b052ba32031449d5d853f55a039148560ee02b820f",
            "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f",
            598_516_980,
        ),
        (
            "clip-vit-b-32",
            "ViT-B-32",
            "timm/vit_base_patch32_clip_224.openai",
            "e6d1bd7789aa45192b3bf90570a789b478bae1b74ebcce7eddd908e83a2b7c31",
            "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af",
            605_143_284,
        ),
        (
            "clip-vit-l-14",
            "ViT-L-14",
            "timm/vit_large_patch14_clip_224.openai",
            None,
            "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836",
            None,
        ),
    )
    return tuple(_one_openai(*model) for model in models)


def _one_openai(
    name: str, config: str, repo: str, hub_sha256: str | None, archive_sha256: str, size: int | None
) -> ModelEntry:
    archive = f"{config}.pt"
    address = f"https://openaipublic.azureedge.net/clip/models/{archive_sha256}/{archive}"
    hub = HubFile(repo, "open_clip_model.safetensors", f"{name}.safetensors", hub_sha256)
    wanted = WantedFile((f"{name}.safetensors", archive), (hub, Url(address, archive, archive_sha256)))
    what = f"OpenAI's CLIP {config}; photos and words, no satellite training"
    return _clip(name, config, what, "MIT", wanted, size=size)


def _laion() -> tuple[ModelEntry, ...]:
    models = (
        ("ViT-B-16", "laion/CLIP-ViT-B-16-laion2B-s34B-b88K", CLIP_MEAN, CLIP_STD),
        ("ViT-B-32", "laion/CLIP-ViT-B-32-laion2B-s34B-b79K", CLIP_MEAN, CLIP_STD),
        ("ViT-L-14", "laion/CLIP-ViT-L-14-laion2B-s32B-b82K", HALF, HALF),
    )
    return tuple(_one_laion(*model) for model in models)


def _one_laion(config: str, repo: str, mean: Colour, std: Colour) -> ModelEntry:
    name = f"laion-clip-{config.lower()}"
    sources = (
        HubFile(repo, "open_clip_model.safetensors", f"{name}.safetensors"),
        HubFile(repo, "open_clip_pytorch_model.bin", f"{name}.bin"),
    )
    wanted = WantedFile(tuple(source.saved_as for source in sources), sources)
    what = f"CLIP {config} trained on LAION-2B; photos and words, no satellite training"
    return _clip(name, config, what, "MIT", wanted, quick_gelu=False, mean=mean, std=std)


def _remoteclip() -> tuple[ModelEntry, ...]:
    models = (
        ("RN50", 408_397_807, "11657d33a87fc197e19a7654a76a632415ebea42feb8a61025ef389f8990c0f9"),
        ("ViT-B-32", 605_208_421, "60014e395d930a3f2963d1d89c8522bf4ad56775571e4356e866864789af85c4"),
        ("ViT-L-14", 1_710_613_765, "fcc2a7e21e171f4ffcb7a9c0206b8b74ac0c9eb83c67b576958b7a4ed6c8cecb"),
    )
    return tuple(
        _clip(
            f"remoteclip-{config.lower()}",
            config,
            f"RemoteCLIP {config}: CLIP trained further on captioned satellite and aerial images",
            "Apache-2.0",
            _hub_file("chendelong/RemoteCLIP", f"RemoteCLIP-{config}.pt", sha256),
            size=size,
        )
        for config, size, sha256 in models
    )


def _georsclip() -> tuple[ModelEntry, ...]:
    models = (
        ("ViT-B-32", True, None, None),
        ("ViT-L-14", True, 1_710_635_010, "9119b7731c17dd66fae13619203f33900946fe0660095ed54d8e6c7cfe8d03c0"),
        ("ViT-H-14", False, None, None),  # started from LAION's; OpenAI has none of this size
    )
    return tuple(
        _clip(
            f"georsclip-{config.lower()}",
            config,
            f"GeoRSCLIP {config}: CLIP trained further on the five million captioned images of RS5M",
            "Creative Commons, see its hub page",
            _hub_file("Zilun/GeoRSCLIP", f"ckpt/RS5M_{config}.pt", sha256),
            quick_gelu=quick_gelu,
            size=size,
        )
        for config, quick_gelu, size, sha256 in models
    )


def _skyclip() -> tuple[ModelEntry, ...]:
    models = (
        ("ViT-B-32", False, "SkyCLIP_ViT_B32_top50pct"),  # started from LAION's
        ("ViT-L-14", True, "SkyCLIP_ViT_L14_top30pct_filtered_by_CLIP_laion_RS"),
    )
    return tuple(
        _clip(
            f"skyclip-{config.lower()}",
            config,
            f"SkyCLIP {config}: CLIP trained further on SkyScript, images with OpenStreetMap's tags as captions",
            "MIT",
            WantedFile((f"{stem}.pt",), (ZipMember(f"{SKYSCRIPT}/{stem}.zip", "epoch_20.pt", f"{stem}.pt"),)),
            quick_gelu=quick_gelu,
        )
        for config, quick_gelu, stem in models
    )


def _senclip() -> ModelEntry:
    return _clip(
        "senclip-vit-b-32",
        "ViT-B-32",
        "SenCLIP ViT-B-32: CLIP whose photo tower learned Sentinel-2 from ground photos of the same places",
        "see its hub page",
        _hub_file("pallavijainpj/SenCLIP", "SenCLIP_AvgPool_ViTB32.ckpt", None),
        mean=SENCLIP_MEAN,
        std=SENCLIP_STD,
        resize="squash",
        sensor="sentinel2",
        gsd=SENCLIP_GSD,
        by_hand="its authors keep it at https://huggingface.co/pallavijainpj/SenCLIP",
    )


def _git_rsclip() -> tuple[ModelEntry, ...]:
    models = (
        ("git-rsclip-base", "lcybuaa/Git-RSCLIP-base", "base", "see its hub page", 224),
        ("git-rsclip-large", "lcybuaa/Git-RSCLIP", "large", "Apache-2.0", 256),
    )
    what = "SigLIP trained on the ten million captioned images of Git-10M"
    return tuple(
        _siglip(name, repo, f"Git-RSCLIP {size}: {what}", licence, tile_px)
        for name, repo, size, licence, tile_px in models
    )


def _siglip_so400m() -> ModelEntry:
    what = "SigLIP SO400M/14: photos and words, no satellite training; it made Major TOM's Core-S2RGB-SigLIP"
    repo = "google/siglip-so400m-patch14-384"
    return _siglip("siglip-so400m-14-384", repo, what, "Apache-2.0", 384, size=3_511_950_624)


def _siglip(name: str, repo: str, what: str, licence: str, tile_px: int, *, size: int | None = None) -> ModelEntry:
    """A SigLIP as transformers writes it: the words and sizes come with the weights, in a folder of their own."""
    folder = settings.weights_dir() / repo.replace("/", "--")
    weights = _hub_file(repo, "model.safetensors", None)
    beside = tuple(_hub_file(repo, f"{part}.json", None) for part in ("config", "preprocessor_config", "tokenizer"))
    config, preprocessor, tokenizer = (wanted.locate(folder) or folder / wanted.names[0] for wanted in beside)
    return ModelEntry(
        name=name,
        kind="encoder",
        what=what,
        licence=licence,
        files=(weights, *beside),
        folder=folder,
        recipe=SiglipRecipe(config, preprocessor, tokenizer),
        sensor="rgb",
        level="tile",
        gsd=SENSOR_GSD["rgb"],
        tile_px=tile_px,
        size_bytes=size,
        defaults=SATELLITE_WORDS,
    )


def _hub_file(repo: str, path: str, sha256: str | None) -> WantedFile:
    name = Path(path).name
    sources: tuple[Source, ...] = (HubFile(repo, path, name, sha256),)
    return WantedFile((name,), sources)
