"""Train within the budget with canaries among the data, audit the training by them, and release both."""

import subprocess
import sys
import warnings
from pathlib import Path

import torch
from canaries import Canaries
from digits import EPOCHS, figures, images, prepare, show, train, write_release

import gatecli

AUDIT = "\n      - {format: audit, path: audit.json}"


def release(folder: Path, script: str, *, adds_noise: bool = True) -> gatecli.Verdict:
    """Train, audit, write the release into `folder`, and ask the gate about it."""
    prepare(folder)
    data, tested, solutions = images()
    canaries = Canaries(data)
    everything = canaries.with_data(data)

    def step(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
        if not adds_noise:
            forget_noise(optimizer)
        canaries.watch(model, optimizer)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Opacus and torch warn of their own internals
        engine, model, noise = train(everything, EPOCHS, step)
    run = figures(model, tested, solutions) | {"records": len(everything), "noise": noise}
    write_release(folder, model, engine, run | {"epochs": EPOCHS, "script": script}, AUDIT)
    canaries.write(folder / "canaries.csv")
    audit(folder)
    return gatecli.check_release(folder)


def audit(folder: Path) -> None:
    """Attack the claim of the declaration by the canaries; the result is bound to the weights."""
    command = "gatecli audit scores canaries.csv --claim privacy.yaml --model model.safetensors --format json"
    program = [sys.executable, "-m", *command.split()]
    done = subprocess.run(program, cwd=folder, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    (folder / "audit.json").write_text(done.stdout, "utf-8")


def forget_noise(optimizer: torch.optim.Optimizer) -> None:
    """What an afternoon of debugging left behind: gradients are clipped, and nothing is added to them."""

    def add_nothing() -> None:
        for weight in optimizer.params:
            weight.grad = weight.summed_grad.view_as(weight)

    optimizer.add_noise = add_nothing


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "audited")
    sys.exit(show(release(folder, "audited.py")))
