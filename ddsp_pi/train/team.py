"""The processes that train together: each computes its share of every batch, and all learn the sum.

Started by torchrun there are several, on one machine or many; otherwise a team of one, which has
nobody to wait for and sends nothing.
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from ddsp_pi.errors import TrainingError

Value = TypeVar("Value")

PATIENCE = timedelta(days=1)
"""How long to wait for the others, who may be analysing thousands of recordings. A process that died is
noticed at once, by its closed connection."""


class Team:
    """A process among `size`, of which rank 0 leads; local rank 0 leads on its machine."""

    def __init__(self, rank: int = 0, size: int = 1, local_rank: int = 0) -> None:
        self.rank, self.size = rank, size
        self.leads, self.leads_here = rank == 0, local_rank == 0

    @property
    def share(self) -> slice:
        """Which items of a batch that all have drawn alike are this process's."""
        return slice(self.rank, None, self.size)

    def summed(self, tensor: Tensor) -> Tensor:
        """The sum over the team of a tensor of equal shape; it carries no gradient."""
        return tensor.detach()

    def gathered(self, value: Value) -> list[Value]:
        """What each process of the team has, by rank."""
        return [value]

    def wait(self) -> None:
        """Until all are here."""
        self.gathered(None)

    @contextmanager
    def leader_first(self) -> Iterator[None]:
        """Through the block the leader of each machine goes first, the others find what it left on disk."""
        if not self.leads_here:
            self.wait()
        yield
        if self.leads_here:
            self.wait()

    def add_gradients(self, parameters: Iterable[Tensor]) -> None:
        """Give every process the sum of all gradients, in one message."""
        if self.size == 1:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        vector_to_parameters(self.summed(parameters_to_vector(gradients)), gradients)

    def must_agree(self, value: object, what: str) -> None:
        """Check that all have the same.

        Raises:
            TrainingError: they do not.
        """
        if any(other != value for other in self.gathered(value)):
            raise TrainingError(f"the processes of this team have different {what}; give all the same")


ALONE = Team()


class _Connected(Team):
    """A team of several, connected by gloo: tensors are on the CPU."""

    def summed(self, tensor: Tensor) -> Tensor:
        total = tensor.detach().clone()
        with _losing_nobody():
            torch.distributed.all_reduce(total)
        return total

    def gathered(self, value: Value) -> list[Value]:
        values = [value] * self.size
        with _losing_nobody():
            torch.distributed.all_gather_object(values, value)
        return values


@contextmanager
def assembled() -> Iterator[Team]:
    """The team that torchrun started, or this process alone.

    Raises:
        TrainingError: inside the block, when another process of the team is gone.
    """
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        yield ALONE
        return
    from torch.distributed.distributed_c10d import PrefixStore
    from torch.distributed.rendezvous import rendezvous

    store, rank, size = next(rendezvous("env://"))
    own = PrefixStore(_name_of_this_start(store, rank, size), store)
    torch.distributed.init_process_group("gloo", timeout=PATIENCE, world_size=size, rank=rank, store=own)
    try:
        yield _Connected(rank, size, int(os.environ["LOCAL_RANK"]))
    finally:
        torch.distributed.destroy_process_group()


def _name_of_this_start(store: Any, rank: int, size: int) -> str:
    """What all of the team, and none of its earlier starts, know it by.

    torchrun keeps its store when it starts a team again, and the addresses of the dead with it. Nor
    do its agents count restarts alike. So rank 0 answers every question it finds, also those of the
    dead, until each of the living has confirmed its answer.
    """
    mine = uuid4().hex
    if rank:
        store.set(f"question/{rank}", mine)
        name: str = store.get(f"answer/{mine}").decode()
        store.set(f"{name}/{rank}", "heard")
        return name
    missing = set(range(1, size))
    while missing:
        for other in missing:
            if store.check([f"question/{other}"]):
                store.set(f"answer/{store.get(f'question/{other}').decode()}", mine)
        time.sleep(0.05)
        missing = {other for other in missing if not store.check([f"{mine}/{other}"])}
    return mine


@contextmanager
def _losing_nobody() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise TrainingError(
            f"another process of the team is gone ({str(error).partition('. ')[0]}); "
            "torchrun --max-restarts goes on from the checkpoint"
        ) from error
