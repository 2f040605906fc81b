"""A classifier of handwritten digits, trained with Opacus, and the release that is made of it.

The 1,797 images come with scikit-learn. Every number in the declaration is what was run: the history is
the accountant's own, the digests are those of the files beside it.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from opacus import PrivacyEngine
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import gatecli

EPSILON, DELTA = 2.0, 1e-5
EPOCHS, BATCH, CLIPPING_NORM = 15, 120, 1.0
"""What is planned: the noise is chosen so that these epochs cost the whole budget."""

DECLARATION = """\
# Written by {script}.
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {{name: digits-classifier, version: 1.0.0, owner: examples}}
spec:
  sensitivity: low
  artifacts:
    - {{path: model.safetensors, sha256: {weights}}}
    - {{path: MODEL_CARD.md, sha256: {card}}}
  privacy:
    unit: image
    neighbouring: add-remove
    maxContributions: 1
    epsilon: {epsilon}
    delta: {delta}
    trustModel: central
    compositionScope: this release alone
    preprocessing: {{dataDependent: false}}
    tuning: {{runs: 0, accounted: true}}
    evidence:
      - {{format: {format}, path: accountant.json, sampling: poisson}}{audit}
  datasets:
    - {{name: sklearn-digits-train, records: {records}}}
"""

CARD = """\
# Digits classifier 1.0.0

Says which digit an image of 8 × 8 pixels shows. Right on {accuracy:.0%} of {tested} images that it was not
trained on.

- **Data**: {records} images of the digits data set that comes with scikit-learn (UCI ML hand-written digits).
- **Training**: DP-SGD by Opacus; {epochs} epochs of Poisson-sampled batches of about {batch} images, noise
  multiplier {noise:.3g}, per-image gradients clipped to {clipping}.
- **Privacy**: one image more or less, ε = {epsilon} at δ = {delta}; the declaration is `privacy.yaml`, the
  evidence `accountant.json`.
"""


def images() -> tuple[TensorDataset, torch.Tensor, torch.Tensor]:
    """The data to train on; images and digits to test with. A pixel's range is public: nothing is fitted."""
    pixels, digits = load_digits(return_X_y=True)
    split = train_test_split(pixels / 16, digits, test_size=0.2, random_state=0, stratify=digits)
    trained, tested, answers, solutions = split
    data = TensorDataset(torch.tensor(trained, dtype=torch.float32), torch.tensor(answers))
    return data, torch.tensor(tested, dtype=torch.float32), torch.tensor(solutions)


def network() -> nn.Module:
    """Two layers: the fewer parameters, the less noise in all."""
    return nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))


def release(folder: Path, *, epochs: int, script: str) -> gatecli.Verdict:
    """Train for `epochs`, write the release into `folder`, and ask the gate about it."""
    prepare(folder)
    data, tested, solutions = images()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Opacus and torch warn of their own internals
        engine, model, noise = train(data, epochs)
    run = figures(model, tested, solutions) | {"records": len(data), "noise": noise}
    write_release(folder, model, engine, run | {"epochs": epochs, "script": script})
    return gatecli.check_release(folder)


def prepare(folder: Path) -> None:
    """The folder, and the same first weights and batches each time. The noise has a generator of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    torch.set_num_threads(1)  # matrices this small are slower on several


def figures(model: nn.Module, tested: torch.Tensor, solutions: torch.Tensor) -> dict[str, object]:
    """How good a model is."""
    accuracy = (model(tested).argmax(dim=1) == solutions).float().mean().item()
    return {"accuracy": accuracy, "tested": len(tested)}


Step = Callable[[nn.Module, torch.optim.Optimizer], None]
"""What a step does once the gradients are there."""


def take_step(_model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    optimizer.step()


def train(data: TensorDataset, epochs: int, step: Step = take_step) -> tuple[PrivacyEngine, nn.Module, float]:
    """The engine that saw every step, the model, and the noise multiplier that the plan needs."""
    engine, model = PrivacyEngine(), network()
    noise = torch.Generator()
    noise.seed()  # who knows the seed of the noise subtracts it
    model, optimizer, batches = engine.make_private_with_epsilon(
        module=model,
        optimizer=torch.optim.SGD(model.parameters(), lr=1.0, momentum=0.5),
        data_loader=DataLoader(data, batch_size=BATCH),
        target_epsilon=EPSILON,
        target_delta=DELTA,
        epochs=EPOCHS,
        max_grad_norm=CLIPPING_NORM,
        poisson_sampling=True,
        noise_generator=noise,
    )
    for _ in range(epochs):
        train_one_epoch(model, optimizer, batches, step)
    return engine, model, optimizer.noise_multiplier


def train_one_epoch(
    model: nn.Module, optimizer: torch.optim.Optimizer, batches: DataLoader, step: Step
) -> None:
    for pixels, digits in batches:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(pixels), digits).backward()
        step(model, optimizer)


def write_release(
    folder: Path, model: nn.Module, engine: PrivacyEngine, run: dict[str, object], audit: str = ""
) -> None:
    """Weights, evidence, model card, and the declaration that holds them together.

    `audit` is the line of the declaration that names an audit, where there is one.
    """
    claim = {"epsilon": EPSILON, "delta": DELTA, "batch": BATCH, "clipping": CLIPPING_NORM}
    weights, card = folder / "model.safetensors", folder / "MODEL_CARD.md"
    save_file(model._module.state_dict(), weights)  # noqa: SLF001 - Opacus wraps the model and names it so
    evidence = gatecli.evidence.write(engine, folder / "accountant.json")
    card.write_text(CARD.format(**claim, **run), "utf-8")
    digests = {"weights": digest(weights), "card": digest(card)}
    declaration = DECLARATION.format(**claim, **run, **digests, format=evidence, audit=audit)
    (folder / "privacy.yaml").write_text(declaration, "utf-8")


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def show(verdict: gatecli.Verdict) -> int:
    """What the gate says; its exit code."""
    print("the gate is open" if verdict.passed else "the gate is closed")
    for finding in verdict.findings:
        print(f"{finding.severity}: {finding.rule.id}: {finding.message}")
    return int(verdict.exit_code)
