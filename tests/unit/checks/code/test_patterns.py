"""What each pattern finds, and what it must leave alone: precision before recall."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from gatecli.checks.code.registry import PATTERNS, RULES, find_patterns
from gatecli.model.code import PythonCode
from gatecli.model.finding import Finding


def findings(text: str, path: str = "program.py") -> list[Finding]:
    return list(find_patterns(PythonCode(path, ast.parse(dedent(text)))))


def found(text: str, path: str = "program.py") -> list[str]:
    return [finding.rule.id.removeprefix("audit-code-") for finding in findings(text, path)]


NUMPY = "import numpy as np\n"
OPACUS = """\
import torch
from torch import nn
from opacus import PrivacyEngine
from opacus.validators import ModuleValidator
"""


@pytest.mark.parametrize(
    "text",
    [
        "np.random.laplace(0, 1 / epsilon)",
        "np.random.laplace(scale=sensitivity / eps, size=10)",
        "np.random.laplace(loc=0, scale=self.sensitivity / self.epsilon)",
        "np.random.normal(0, noise_multiplier * clip, 3)",
        "np.random.normal(scale=2 * sensitivity / epsilon)",
        "scale = 1 / epsilon\nx = np.random.laplace(0, scale)",
        "scale = 1 / epsilon\ndef f(n):\n    s = scale * 2\n    return np.random.laplace(0, s, n)",
        "rng = np.random.default_rng()\nx = rng.laplace(0, 1 / epsilon)",
        "def f(rng, epsilon): return rng.laplace(0, 1 / epsilon)",
        "np.random.default_rng().laplace(0, 1 / epsilon)",
        "np.random.gumbel(scale=2 * sensitivity / epsilon, size=5)",
        "import random\nrandom.gauss(0, sensitivity / epsilon)",
        "from numpy.random import laplace\nlaplace(0, 1 / epsilon)",
        "from scipy import stats\nstats.laplace.rvs(scale=1 / epsilon)",
        "from scipy.stats import norm\nnorm.rvs(scale=sensitivity)",
        """
        class Mean:
            def __init__(self, epsilon):
                self.scale = 1 / epsilon
            def noise(self):
                return np.random.laplace(0, self.scale)
        """,
    ],
)
def test_noise_of_a_budget_from_a_general_library_is_found(text: str) -> None:
    assert found(NUMPY + dedent(text)) == ["float-noise"]


@pytest.mark.parametrize(
    "text",
    [
        "np.random.normal(0, 1, 10)",
        "np.random.laplace(0, 1, 10)",
        "np.random.normal(0, eps, x.shape)",
        "np.random.normal(0, epsilon, x.shape)",
        "x + np.random.uniform(-epsilon, epsilon)",
        "np.random.normal(x, np.sqrt(variance + eps))",
        "np.random.normal(0, x / (std + 1))",
        "rng = np.random.default_rng()\nrng.normal(scale=noise_multiplier)",
        "query.laplace(scale=1 / epsilon)",
        "import opendp.prelude as dp\ndp.m.make_laplace(*space, scale=1 / epsilon)",
        "import jax\njax.random.normal(key) * sensitivity / epsilon",
        "epsilons = 1\nnp.random.laplace(0, step)",
        "scale = 1 / epsilon\nscale = 3\nnp.random.laplace(0, scale)",
    ],
)
def test_other_draws_are_left_alone(text: str) -> None:
    assert found(NUMPY + text) == []


TRAIN = "PrivacyEngine().make_private(module=m, optimizer=o, data_loader=d)\n"


@pytest.mark.parametrize(
    "text",
    [
        NUMPY + "np.random.seed(0)\nx = np.random.laplace(0, 1 / epsilon)",
        NUMPY + "rng = np.random.default_rng(seed=42)\nx = rng.laplace(0, 1 / epsilon)",
        NUMPY + "import time\nnp.random.seed(int(time.time()))\nx = np.random.laplace(0, 1 / epsilon)",
        NUMPY + "SEED = 7\nnp.random.seed(SEED)\nx = np.random.laplace(0, 1 / epsilon)",
    ],
)
def test_a_seed_that_can_be_known_is_found_beside_the_noise(text: str) -> None:
    assert sorted(found(text)) == ["fixed-seed", "float-noise"]


@pytest.mark.parametrize(
    "text",
    [
        OPACUS + "torch.manual_seed(0)\n" + TRAIN,
        OPACUS + "SEED = 1\ntorch.manual_seed(SEED)\n" + TRAIN,
        "import jax\nimport jax_privacy\nkey = jax.random.PRNGKey(0)",
        "from jax import random\nfrom jax_privacy import execution_plan\nkey = random.key(3)",
    ],
)
def test_a_seed_of_a_training_s_noise_is_found(text: str) -> None:
    assert found(text) == ["fixed-seed"]
    assert found(text, "tests/test_training.py") == []


@pytest.mark.parametrize(
    "text",
    [
        NUMPY + "np.random.seed(0)\nx = np.random.normal(0, 1)",
        NUMPY + "rng = np.random.default_rng(0)\nrows = rng.permutation(10)",
        OPACUS + "torch.manual_seed(0)",
        OPACUS + "torch.manual_seed(0)\nPrivacyEngine(secure_mode=True).make_private(module=m)",
        OPACUS + "torch.manual_seed(0)\nPrivacyEngine().make_private(module=m, noise_generator=g)",
        OPACUS + "torch.manual_seed(secrets.randbits(64))\n" + TRAIN,
        "import torch\ntorch.manual_seed(0)",
        "import jax\nkey = jax.random.PRNGKey(0)",
    ],
)
def test_a_seed_of_something_else_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_the_classic_formula_is_found_unless_epsilon_is_compared_with_one() -> None:
    formula = "sigma = math.sqrt(2 * math.log(1.25 / delta)) / epsilon"
    assert found(f"import math\n{formula}") == ["classic-gaussian"]
    assert found(f"import math\ndef f(epsilon, delta):\n    assert epsilon <= 1\n    {formula}") == []
    assert found("import math\nx = math.log(1.25 / width)\ny = math.log(1.5 / delta)") == []


DIFFPRIVLIB = """\
import numpy as np
import diffprivlib as dp
from diffprivlib import tools
from diffprivlib.models import PCA
"""


@pytest.mark.parametrize(
    "text",
    [
        "tools.mean(x, epsilon=1, bounds=(x.min(), x.max()))",
        "tools.mean(x, epsilon=1, bounds=(0, max(x)))",
        "low, high = 0, 1\nb = (np.min(x), np.max(x))\ntools.mean(x, epsilon=1, bounds=b)",
        "dp.tools.histogram(x, epsilon=1, range=(np.percentile(x, 1), np.percentile(x, 99)))",
        "PCA(data_norm=np.linalg.norm(x, axis=1).max())",
        "sensitivity = x.max() - x.min()",
        "query_sensitivity = np.ptp(x)",
    ],
)
def test_bounds_of_the_data_are_found(text: str) -> None:
    assert found(DIFFPRIVLIB + text) == ["bounds-from-data"]


@pytest.mark.parametrize(
    "text",
    [
        "tools.mean(x, epsilon=1, bounds=(0, 100))",
        "tools.mean(x, epsilon=1, bounds=(0, max(1, n)))",
        "tools.mean(x, epsilon=1, bounds=(low, high))",
        "ax.set(bounds=(x.min(), x.max()))",
        "sensitivity = max(sensitivities)",
        "width = x.max() - x.min()",
    ],
)
def test_bounds_that_are_known_without_the_data_are_left_alone(text: str) -> None:
    assert found(DIFFPRIVLIB + text) == []


def test_an_epsilon_that_is_spent_twice_is_found_where_it_is_spent_again() -> None:
    text = DIFFPRIVLIB + "tools.mean(x, epsilon=e)\ntools.std(x, epsilon=e)\ntools.var(x, epsilon=e)"
    assert found(text) == ["epsilon-reused"] * 2
    assert [finding.place.line for finding in findings(text)] == [6, 7]
    assert "std as mean in line 5" in findings(text)[0].message


@pytest.mark.parametrize(
    "text",
    [
        "tools.mean(x, epsilon=a)\ntools.std(x, epsilon=b)",
        "tools.mean(x, epsilon=e / 2)\ntools.std(x, epsilon=e / 2)",
        "e = total / 2\ntools.mean(x, epsilon=e)\ntools.std(x, epsilon=e)",
        "tools.mean(x, epsilon=1)\ntools.std(x, epsilon=1)",
        "if a:\n    y = tools.mean(x, epsilon=e)\nelse:\n    y = tools.std(x, epsilon=e)",
        "if a:\n    y = tools.mean(x, epsilon=e)\nelif b:\n    y = tools.std(x, epsilon=e)",
        "y = tools.mean(x, epsilon=e) if a else tools.std(x, epsilon=e)",
        "def f(e):\n    if a:\n        return tools.mean(x, epsilon=e)\n    return tools.std(x, epsilon=e)",
        "def f(e): return tools.mean(x, epsilon=e)\ndef g(e): return tools.std(x, epsilon=e)",
        "tools.mean(x, epsilon=e, accountant=a)\ntools.std(x, epsilon=e, accountant=a)",
        "with dp.BudgetAccountant(1):\n    tools.mean(x, epsilon=e)\n    tools.std(x, epsilon=e)",
        "other.mean(x, epsilon=e)\nother.std(x, epsilon=e)",
    ],
)
def test_an_epsilon_that_is_shared_or_counted_is_left_alone(text: str) -> None:
    assert found(DIFFPRIVLIB + text) == []


def test_calls_in_one_arm_both_count() -> None:
    text = "if a:\n    tools.mean(x, epsilon=e)\n    tools.std(x, epsilon=e)"
    assert found(DIFFPRIVLIB + text) == ["epsilon-reused"]


def test_a_fixed_random_state_is_found_in_private_estimators_alone() -> None:
    assert found(DIFFPRIVLIB + "PCA(epsilon=1, random_state=42)") == ["random-state"]
    assert found(DIFFPRIVLIB + "S = 42\nPCA(epsilon=1, random_state=S)") == ["random-state"]
    assert found(DIFFPRIVLIB + "PCA(epsilon=1, random_state=None)") == []
    assert found(DIFFPRIVLIB + "PCA(epsilon=1, random_state=state)") == []
    assert found("from sklearn.decomposition import PCA\nPCA(random_state=42)") == []


def test_shuffled_batches_are_found_where_opacus_accounts_them() -> None:
    call = "engine.make_private_with_epsilon(module=m, poisson_sampling={})"
    assert found(OPACUS + call.format("False")) == ["shuffled-batches"]
    assert found(OPACUS + call.format("True")) == []
    assert found(OPACUS + call.format("sampled")) == []
    assert found(call.format("False")) == []


def test_batch_norm_is_found_in_a_model_that_opacus_makes_private() -> None:
    model = "m = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8))\n"
    assert found(OPACUS + model + TRAIN) == ["batch-norm"]
    assert found(OPACUS + model) == []
    assert found(OPACUS + model + "m = ModuleValidator.fix(m)\n" + TRAIN) == []
    assert found(OPACUS + model.replace("BatchNorm2d(8)", "GroupNorm(2, 8)") + TRAIN) == []


FLOWER = "from flwr.server.strategy import DifferentialPrivacyClientSideFixedClipping, FedAvg\n"
CLIENT = "class Client:\n    def fit(self, p, c):\n        return p, {}, {{}}\n"


def test_unequal_weights_are_found_beside_a_private_strategy() -> None:
    strategy = "s = DifferentialPrivacyClientSideFixedClipping(FedAvg(), 1, 1, 9)\n"
    assert found(FLOWER + CLIENT.format("len(self.data)") + strategy) == ["unequal-weights"]
    assert found(FLOWER + CLIENT.format("1") + strategy) == []
    assert found(FLOWER + CLIENT.format("len(self.data)") + "s = FedAvg()\n") == []


def test_unequal_weights_are_found_in_tensorflow_federated() -> None:
    head = "import tensorflow_federated as tff\na = tff.learning.dp_aggregator(1.0, 100)\n"
    call = "tff.learning.algorithms.build_{}_fed_avg(model, model_aggregator=a)"
    assert found(head + call.format("weighted")) == ["unequal-weights"]
    assert found(head + call.format("unweighted")) == []


def test_a_finding_is_known_again_when_lines_are_added() -> None:
    text = NUMPY + "x = np.random.laplace(0, 1 / epsilon)\n"
    (before,), (after,) = findings(text), findings("\n\n" + text)
    assert before.fingerprint == after.fingerprint
    assert before.place.line != after.place.line


def test_two_equal_lines_are_two_findings() -> None:
    twice = findings(NUMPY + "x = np.random.laplace(0, 1 / epsilon)\n" * 2)
    assert len({finding.fingerprint for finding in twice}) == 2


def test_every_pattern_has_its_own_rule_and_a_word_on_mending() -> None:
    assert len(set(RULES)) == len(PATTERNS)
    assert all(pattern.mend for pattern in PATTERNS)


@pytest.mark.parametrize(
    "text",
    ["", "x = 1", "import numpy", "from . import numpy", "f()()()", "lambda: (yield)", "(a := 1)", "x: int"],
)
def test_any_code_can_be_searched(text: str) -> None:
    assert found(text) == []
