"""Several processes that learn from one batch: who has which part of it, and how the parts meet."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor

from graft_core.errors import TrainError
from graft_core.models.device import pick_device

PATIENCE = timedelta(hours=12)
"""How long a process waits for the others: the first one may be embedding a million photos."""


@dataclass(frozen=True)
class Ranks:
    """This process among those that train together."""

    rank: int = 0
    """Which one this is."""
    count: int = 1
    """How many there are."""

    @property
    def leads(self) -> bool:
        """Whether this is the one that writes files."""
        return self.rank == 0

    def share(self, total: int) -> slice:
        """The part of ``total`` rows that is this process's; the parts differ by at most one row."""
        return slice(total * self.rank // self.count, total * (self.rank + 1) // self.count)

    def all_rows(self, own: Tensor, first: int, total: int) -> Tensor:
        """Own rows (a, D), which begin at row ``first`` -> (total, D) rows of all processes, the same in each."""
        if self.count == 1:
            return own
        rows = own.new_zeros((total, *own.shape[1:]))
        rows[first : first + len(own)] = own
        dist.all_reduce(rows)  # every row is zero everywhere but in one process, so the sum is exact
        return rows

    def any(self, mine: bool, device: torch.device) -> bool:
        """Whether it is true in any of the processes."""
        if self.count == 1:
            return mine
        told = torch.tensor(float(mine), device=device)
        dist.all_reduce(told)
        return bool(told > 0)

    def from_first(self, value: float, device: torch.device) -> float:
        """What the first process says, so that all decide alike."""
        if self.count == 1:
            return value
        told = torch.tensor(value, dtype=torch.float64, device=device)
        dist.broadcast(told, 0)
        return float(told)

    def wait(self) -> None:
        """Go on when all are here."""
        if self.count > 1:
            dist.barrier()


@contextmanager
def joined(device: str) -> Iterator[tuple[Ranks, torch.device]]:
    """This process as torchrun started it, and its device; alone where torchrun did not.

    Raises:
        TrainError: torchrun started more processes on this machine than there are GPUs.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Ranks(), pick_device(device)
        return
    local = int(os.environ["LOCAL_RANK"])
    where = pick_device(device)
    if where.type == "cuda":
        if local >= torch.cuda.device_count():
            raise TrainError(f"Process {local} finds no GPU of its own: start at most {torch.cuda.device_count()}.")
        where = torch.device("cuda", local)
        torch.cuda.set_device(where)
    store, rank, _ = next(dist.rendezvous("env://", timeout=PATIENCE))  # type: ignore[attr-defined]
    store = dist.PrefixStore(_start(), store)  # type: ignore[attr-defined]
    dist.init_process_group(
        "nccl" if where.type == "cuda" else "gloo", store=store, rank=rank, world_size=count, timeout=PATIENCE
    )
    try:
        yield Ranks(rank, count), where
    finally:
        dist.destroy_process_group()


def _start() -> str:
    """Name of this start of the processes, the same in all of them.

    torchrun keeps its store when it starts processes again, so that one of them may find the address of a process that
    is gone and call it for ever (pytorch/pytorch issue 135712). On one machine all processes count their starts alike;
    on several they may not, and torchrun has to make a new store: TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1.
    """
    alone = os.environ.get("LOCAL_WORLD_SIZE") == os.environ["WORLD_SIZE"]
    return f"start {_restarts()}" if alone else "start"


def leads_here() -> bool:
    """Whether this process is the one that speaks, before it has met the others."""
    return os.environ.get("RANK", "0") == "0"


def restarted() -> bool:
    """Whether torchrun started this process again because one of them had died."""
    return _restarts() > 0


def _restarts() -> int:
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))
