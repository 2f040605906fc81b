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
        "from scipy.stats import norm\nnorm.rvs(scale=sensitivity / epsilon)",
        "from scipy.stats import norm\nnorm(0, sensitivity / epsilon).rvs(3)",
        "from scipy.stats import norm\nnoise = norm(scale=sensitivity / epsilon)\nnoise.rvs(3)",
        "def private_mean(x, sensitivity): return np.random.normal(0, sensitivity)",
        "def private_mean(x, eps): return np.random.normal(0, 1 / eps)",
        "np.random.laplace(size=3) * sensitivity / epsilon",
        "noise = np.random.standard_normal(3)\ny = x + noise * (sensitivity / epsilon)",
        "np.random.randn(3) * noise_multiplier * clip",
        "np.random.exponential(sensitivity / epsilon)",
        "np.random.laplace(0, 1 / config['epsilon'])",
        "np.random.laplace(0, 1 / (eps1 + eps2))",
        "np.random.laplace(0, 1 / float(eps))",
        "np.random.laplace(0, sens)",
        "np.random.normal(0, np.sqrt(2 * np.log(1.25 / 1e-5)) / epsilon)",
        "np.random.normal(0, np.sqrt(sensitivity ** 2 / (2 * rho)))",
        "def laplace(scale): return np.random.laplace(0, scale)\nlaplace(1 / epsilon)",
        "def laplace(x, scale=1): return np.random.laplace(0, scale)\nlaplace(2, scale=1 / epsilon)",
        "sigma = sigma_for(epsilon, delta)\nnp.random.normal(0, sigma)",
        "np.random.normal(0, sigma * max_grad_norm)",
        "if wide:\n    b = 2 / epsilon\nelse:\n    b = 1 / epsilon\nnp.random.laplace(0, b)",
        "import torch\ntorch.normal(0, noise_multiplier * clip, size=(3,))",
        "import torch\ngrad += torch.randn_like(grad) * noise_multiplier * max_grad_norm",
        "import torch\ngrad += torch.zeros(3).normal_(0, noise_multiplier * max_grad_norm)",
        "import torch\ng = torch.Generator()\ntorch.normal(0, noise_multiplier * clip, (3,), generator=g)",
        "from torch.distributions import Laplace\nLaplace(0, 1 / epsilon).sample((3,))",
        "import tensorflow as tf\ntf.random.normal([3], stddev=noise_multiplier * l2_norm_clip)",
        "import jax\njax.random.laplace(key) * sensitivity / epsilon",
        "from jax import random\ng + noise_multiplier * l2_norm_clip * random.normal(key, (3,))",
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
        "import jax\njax.random.normal(key) * scale",
        "np.random.normal(0, x / (std + eps))",
        "np.random.laplace(0, x / np.sqrt(var + eps))",
        "np.random.laplace(0, x / np.maximum(norm, eps))",
        "np.random.laplace(loc=1 / epsilon, scale=2)",
        "np.random.laplace(1 / epsilon, 2, 3)",
        "np.random.laplace(size=int(1 / epsilon))",
        "np.random.normal(1 / epsilon, 1)",
        "def f(x, eps=1e-6): return np.random.laplace(0, x / eps)",
        "eps = np.finfo(float).eps\nnp.random.laplace(0, x / eps)",
        "np.random.laplace(0, x / np.finfo(float).eps)",
        "np.random.normal(0, 1 / epsilon)",
        "np.random.normal(0, sensitivity)",
        "np.random.laplace(0, epsilon)",
        "from scipy.stats import norm\nnorm(0, sensitivity / epsilon).cdf(3)",
        "import torch\nnoise = torch.randn_like(x) * sigma",
        "import torch\ntorch.normal(0, noise_multiplier * clip, (3,), generator=secure)",
        "import torch\nx + (torch.randn_like(a) * policy_noise).clamp(-noise_clip, noise_clip)",
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
        NUMPY + "np.random.seed(7 + 1)\nx = np.random.laplace(0, 1 / epsilon)",
        NUMPY + "np.random.seed(hash(user) % 2**32)\nx = np.random.laplace(0, 1 / epsilon)",
        NUMPY + "import os\nrng = np.random.default_rng(os.getpid())\nx = rng.laplace(0, 1 / epsilon)",
        NUMPY + "x = np.random.default_rng(0).normal(0, sensitivity / epsilon)",
        NUMPY + "rng = np.random.default_rng([1, 2])\ndef f(rng, e): return rng.laplace(0, 1 / epsilon)",
        "import random, time\nrandom.seed(time.time())\nx = random.gauss(0, sensitivity / epsilon)",
        "import random, datetime as d\nrandom.seed(d.datetime.now())\nx = random.gauss(0, 1 / eps * sens)",
        "import torch\ntorch.manual_seed(1)\nx = torch.normal(0, noise_multiplier * clip, (3,))",
        "import jax\nkey = jax.random.key(0)\nx = jax.random.laplace(key) / epsilon",
    ],
)
def test_a_seed_that_can_be_known_is_found_beside_the_noise(text: str) -> None:
    assert sorted(found(text)) == ["fixed-seed", "float-noise"]


