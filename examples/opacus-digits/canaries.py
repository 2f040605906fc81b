"""Canaries: records that nobody has, put in by a coin each, and what the training shows of them.

A training that keeps (ε, δ) shows about each coin no more than ε allows. The audit guesses the coins from
scores: `gatecli audit scores`, by Steinke, Nasr and Jagielski, "Privacy Auditing with One (1) Training Run"
(2305.08846).
"""

from __future__ import annotations

import csv
from pathlib import Path

import torch
from digits import BATCH, CLIPPING_NORM, network
from torch import nn
from torch.utils.data import TensorDataset

COUNT, DIRECTIONS, SIZE = 300, 30, 24.0
"""How many there are; in how many directions they point; how far."""


class Canaries:
    """Random images in directions that real ones hardly use, with random digits.

    Whoever audits may look at the data: what is hard for the training is not what an attacker could do, but
    what the worst data would show.
    """

    def __init__(self, data: TensorDataset) -> None:
        (pixels, _), draw = data.tensors, torch.Generator().manual_seed(1)
        rare = torch.linalg.svd(pixels)[2][-DIRECTIONS:]
        images = torch.randn(COUNT, DIRECTIONS, generator=draw) @ rare
        self.pixels = SIZE * images / images.norm(dim=1, keepdim=True)
        self.digits = torch.randint(0, 10, (COUNT,), generator=draw)
        self.inside = torch.rand(COUNT, generator=draw) < 0.5
        self.scores = torch.zeros(COUNT)
        self.rate = BATCH / (len(data) + COUNT / 2)

    def with_data(self, data: TensorDataset) -> TensorDataset:
        """What is trained on: the data, and the canaries whose coin says so."""
        added = self.pixels[self.inside], self.digits[self.inside]
        return TensorDataset(*map(torch.cat, zip(data.tensors, added, strict=True)))

    def watch(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Take a step, and add to each score what it says for that canary in this batch.

        A canary moves the step by a BATCH-th of its own pull; others move it at random there. The score is
        the logarithm of the likelihood ratio of both, for normal noise and a canary that is drawn at the
        sampling rate.
        """
        pulls = self._pulls(model)
        optimizer.step()
        pairs = list(zip(pulls, model.parameters(), strict=True))
        moved = sum((pull * weight.grad).flatten(1).sum(dim=1) for pull, weight in pairs)
        own = sum(pull.flatten(1).square().sum(dim=1) for pull in pulls) / BATCH
        moved = moved - moved.median()
        spread = 1.48 * moved.abs().median()
        odds = ((moved - own / 2) * own / spread.square()).clamp(max=50).exp()
        self.scores += torch.log1p(self.rate * (odds - 1))

    def _pulls(self, model: nn.Module) -> list[torch.Tensor]:
        """The gradient of each canary, clipped as the training clips it."""
        plain = network()
        names = [name for name, _ in plain.named_parameters()]
        weights = dict(zip(names, (each.detach() for each in model.parameters()), strict=True))

        def loss(weights: dict[str, torch.Tensor], image: torch.Tensor, digit: torch.Tensor) -> torch.Tensor:
            said = torch.func.functional_call(plain, weights, (image,))
            return nn.functional.cross_entropy(said, digit)

        gradients = torch.func.vmap(torch.func.grad(loss), (None, 0, 0))(weights, self.pixels, self.digits)
        norms = sum(each.flatten(1).square().sum(dim=1) for each in gradients.values()).sqrt()
        clip = (CLIPPING_NORM / norms).clamp(max=1)
        return [each * clip.view(-1, *[1] * (each.dim() - 1)) for each in gradients.values()]

    def write(self, file: Path) -> None:
        """The scores as `gatecli audit scores` reads them."""
        with file.open("w", encoding="utf-8", newline="") as text:
            table = csv.writer(text)
            table.writerow(("score", "member"))
            table.writerows(zip(self.scores.tolist(), self.inside.int().tolist(), strict=True))
