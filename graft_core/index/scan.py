"""Exact scores of every row, and the best of them.

Half-precision products are summed in single precision (numkong). The kernel wants queries in half precision too, so a
query is split into its nearest float16 vector and, where rounding could matter, a second one for the remainder.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numkong
import numpy as np
import numpy.typing as npt

from graft_core.index.staging import F16
from graft_core.types import F32, I64, Bool

CHUNK_BYTES = 8 << 20
"""Rows a thread takes at a time: large beside the cost of a call, small beside memory."""
BLOCK_ROWS = 64
"""A multiple of the rows any of numkong's kernels takes at once."""
TOLERANCE = 1e-4
"""Largest error of a score of unit vectors against float64."""
SAMPLE = 1024
_REMAINDER_SCALE = 2.0**11  # lifts a remainder to the size of its query, out of float16's subnormals


def thread_count() -> int:
    """CPUs this process may use, at most OMP_NUM_THREADS where that is set."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(available, int(limit))) if limit.isdigit() else available


def scores(matrix: F16, queries: F32, *, threads: int | None = None) -> F32:
    """(N, D) float16 rows, (Q, D) queries -> (Q, N) dot products; NaN for a row with NaN.

    For unit vectors the error against float64 stays under 1e-4. A row's score does not depend on the rows beside it nor
    on the number of threads, so any part of an index is scored like the whole. Memory beyond the result is a few
    megabytes a thread.
    """
    if matrix.ndim != 2 or queries.ndim != 2 or matrix.shape[1] != queries.shape[1] or matrix.dtype != np.float16:
        raise ValueError(f"cannot score {matrix.dtype} rows {matrix.shape} with queries {queries.shape}")
    result = np.empty((len(queries), len(matrix)), np.float32)
    if not result.size:
        return result
    scorer = _Scorer(queries)
    step = max(1, CHUNK_BYTES // (2 * matrix.shape[1] * BLOCK_ROWS)) * BLOCK_ROWS
    starts = range(0, len(matrix), step)

    def score(start: int) -> None:
        chunk = np.ascontiguousarray(matrix[start : start + step])
        result[:, start : start + step] = scorer(chunk)

    workers = min(thread_count() if threads is None else threads, len(starts))
    if workers <= 1:
        for start in starts:
            score(start)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(score, starts))
    return result


class _Scorer:
    """Queries made ready for numkong: scaled by a power of two, split into float16 vectors, packed."""

    def __init__(self, queries: F32) -> None:
        _, exponent = np.frexp(np.max(np.abs(queries), axis=1))
        self._scale = np.ldexp(np.float32(1), np.clip(exponent, -126, 127))[:, None]
        scaled = queries / self._scale
        nearest = scaled.astype(np.float16)
        with np.errstate(invalid="ignore"):  # an infinite query scores NaN
            remainder = scaled - nearest
        self._split = np.flatnonzero(_rounding_matters(queries, remainder * self._scale))
        lifted = (remainder[self._split] * np.float32(_REMAINDER_SCALE)).astype(np.float16)
        self._vectors = np.concatenate([nearest, lifted])
        self._packed = numkong.dots_pack(self._vectors)

    def __call__(self, rows: F16) -> F32:
        """(n, D) contiguous rows -> (Q, n)."""
        count = len(self._scale)
        if len(self._vectors) == 1:
            # The kernel for pairs reads one row after the other, which memory serves faster than the blocked one.
            products = np.asarray(numkong.cdist(self._vectors, rows, "dot")).astype(np.float32)
        else:
            products = self._blocked(rows).T
        total = products[:count].copy()
        total[self._split] += products[count:] * np.float32(1 / _REMAINDER_SCALE)
        return np.asarray(total * self._scale, np.float32)

    def _blocked(self, rows: F16) -> F32:
        """(n, D) -> (n, V). The last rows get a block of their own: at a ragged edge they could be summed otherwise."""
        edge = len(rows) // BLOCK_ROWS * BLOCK_ROWS
        last = np.zeros((BLOCK_ROWS, rows.shape[1]), np.float16)
        last[: len(rows) - edge] = rows[edge:]
        blocks = [np.asarray(numkong.dots_packed(some, self._packed)) for some in (rows[:edge], last) if len(some)]
        return np.concatenate(blocks)[: len(rows)]


def _rounding_matters(queries: F32, error: F32) -> Bool:
    """(Q, D) queries and what rounding took from them -> (Q,) whether a score of a unit row could feel it.

    Of three ways in which the components' errors could add up, two are rare and one is bounded: along the query itself
    (components that are all alike, and rows like the query), in a few very large components (CLIP has such; half of
    float16's step under 1/4 is harmless), and at random, where seven standard deviations are never seen.
    """
    length = np.maximum(np.linalg.norm(queries, axis=1), np.finfo(np.float32).tiny)
    along = np.abs(np.einsum("qd,qd->q", queries, error)) / length
    largest = np.abs(error).max(axis=1)
    at_random = np.linalg.norm(error, axis=1) / np.sqrt(error.shape[1])
    allowed = np.minimum(length, 1)  # a query shorter than a unit vector is scored as well in proportion
    harmless = (along <= 0.4 * TOLERANCE * allowed) & (largest <= 2.0**-14 * allowed)
    return np.asarray(~(harmless & (7 * at_random <= TOLERANCE * allowed)))


def top_k(scores: F32 | npt.NDArray[np.float64], k: int) -> I64:
    """Rows of the ``k`` largest of (N,) scores, best first, equal scores in row order; NaN never counts.

    Fewer than ``k`` where there are fewer numbers.
    """
    if scores.ndim != 1 or k < 0:
        raise ValueError(f"cannot take the best {k} of scores with shape {scores.shape}")
    rows = _candidates(scores, k)
    if k == 0 or not len(rows):
        return np.empty(0, np.int64)
    values = scores[rows]
    if len(rows) > k:
        worst = np.partition(values, len(rows) - k)[len(rows) - k]
        better = np.flatnonzero(values > worst)
        equal = np.flatnonzero(values == worst)[: k - len(better)]
        chosen = np.concatenate([better, equal])
        rows, values = rows[chosen], values[chosen]
    return rows[np.lexsort((rows, -values))]


def _candidates(scores: F32 | npt.NDArray[np.float64], k: int) -> I64:
    """Rows that may be among the best ``k``, in row order; a threshold from a sample spares the rest the sorting."""
    if len(scores) > 4 * SAMPLE:
        sample = scores[:: len(scores) // SAMPLE]
        sample = sample[~np.isnan(sample)]
        rank = int(1.25 * k * len(sample) / len(scores)) + 6
        if rank < len(sample):
            threshold = np.partition(sample, len(sample) - rank)[len(sample) - rank]
            rows = np.flatnonzero(scores >= threshold)
            if len(rows) >= k:
                return rows
    return np.flatnonzero(~np.isnan(scores))