@pytest.mark.parametrize(
    "text",
    [
        OPACUS + "torch.manual_seed(0)\n" + TRAIN,
        OPACUS + "SEED = 1\ntorch.manual_seed(SEED)\n" + TRAIN,
        OPACUS + "torch.manual_seed(0)\nPrivacyEngine(secure_mode=False).make_private(module=m)",
        OPACUS + "PrivacyEngine().make_private(module=m, noise_generator=torch.Generator().manual_seed(1))",
        OPACUS
        + "g = torch.Generator()\ng.manual_seed(1)\nPrivacyEngine().make_private(m, noise_generator=g)",
        OPACUS + "def main(seed=1):\n    torch.manual_seed(seed)\n    " + TRAIN,
        OPACUS + "import lightning as L\nL.seed_everything(1)\n" + TRAIN,
        "import jax\nimport jax_privacy\njax_privacy.privatizer(prng_key=jax.random.PRNGKey(0))",
        """
        from jax import random
        from jax_privacy import noise_addition
        key = random.key(3)
        key, noise_key = random.split(key)
        privatizer = noise_addition.gaussian_privatizer(stddev=1.0, prng_key=noise_key)
        """,
        "import optax\noptax.contrib.dpsgd(0.1, l2_norm_clip=1.0, noise_multiplier=1.1, seed=1)",
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
        "import jax\nimport jax_privacy\nparams = model.init(jax.random.PRNGKey(0), x)",
        OPACUS + "torch.manual_seed(0)\nm = Net()\ntorch.seed()\n" + TRAIN,
        OPACUS + "torch.manual_seed(int.from_bytes(os.urandom(8)))\n" + TRAIN,
    ],
)
def test_a_seed_of_something_else_is_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "data_rng = np.random.default_rng(0)\ny = data_rng.normal()\nx = np.random.laplace(0, 1 / epsilon)",
        "np.random.seed(0)\ny = np.random.normal()\nx = np.random.default_rng().laplace(0, 1 / epsilon)",
        "np.random.seed(0)\ny = np.random.rand()\nnp.random.seed()\nx = np.random.laplace(0, 1 / epsilon)",
        "import random\nrandom.seed(0)\nx = np.random.laplace(0, 1 / epsilon)",
        "np.random.seed(seed)\nx = np.random.laplace(0, 1 / epsilon)",
        "import torch\ntorch.manual_seed(0)\nx = np.random.laplace(0, 1 / epsilon)",
    ],
)
def test_a_seed_of_another_generator_than_that_of_the_noise_is_left_alone(text: str) -> None:
    assert "fixed-seed" not in found(NUMPY + text)


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
        "sensitivity = (max(x) - min(x)) / len(x)",
        "low, high = x.min(), x.max()\nsensitivity = high - low",
        "y = np.clip(x, x.min(), x.max())",
        "low, high = np.percentile(x, [1, 99]), 9\ny = np.clip(x, low, high)\nz = np.percentile(x, 1)",
        "y = df['age'].clip(df['age'].quantile(0.01), 99)",
        "low = x.min()\ntools.mean(x, epsilon=1, bounds=(low, 100))",
        "options = {'bounds': (x.min(), 9)}\ntools.mean(x, epsilon=1, **options)",
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
        "LIMITS = (0, 120)\ntools.mean(x, epsilon=1, bounds=(min(LIMITS), max(LIMITS)))",
        "ages = np.array([0, 120])\ntools.mean(x, epsilon=1, bounds=(ages.min(), ages.max()))",
        "tools.mean(x, epsilon=1, bounds=(public.min(), public.max()))",
        "tools.histogram(x, epsilon=1, range=(bins.min(), bins.max()))",
        "y = np.clip(x, low, high)",
        "y = np.clip(x, public.min(), public.max())",
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


