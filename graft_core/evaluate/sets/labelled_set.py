"""A benchmark set of images as the harness sees it, whatever it looks like on disk."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from graft_core.errors import BenchmarkError
from graft_core.types import I64, U8, Bool


@dataclass(frozen=True, eq=False)
class LabelledSet:
    """Images and what is known to be in them."""

    name: str
    """Of the set, for tables."""
    root: Path
    """Where it lies."""
    words: Mapping[str, str]
    """Class, as the set calls it -> what a query asks for; C of them, in the order of the columns of ``truth``."""
    truth: Bool
    """(N, C) which classes each image shows; exactly one unless ``multi_label``."""
    multi_label: bool
    """Whether an image may show several classes."""
    fingerprint: str
    """Sixteen hex digits over which images there are; changed files change it."""
    read: Callable[[int], U8]
    """(H, W, 3) RGB of image i; BenchmarkError where it cannot be read. May be called from several threads."""

    @property
    def label(self) -> I64:
        """(N,) the class of each image, the first one where it shows several."""
        return np.asarray(self.truth.argmax(axis=1), np.int64)


def labels_of(names: Sequence[Sequence[str]], classes: Sequence[str]) -> Bool:
    """Names of the classes of each of N images -> (N, C)."""
    column = {name: i for i, name in enumerate(classes)}
    truth = np.zeros((len(names), len(classes)), np.bool_)
    for row, found in enumerate(names):
        truth[row, [column[name] for name in found]] = True
    return truth


def files_fingerprint(root: Path, files: Sequence[Path]) -> str:
    """Sixteen hex digits over names, sizes and times of change."""
    digest = hashlib.sha256()
    for path in files:
        try:
            found = os.stat(path)
        except OSError as error:
            raise BenchmarkError(f"{path} is gone or cannot be read ({error}); unpack the set again.") from error
        digest.update(json.dumps([str(path.relative_to(root)), found.st_size, found.st_mtime_ns]).encode())
    return digest.hexdigest()[:16]


def drawn_at_random(whole: LabelledSet, count: int | None) -> LabelledSet:
    """At most so many images, the same ones every time and for every encoder; all of them where None is asked."""
    if count is None or count >= len(whole.truth):
        return whole
    chosen = np.sort(np.random.default_rng(0).choice(len(whole.truth), count, replace=False))
    return replace(
        whole,
        truth=whole.truth[chosen],
        fingerprint=f"{whole.fingerprint}-{count}",
        read=lambda i: whole.read(int(chosen[i])),
    )
