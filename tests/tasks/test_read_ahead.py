import threading
from collections.abc import Iterator

import pytest

from graft_core.tasks.read_ahead import read_ahead


def test_items_come_in_order_and_are_made_before_they_are_asked_for() -> None:
    made = threading.Semaphore(0)

    def items() -> Iterator[int]:
        for i in range(5):
            made.release()
            yield i

    ahead = read_ahead(items(), depth=2)
    assert next(ahead) == 0
    for _ in range(3):
        assert made.acquire(timeout=5), "two more items are made while the first is used"
    assert list(ahead) == [1, 2, 3, 4]


def test_error_comes_where_its_item_would_have_come() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("block 3 is damaged")

    ahead = read_ahead(items())
    assert [next(ahead), next(ahead)] == [1, 2]
    with pytest.raises(ValueError, match="block 3"):
        next(ahead)


def test_leaving_early_stops_the_thread() -> None:
    before = threading.active_count()
    ahead = read_ahead(iter(range(1000)))
    next(ahead)
    ahead.close()
    assert threading.active_count() == before


def test_nothing_gives_nothing() -> None:
    assert list(read_ahead([])) == []