@pytest.mark.parametrize(
    "text",
    [
        "tools.mean(df['age'], epsilon=e)\ntools.mean(df['income'], epsilon=e)",
        "def f(x, e): return tools.mean(x, epsilon=e), tools.std(x, epsilon=e)",
        "def f(x, e):\n    return {'mean': tools.mean(x, epsilon=e), 'std': tools.std(x, epsilon=e)}",
        "for c in df.columns:\n    tools.mean(df[c], epsilon=e)",
        "means = [tools.mean(df[c], epsilon=e) for c in columns]",
    ],
)
def test_an_epsilon_that_each_query_or_column_costs_is_found(text: str) -> None:
    assert found(DIFFPRIVLIB + text) == ["epsilon-reused"]


def test_an_epsilon_that_two_draws_of_one_function_divide_by_is_found() -> None:
    two = (
        "def f(x, e):\n    a = np.random.laplace(0, {0} / eps)\n    return a, np.random.laplace(0, {1} / eps)"
    )
    assert found(NUMPY + two.format("high", "1")).count("epsilon-reused") == 1
    assert found(NUMPY + two.format("2 * high", "4 * high")).count("epsilon-reused") == 0
    either = two.format("1", "1").replace("a =", "if x: return").replace("return a,", "return")
    assert found(NUMPY + either) == ["float-noise"] * 2


@pytest.mark.parametrize(
    "text",
    [
        "for e in epsilons:\n    tools.mean(x, epsilon=e)",
        "for e in epsilons:\n    tools.mean(df['age'], epsilon=e)",
        "for c in columns:\n    e = share(c)\n    tools.mean(df[c], epsilon=e)",
        "e = total / len(columns)\nfor c in columns:\n    tools.mean(df[c], epsilon=e)",
        "for part in parts:\n    tools.mean(part, epsilon=e)",
        "tools.mean(men, epsilon=e)\ntools.mean(women, epsilon=e)",
        "tools.mean(df[df.sex == 'm'], epsilon=e)\ntools.mean(df[df.sex == 'f'], epsilon=e)",
    ],
)
def test_an_epsilon_of_other_people_or_another_experiment_is_left_alone(text: str) -> None:
    assert found(DIFFPRIVLIB + text) == []


def test_calls_in_one_arm_both_count() -> None:
    text = "if a:\n    tools.mean(x, epsilon=e)\n    tools.std(x, epsilon=e)"
    assert found(DIFFPRIVLIB + text) == ["epsilon-reused"]


def test_a_fixed_random_state_is_found_in_private_estimators_alone() -> None:
    assert found(DIFFPRIVLIB + "PCA(epsilon=1, random_state=42)") == ["random-state"]
    assert found(DIFFPRIVLIB + "S = 42\nPCA(epsilon=1, random_state=S)") == ["random-state"]
    assert found(DIFFPRIVLIB + "PCA(epsilon=1, random_state=np.random.RandomState(1))") == ["random-state"]
    assert found(DIFFPRIVLIB + "def f(s=1):\n    PCA(epsilon=1, random_state=s)") == ["random-state"]
    assert found(DIFFPRIVLIB + "options = {'random_state': 1}\nPCA(**options)") == ["random-state"]
    assert found(DIFFPRIVLIB + "PCA(epsilon=1, random_state=None)") == []
    assert found(DIFFPRIVLIB + "PCA(epsilon=1, random_state=state)") == []
    assert found("from sklearn.decomposition import PCA\nPCA(random_state=42)") == []


