"""Which file each known model is published as, and servers on this machine that offer it as its publisher does."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

import released_sams
from hub_server import Hub
from misbehaving_server import Page, Server
from released import (
    Release,
    clip_release,
    graft_release,
    safetensors,
    siglip_release,
    state_dict,
    tile_of,
    torchscript,
    training_zip,
)

from graft_core.models.sources import ArchiveMember, HubFile, ModelEntry, Source, Url, WantedFile, ZipMember

Make = Callable[[ModelEntry, Path], Release]


def _clip(offered: str, write: Callable[..., bytes]) -> Make:
    return lambda entry, folder: clip_release(entry, folder, offered, write)


def _graft(offered: str) -> Make:
    return lambda entry, folder: graft_release(entry, offered)


def _siglip(side: int, patch: int | None = None) -> Make:
    return lambda entry, folder: siglip_release(entry, side, patch)


def _sam(offered: str, write: Callable[[], bytes]) -> Make:
    return lambda entry, folder: Release({offered: write()}, entry, tile_of(300))


def _bands(entry: ModelEntry, folder: Path) -> Release:
    files = {wanted.names[0]: wanted.names[0].encode() * 1000 for wanted in entry.files}
    return Release(files, entry, tile_of(8))


PUBLISHED: dict[str, tuple[Make, ...]] = {
    "graft-naip": (_graft("graft_naip.ckpt"),),
    "graft-naip-patch": (_graft("graft_naip_patch.ckpt"),),
    "graft-sentinel2": (_graft("graft_sentinel.ckpt"),),
    "graft-sentinel2-patch": (_graft("graft_sentinel_patch.ckpt"),),
    "clip-vit-b-16": (_clip("open_clip_model.safetensors", safetensors), _clip("ViT-B-16.pt", torchscript)),
    "clip-vit-b-32": (_clip("open_clip_model.safetensors", safetensors), _clip("ViT-B-32.pt", torchscript)),
    "clip-vit-l-14": (_clip("open_clip_model.safetensors", safetensors), _clip("ViT-L-14.pt", torchscript)),
    **{
        f"laion-clip-vit-{size}": (
            _clip("open_clip_model.safetensors", safetensors),
            _clip("open_clip_pytorch_model.bin", state_dict),
        )
        for size in ("b-16", "b-32", "l-14")
    },
    "remoteclip-rn50": (_clip("RemoteCLIP-RN50.pt", state_dict),),
    "remoteclip-vit-b-32": (_clip("RemoteCLIP-ViT-B-32.pt", state_dict),),
    "remoteclip-vit-l-14": (_clip("RemoteCLIP-ViT-L-14.pt", state_dict),),
    "georsclip-vit-b-32": (_clip("ckpt/RS5M_ViT-B-32.pt", state_dict),),
    "georsclip-vit-l-14": (_clip("ckpt/RS5M_ViT-L-14.pt", state_dict),),
    "georsclip-vit-h-14": (_clip("ckpt/RS5M_ViT-H-14.pt", state_dict),),
    "skyclip-vit-b-32": (_clip("SkyCLIP_ViT_B32_top50pct.zip", training_zip),),
    "skyclip-vit-l-14": (_clip("SkyCLIP_ViT_L14_top30pct_filtered_by_CLIP_laion_RS.zip", training_zip),),
    "senclip-vit-b-32": (_clip("SenCLIP_AvgPool_ViTB32.ckpt", state_dict),),
    "git-rsclip-base": (_siglip(224),),
    "git-rsclip-large": (_siglip(256),),
    "siglip-so400m-14-384": (_siglip(384, 14),),
    "mobile-sam": (_sam("mobile_sam.pt", released_sams.mobile_sam),),
    "sam-vit-b": (_sam("sam_vit_b_01ec64.pth", released_sams.meta_sam),),
    "sam-vit-l": (_sam("sam_vit_l_0b3195.pth", released_sams.meta_sam),),
    "sam-vit-h": (_sam("sam_vit_h_4b8939.pth", released_sams.meta_sam),),
    "sample-sentinel2": (_bands,),
}
"""Name in the registry -> each form in which its file can be had; a model that is not here fails its tests."""


def published(release: Release, hub: Hub, server: Server) -> ModelEntry:
    """A release's entry whose mirrors are servers on this machine; what nobody offers is put where it belongs."""
    files = tuple(_offered(release, wanted, hub, server) for wanted in release.entry.files)
    return replace(release.entry, files=files)


def _offered(release: Release, wanted: WantedFile, hub: Hub, server: Server) -> WantedFile:
    if not wanted.sources:
        release.entry.folder.mkdir(parents=True, exist_ok=True)
        (release.entry.folder / wanted.names[0]).write_bytes(release.files[wanted.names[0]])
        return wanted
    put = partial(_put, release, hub, server)
    return replace(wanted, sources=tuple(put(source) for source in wanted.sources))


def _put(release: Release, hub: Hub, server: Server, source: Source) -> Source:
    """The same source on a server of ours, with the hash of what it offers where a hash was published."""
    if isinstance(source, HubFile):
        key = source.path
        if key in release.files:
            hub.put(source.repo, source.path, release.files[key])
    elif isinstance(source, ArchiveMember):
        key = source.saved_as
    else:
        key = PurePosixPath(source.url).name
        source = replace(source, url=f"{server.url}/{key}")
        if key in release.files:
            server.pages[f"/{key}"] = Page(release.files[key])
    content = release.files.get(key)
    if source.sha256 is None or content is None:
        return source
    return replace(source, sha256=hashlib.sha256(content).hexdigest())


def by_hand(release: Release, change: Callable[[bytes], bytes]) -> tuple[ModelEntry, Path]:
    """A release whose weights a person put in place after something happened to them, as if that were published."""
    first = release.entry.files[0]
    folder = release.entry.folder
    folder.mkdir(parents=True, exist_ok=True)
    weights: Path | None = None
    for offered, content in release.files.items():
        name = next((name for name in _names(first, offered) if name in first.names), PurePosixPath(offered).name)
        body = change(content) if weights is None else content
        (folder / name).write_bytes(body)
        weights = weights or folder / name
    assert weights is not None
    unhashed = tuple(replace(source, sha256=None) for source in first.sources)
    return replace(release.entry, files=(replace(first, sources=unhashed), *release.entry.files[1:])), weights


def _names(wanted: WantedFile, offered: str) -> list[str]:
    """What the file that a publisher offers under a path is called once it is here."""
    return [source.saved_as for source in wanted.sources if offered in (_offered_as(source), source.saved_as)]


def _offered_as(source: Source) -> str:
    if isinstance(source, HubFile):
        return source.path
    if isinstance(source, Url | ZipMember):
        return PurePosixPath(source.url).name
    return source.saved_as
