"""Data-parallel training in several processes that torchrun starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

from laanet_core.errors import InvalidConfig


@dataclass(frozen=True)
class ProcessGroup:
    """This process's `rank` among `size` processes; a single process has rank 0 of 1."""

    rank: int = 0
    size: int = 1

    @property
    def is_main(self) -> bool:
        """Return True in the process that writes the log and the checkpoints."""
        return self.rank == 0

    def micro_batch_count(self, requested: int, batch_pairs: int) -> int:
        """Return the number of micro-batches of a batch: as requested, but at least one per process.

        Raises InvalidConfig if the batch or the micro-batches cannot be divided evenly.
        """
        count = max(requested, self.size)
        is_even = count % self.size == 0 and batch_pairs % count == 0
        if not is_even:
            raise InvalidConfig(
                f"a batch of {batch_pairs} pairs in {count} micro-batches "
                f"cannot be divided among {self.size} processes"
            )
        return count

    def own_micro_batches(self, count: int) -> range:
        """Return the indices of the micro-batches, of `count`, that this process computes."""
        per_process = count // self.size
        return range(self.rank * per_process, (self.rank + 1) * per_process)

    def average(self, tensors: Iterable[Tensor]) -> None:
        """Replace floating-point tensors in place by their mean over all processes.

        Every process must call this with as many tensors of the same shapes (N, ...).
        """
        if self.size == 1:
            return
        tensors = list(tensors)
        if not tensors:
            return
        flat = torch.cat([tensor.detach().reshape(-1).float() for tensor in tensors])
        dist.all_reduce(flat)
        flat /= self.size
        parts = torch.split(flat, [tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def broadcast(self, model: nn.Module) -> None:
        """Copy the main process's weights and buffers to every process."""
        if self.size > 1:
            for tensor in model.state_dict().values():
                dist.broadcast(tensor, src=0)

    def barrier(self) -> None:
        """Block until every process has reached this call."""
        if self.size > 1:
            dist.barrier()


def init_process_group(device: torch.device) -> tuple[ProcessGroup, torch.device]:
    """Join the process group that torchrun started and return it with this process's device.

    Without torchrun, return a group of one process and `device` itself.
    """
    if not dist.is_available() or not dist.is_torchelastic_launched():
        return ProcessGroup(), device
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    if device.type == "cuda":
        device = torch.device("cuda", dist.get_node_local_rank())
        torch.cuda.set_device(device)
    return ProcessGroup(dist.get_rank(), dist.get_world_size()), device


def destroy_process_group(group: ProcessGroup) -> None:
    """Leave the group that `init_process_group` joined."""
    if group.size > 1:
        dist.destroy_process_group()
