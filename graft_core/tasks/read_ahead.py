"""Reading the next batches while this one is encoded."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")

_END = object()


def read_ahead(items: Iterable[Item], *, depth: int = 2) -> Iterator[Item]:
    """The same items in the same order, up to ``depth`` of them made ahead of time in one thread.

    An error while making an item is raised where the item would have come. Closing the generator stops the thread.
    """
    iterator = iter(items)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead") as thread:
        pending = deque(thread.submit(next, iterator, _END) for _ in range(depth))
        try:
            while (item := pending.popleft().result()) is not _END:
                pending.append(thread.submit(next, iterator, _END))
                yield item  # type: ignore[misc]  # whatever is not the end is an item
        finally:
            for waiting in pending:
                waiting.cancel()
