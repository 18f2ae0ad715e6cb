"""Several processes training one network, started by torchrun: who does what, and one gradient for all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

from laanet_core.errors import InvalidConfig


@dataclass(frozen=True)
class Team:
    """This process's `rank` among `size` processes; alone it is 0 of 1."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes the log and the checkpoints."""
        return self.rank == 0

    def micro_batches(self, wanted: int, batch_pairs: int) -> int:
        """Into how many parts a batch is divided: as wanted, or one a process. Raises InvalidConfig where it leaves a remainder."""
        parts = max(wanted, self.size)
        if parts % self.size or batch_pairs % parts:
            raise InvalidConfig(
                f"a batch of {batch_pairs} pairs in {parts} micro-batches cannot be shared out to {self.size} processes"
            )
        return parts

    def share(self, parts: int) -> range:
        """Which of a batch's parts are this process's."""
        own = parts // self.size
        return range(self.rank * own, (self.rank + 1) * own)

    def average(self, tensors: Iterable[Tensor]) -> None:
        """Replace floating-point tensors, in place, by their mean over all processes; every process must call with the same shapes."""
        if self.size == 1:
            return
        tensors = list(tensors)
        if not tensors:
            return
        flat = torch.cat([tensor.detach().reshape(-1).float() for tensor in tensors])
        dist.all_reduce(flat)
        flat /= self.size
        for tensor, part in zip(
            tensors, torch.split(flat, [tensor.numel() for tensor in tensors]), strict=True
        ):
            tensor.copy_(part.view_as(tensor))

    def agree_on(self, model: nn.Module) -> None:
        """Give every process the leader's weights and buffers."""
        if self.size > 1:
            for tensor in model.state_dict().values():
                dist.broadcast(tensor, src=0)

    def wait(self) -> None:
        """Until every process has come this far."""
        if self.size > 1:
            dist.barrier()


def join_team(device: torch.device) -> tuple[Team, torch.device]:
    """The team torchrun started this process in, and its own device of that kind; a team of one without torchrun."""
    if not dist.is_available() or not dist.is_torchelastic_launched():
        return Team(), device
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    if device.type == "cuda":
        device = torch.device("cuda", dist.get_node_local_rank())
        torch.cuda.set_device(device)
    return Team(dist.get_rank(), dist.get_world_size()), device


def leave_team(team: Team) -> None:
    if team.size > 1:
        dist.destroy_process_group()
