"""What the anonymity gate adds to `terraform plan`: the same plan with the gate and without, interleaved.

Target: less than 100 ms more, with a small dataset (a large one costs what it takes to hash it). On a busy
machine look at the processor's time: it counts all threads, so it is no less than an idle machine's wait.
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.evidence_files import digest, report, table, write
from tests.support.terraform import Terraform, modules_below, system_terraform

ROUNDS = 15
PUBLISHERS = 'resource "terraform_data" "published" {\n  count = 20\n  input = %s\n}\n'
GATED = """
module "anonymity" {
  source            = "../terraform_modules/k_anonymity_gate"
  dataset           = "data.csv"
  quasi_identifiers = ["age", "zip"]
  k                 = 5
}
"""


def prepare_folder(folder: Path, text: str, rows: int) -> Terraform:
    folder.mkdir()
    terraform = Terraform(system_terraform(), folder)
    terraform.write(text)
    terraform.write("age,zip\n" + "30,10115\n" * rows, name="data.csv")
    write(folder / "data.csv.gate.json", report("anonymity", [table(digest(folder / "data.csv"))]))
    terraform("init").passed()
    return terraform


def processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds(terraform: Terraform) -> tuple[float, float]:
    """What a plan takes: on the clock, and of the processor."""
    started, used = time.perf_counter(), processor()
    terraform("plan").passed()
    return time.perf_counter() - started, processor() - used


def main() -> None:
    """Interleave the plans, so that a busy machine slows all of them alike."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        modules_below(folder)
        released = GATED + PUBLISHERS % "module.anonymity.released_path"
        plans = {
            "without a gate": prepare_folder(folder / "plain", PUBLISHERS % '"data.csv"', 100),
            "with the gate": prepare_folder(folder / "gated", released, 100),
            "with the gate, 100 MB of data": prepare_folder(folder / "large", released, 11_000_000),
        }
        times: dict[str, list[tuple[float, float]]] = {plan: [] for plan in plans}
        for _ in range(ROUNDS):
            for plan, terraform in plans.items():
                times[plan].append(seconds(terraform))
    show(times)


def show(times: dict[str, list[tuple[float, float]]]) -> None:
    """Medians, and what each plan takes more than the first."""
    medians = {
        plan: [statistics.median(each) for each in zip(*taken, strict=True)] for plan, taken in times.items()
    }
    clock, used = next(iter(medians.values()))
    for plan, (wall, cpu) in medians.items():
        more = (
            f"{(wall - clock) * 1000:+5.0f} ms on the clock, {(cpu - used) * 1000:+5.0f} ms of the processor"
        )
        print(f"{plan:30} {wall:6.3f} s  {more}")


if __name__ == "__main__":
    main()
