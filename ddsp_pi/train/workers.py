"""Who does the work on many recordings: processes or threads of this machine, or a cluster."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Literal, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

IDLE_S = 10
"""How long processes without work stay, in case there is more."""


@dataclass(frozen=True, slots=True)
class Backend:
    """One way joblib can hand out work."""

    doc: str
    chosen: Callable[[int], AbstractContextManager[None]]
    """Makes it joblib's choice inside a block, with so many workers where that is up to us."""
    return_as: Literal["generator", "list"] = "generator"


@contextmanager
def _processes(count: int) -> Iterator[None]:
    from joblib import parallel_config

    # Each worker is one process on one core; BLAS threads on top would only fight over the cores.
    with parallel_config("loky", n_jobs=count, inner_max_num_threads=1, idle_worker_timeout=IDLE_S):
        yield


@contextmanager
def _threads(count: int) -> Iterator[None]:
    from joblib import parallel_config

    with parallel_config("threading", n_jobs=count):
        yield


@contextmanager
def _dask(count: int) -> Iterator[None]:
    import dask
    from distributed import Client
    from joblib import parallel_config

    address = dask.config.get("scheduler-address", None)
    local = {} if address else {"n_workers": count, "threads_per_worker": 1, "dashboard_address": None}
    with Client(address, **local), parallel_config("dask", n_jobs=-1):
        yield


@contextmanager
def _ray(count: int) -> Iterator[None]:
    import ray
    from joblib import parallel_config
    from ray.util.joblib import register_ray

    register_ray()
    with ray.init(num_cpus=None if "RAY_ADDRESS" in os.environ else count), parallel_config("ray", n_jobs=-1):
        yield


BACKENDS = {
    "processes": Backend("processes of this machine", _processes),
    "threads": Backend("threads of this process", _threads),
    "dask": Backend("a Dask cluster: that of DASK_SCHEDULER_ADDRESS, otherwise one on this machine", _dask),
    "ray": Backend("a Ray cluster: that of RAY_ADDRESS, otherwise one on this machine", _ray, "list"),
}
"""Who can be asked. Other machines must see the recordings and the run folder under the same paths."""


@dataclass(frozen=True, slots=True)
class Workers:
    """How many at a time, and of which kind; a cluster that is already there has its own number."""

    count: int = 1
    backend: str = "processes"

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Results in the order of the items; a backend that cannot stream gives them all at the end."""
        from joblib import Parallel, delayed

        backend = BACKENDS[self.backend]
        with backend.chosen(self.count):
            yield from Parallel(return_as=backend.return_as)(delayed(function)(item) for item in items)