def test_shuffled_batches_are_found_where_opacus_accounts_them() -> None:
    call = "engine.make_private_with_epsilon(module=m, poisson_sampling={})"
    assert found(OPACUS + call.format("False")) == ["shuffled-batches"]
    assert found(OPACUS + "sampled = False\n" + call.format("sampled")) == ["shuffled-batches"]
    options = "options = {'poisson_sampling': False}\nengine.make_private(module=m, **options)"
    assert found(OPACUS + options) == ["shuffled-batches"]
    assert found(OPACUS + call.format("True")) == []
    assert found(OPACUS + call.format("sampled")) == []
    assert found(call.format("False")) == []


def test_batch_norm_is_found_in_a_model_that_opacus_makes_private() -> None:
    model = "m = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8))\n"
    assert found(OPACUS + model + TRAIN) == ["batch-norm"]
    assert found(OPACUS + model) == []
    assert found(OPACUS + model + "m = ModuleValidator.fix(m)\n" + TRAIN) == []
    assert found(OPACUS + model.replace("BatchNorm2d(8)", "GroupNorm(2, 8)") + TRAIN) == []


NETS = """
class Net(nn.Module):
    def __init__(self):
        self.norm = nn.{}(8)
class Baseline(nn.Module):
    def __init__(self):
        self.norm = nn.{}(8)
"""


def test_batch_norm_of_a_baseline_beside_the_private_model_is_left_alone() -> None:
    train = "baseline = Baseline()\nm = Net()\n" + TRAIN
    assert found(OPACUS + NETS.format("GroupNorm", "BatchNorm2d") + train) == []
    assert found(OPACUS + NETS.format("BatchNorm2d", "GroupNorm") + train) == ["batch-norm"]
    made = "def make(): return Net()\nm = make()\n" + TRAIN
    assert found(OPACUS + NETS.format("GroupNorm", "BatchNorm1d") + made) == []
    assert found(OPACUS + NETS.format("SyncBatchNorm", "GroupNorm") + made) == ["batch-norm"]
    given = "def train(m):\n    " + TRAIN + "train(Net())\n"
    assert found(OPACUS + NETS.format("GroupNorm", "BatchNorm1d") + given) == []
    assert found(OPACUS + NETS.format("BatchNorm1d", "GroupNorm") + given) == ["batch-norm"]


def test_batch_norm_of_a_known_architecture_is_found() -> None:
    head = OPACUS + "from torchvision import models\n"
    assert found(head + "m = models.resnet18(num_classes=10)\n" + TRAIN) == ["batch-norm"]
    assert found(head + "m = models.resnet18(norm_layer=group_norm)\n" + TRAIN) == []
    assert found(head + "m = models.alexnet()\n" + TRAIN) == []


FLOWER = "from flwr.server.strategy import DifferentialPrivacyClientSideFixedClipping, FedAvg\n"
CLIENT = "class Client:\n    def fit(self, p, c):\n        return p, {}, {{}}\n"


def test_unequal_weights_are_found_beside_a_private_strategy() -> None:
    strategy = "s = DifferentialPrivacyClientSideFixedClipping(FedAvg(), 1, 1, 9)\n"
    assert found(FLOWER + CLIENT.format("len(self.data)") + strategy) == ["unequal-weights"]
    assert found(FLOWER + CLIENT.format("len(self.loader.dataset)") + strategy) == ["unequal-weights"]
    assert found(FLOWER + CLIENT.format("int(len(self.data))") + strategy) == ["unequal-weights"]
    assert found(FLOWER + CLIENT.format("1") + strategy) == []
    assert found(FLOWER + CLIENT.format("len(self.data)") + "s = FedAvg()\n") == []


def test_unequal_weights_are_found_in_tensorflow_federated() -> None:
    head = "import tensorflow_federated as tff\na = tff.learning.dp_aggregator(1.0, 100)\n"
    call = "tff.learning.algorithms.build_{}_fed_avg(model, model_aggregator=a)"
    assert found(head + call.format("weighted")) == ["unequal-weights"]
    assert found(head + call.format("unweighted")) == []


def test_tests_may_draw_samples_to_compare_with() -> None:
    text = NUMPY + "x = np.random.laplace(0, 1 / epsilon)\n"
    assert found(text, "tests/test_noise.py") == []
    assert found(text, "tests/noise.py") == ["float-noise"]


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
