"""Photo embeddings are computed once, belong to the bytes of a photo, and survive whatever happens to the cache."""

import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest
from known_encoder import KnownEncoder
from long_work import finish
from PIL import Image

from graft_core.errors import TrainError
from graft_core.train import photo_rows as module
from graft_core.train.photo_rows import default_cache, photo_rows
from graft_core.types import F32, U8


class Counting(KnownEncoder):
    """Counts the photos it is given."""

    photos = 0

    def encode_photos(self, photos: list[U8]) -> F32:
        self.photos += len(photos)
        return super().encode_photos(photos)


def pictures(folder: Path, count: int) -> list[str]:
    folder.mkdir(exist_ok=True)
    for i in range(count):
        Image.new("RGB", (20, 30), (i * 7 % 256, 255 - i, i)).save(folder / f"{i:03d}.png")
    return [str(path) for path in sorted(folder.glob("*.png"))]


def test_a_row_is_the_unit_embedding_of_its_photo(tmp_path: Path) -> None:
    photos = pictures(tmp_path / "in", 150)
    encoder = KnownEncoder()
    found = finish(photo_rows(photos, encoder, tmp_path / "cache"))
    direct = encoder.encode_photos([np.asarray(Image.open(photo)) for photo in photos])
    np.testing.assert_allclose(found.rows, direct, atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(found.rows, axis=1), 1, atol=1e-6)
    assert found.problems == {}


def test_a_second_call_decodes_nothing_and_gives_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = pictures(tmp_path / "in", 70)
    first = finish(photo_rows(photos, Counting(), tmp_path / "cache"))
    monkeypatch.setattr(module, "read_bytes", lambda place: pytest.fail(f"{place} is read again"))
    encoder = Counting()
    again = finish(photo_rows(list(reversed(photos)), encoder, tmp_path / "cache"))
    np.testing.assert_array_equal(again.rows[::-1], first.rows)
    assert again.digests[::-1] == first.digests
    assert encoder.photos == 0


def test_a_copy_shares_the_row_and_a_changed_file_gets_its_own(tmp_path: Path) -> None:
    (photo,) = pictures(tmp_path, 1)
    copy = tmp_path / "copy.png"
    copy.write_bytes(Path(photo).read_bytes())
    encoder = Counting()
    found = finish(photo_rows([photo, str(copy)], encoder, tmp_path / "cache"))
    assert (encoder.photos, len(set(found.digests))) == (1, 1)
    Image.new("RGB", (20, 30), "red").save(photo)
    os.utime(photo, (1, 1))
    changed = finish(photo_rows([photo], encoder, tmp_path / "cache"))
    assert encoder.photos == 2
    assert changed.digests != found.digests[:1]


def test_another_teacher_has_rows_of_its_own(tmp_path: Path) -> None:
    photos = pictures(tmp_path / "in", 3)
    for weights in ("0" * 64, "1" * 64):
        encoder = Counting(weights=weights)
        finish(photo_rows(photos, encoder, tmp_path / "cache"))
        assert encoder.photos == 3
    assert len(list((tmp_path / "cache").glob("*.sqlite"))) == 2


def test_an_unreadable_photo_is_a_problem_and_not_the_end(tmp_path: Path) -> None:
    (good,) = pictures(tmp_path / "in", 1)
    (tmp_path / "text.jpg").write_text("text")
    photos = [str(tmp_path / "none.jpg"), good, str(tmp_path / "text.jpg")]
    found = finish(photo_rows(photos, KnownEncoder(), tmp_path / "cache"))
    assert np.isnan(found.rows).all(axis=1).tolist() == [True, False, True]
    assert found.reasons == {0: "no such file", 2: "not an image"}
    assert found.problems[2].startswith("not an image: ")


def test_progress_counts_photos_and_starts_with_those_known(tmp_path: Path) -> None:
    photos = pictures(tmp_path / "in", 200)
    finish(photo_rows(photos[:50], KnownEncoder(), tmp_path / "cache"))
    steps = list(photo_rows(photos, KnownEncoder(), tmp_path / "cache"))
    assert [(step.done, step.total, step.unit, step.resumed) for step in steps] == [
        (114, 200, "photos", 50),
        (178, 200, "photos", 50),
        (200, 200, "photos", 50),
    ]


def test_what_was_done_before_an_interruption_is_kept(tmp_path: Path) -> None:
    photos = pictures(tmp_path / "in", 100)
    work = photo_rows(photos, KnownEncoder(), tmp_path / "cache")
    next(work)
    work.close()
    encoder = Counting()
    finish(photo_rows(photos, encoder, tmp_path / "cache"))
    assert encoder.photos == 100 - module.AT_ONCE


def _work(photos: list[str], cache: Path) -> None:
    found = finish(photo_rows(photos, KnownEncoder(), cache))
    assert np.isfinite(found.rows).all()


def test_processes_share_one_cache(tmp_path: Path) -> None:
    photos = pictures(tmp_path / "in", 120)
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_work, args=(photos[i * 20 :], tmp_path / "cache")) for i in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    encoder = Counting()
    finish(photo_rows(photos, encoder, tmp_path / "cache"))
    assert encoder.photos == 0


def test_a_damaged_cache_says_what_to_do(tmp_path: Path) -> None:
    photos = pictures(tmp_path / "in", 1)
    encoder = KnownEncoder()
    (tmp_path / f"{encoder.spec.key}.sqlite").write_text("not a database, but long enough to be looked at as one" * 9)
    with pytest.raises(TrainError, match="remove that file"):
        finish(photo_rows(photos, encoder, tmp_path))
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainError, match="cannot be used"):
        finish(photo_rows(photos, encoder, tmp_path / "file"))


def test_no_photos_are_no_rows(tmp_path: Path) -> None:
    found = finish(photo_rows([], KnownEncoder(), default_cache()))
    assert found.rows.shape == (0, 4)
