"""Which units can be spared: criteria that rank the units of a layer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ddsp_pi.train.networks import Decoder
from ddsp_pi.train.units import incoming, outgoing

Array = NDArray[np.float64]

BINS = 16
COMPONENTS = 4
"""Principal components of the output that information is measured about."""
DEAD = 1e-6
"""Standard deviation below which a unit says nothing."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A decoder at work on the training set."""

    decoder: Decoder
    activations: Mapping[str, Tensor]
    """(frames, units) of each group."""
    outputs: Tensor
    """(frames, harmonics + bands) log amplitudes."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The units of one group from the least to the most important, and what losing each one costs.

    Costs are relative to the group or to the output, so that groups can be compared.
    """

    order: NDArray[np.int64]
    costs: Array


@dataclass(frozen=True, slots=True)
class Criterion:
    """How the units of one group are ranked, and how rankings of different groups compare."""

    rank: Callable[[Evidence, str], Ranking]
    per_parameter: bool
    """Whether a cost is an error, to be weighed against the parameters saved, or just a score of a unit."""


def magnitude(evidence: Evidence, group: str) -> Ranking:
    """Norm of the weights into a unit times norm of those out of it, relative to the group's mean.

    Li et al. 2017 (Pruning Filters), with both sides of the unit.
    """
    inwards = incoming(evidence.decoder, group).norm(dim=1)
    outwards = torch.cat(outgoing(evidence.decoder, group)).norm(dim=0)
    scores = (inwards * outwards).double().numpy()
    return _sorted(scores / scores.mean())


def variance(evidence: Evidence, group: str) -> Ranking:
    """Share of the variance in the next layers' inputs that comes through a unit.

    A unit that hardly moves can be replaced by its mean. Activation variance as in Polyak & Wolf 2015.
    """
    spread = evidence.activations[group].double().var(0)
    scores = sum(
        _shares(spread * part.double().square().sum(0)) for part in outgoing(evidence.decoder, group)
    )
    return _sorted(np.asarray(scores))


def information(evidence: Evidence, group: str) -> Ranking:
    """Mutual information, in nats, between a unit and the output's principal components.

    The criterion of Esling et al. 2020 (Diet deep generative audio models), estimated on quantile bins.
    """
    logs = evidence.outputs - evidence.outputs.mean(0)
    directions = torch.linalg.svd(logs, full_matrices=False)[2][:COMPONENTS]
    heard = [_quantiles(component.numpy()) for component in (logs @ directions.t()).t()]
    units = evidence.activations[group].numpy()
    scores = [
        sum(_mutual_information(_quantiles(unit), other) for other in heard) if unit.std() > DEAD else 0.0
        for unit in units.T
    ]
    return _sorted(np.asarray(scores))


def residual(evidence: Evidence, group: str) -> Ranking:
    """Variance in the next layers' inputs that the remaining units cannot stand in for.

    Units leave one by one, each time the one whose loss is repaired best by least squares over all
    that remain: Optimal Brain Surgeon (Hassibi & Stork 1993) with units in the place of weights.
    """
    seen = evidence.activations[group].double()
    covariance = torch.cov(seen.t()).reshape(seen.shape[1], seen.shape[1])
    gram = sum(
        part.t() @ part / max(float((part @ covariance * part).sum()), DEAD)
        for part in (columns.double() for columns in outgoing(evidence.decoder, group))
    )
    ridge = 1e-5 * float(covariance.diagonal().mean()) + DEAD**2
    inverse = torch.linalg.inv(covariance + ridge * torch.eye(len(covariance), dtype=torch.float64))
    return _eliminated(np.asarray(gram), inverse.numpy())


CRITERIA: Mapping[str, Criterion] = {
    "magnitude": Criterion(magnitude, per_parameter=False),
    "variance": Criterion(variance, per_parameter=True),
    "information": Criterion(information, per_parameter=False),
    "residual": Criterion(residual, per_parameter=True),
}


def _eliminated(heard: Array, inverse: Array) -> Ranking:
    """Backward elimination: `heard` is how the next layers weigh the units, `inverse` of the covariance."""
    alive = np.ones(len(heard), bool)
    order, costs = [], []
    for _ in range(len(heard)):
        losses = np.where(alive, np.diag(heard) / np.diag(inverse), np.inf)
        unit = int(losses.argmin())
        order.append(unit)
        costs.append(max(float(losses[unit]), 0.0))
        alive[unit] = False
        towards, pivot = inverse[unit].copy(), inverse[unit, unit]
        share = towards / pivot
        cross = np.outer(heard[unit], share)
        heard = heard - cross - cross.T + heard[unit, unit] * np.outer(share, share)
        inverse = inverse - np.outer(towards, share)
        # The row of who left is zero now but for rounding; one keeps the division above defined.
        inverse[unit, unit] = 1.0
    return Ranking(np.array(order), np.maximum.accumulate(costs))


def _sorted(scores: Array) -> Ranking:
    order = np.argsort(scores, kind="stable")
    return Ranking(order, scores[order])


def _shares(powers: Tensor) -> Array:
    found: Array = (powers / powers.sum().clamp_min(DEAD)).numpy()
    return found


def _quantiles(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """The bin of each value, equally full."""
    places = np.empty(len(values), np.int64)
    places[np.argsort(values, kind="stable")] = np.arange(len(values)) * BINS // len(values)
    return places


def _mutual_information(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    joint = np.bincount(one * BINS + other, minlength=BINS * BINS).reshape(BINS, BINS) / len(one)
    independent = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    there = joint > 0
    return float((joint[there] * np.log(joint[there] / independent[there])).sum())
