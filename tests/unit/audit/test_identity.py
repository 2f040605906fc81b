"""What a mechanism is: its code, what that imports, what it carries."""

from __future__ import annotations

import functools
import importlib
import itertools
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatecli.audit.identity import identity_of
from gatecli.audit.imports import imported_code
from gatecli.errors import UncheckableError
from tests.support.textbook_mechanisms import laplace, noisy_max_1

_NUMBERS = itertools.count()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Write a package of new modules and give the function `mechanism` of its module `main`."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def write(**modules: str) -> Any:
        name = f"mechanisms_{next(_NUMBERS)}"
        (tmp_path / name).mkdir()
        for module, text in {"__init__": "", **modules}.items():
            (tmp_path / name / f"{module}.py").write_text(text.replace("PACKAGE", name))
        importlib.invalidate_caches()
        return importlib.import_module(f"{name}.main").mechanism

    yield write
    for name in set(sys.modules) - before:
        del sys.modules[name]


def closing_over(value: Any) -> Any:
    return lambda data: (data, value)


def test_two_functions_of_one_line_are_two_mechanisms() -> None:
    one, other = (lambda data: data + 1.0), (lambda data: data + 2.0)
    assert identity_of(one) != identity_of(other)
    assert identity_of(one) == identity_of(one)


def test_functions_within_two_functions_of_one_line_are_told_apart() -> None:
    one, other = (lambda data: (x + 1.0 for x in data)), (lambda data: (x + 2.0 for x in data))
    assert identity_of(one) != identity_of(other)


def test_which_of_two_functions_comes_again_is_part_of_what_carries_them() -> None:
    values = [(laplace, noisy_max_1, each) for each in (laplace, noisy_max_1)]
    assert len({identity_of(closing_over(each)) for each in values}) == 2


class Adding:
    def __init__(self, noise: Any) -> None:
        self.noise = noise

    def __call__(self, data: Any) -> Any:
        return data + self.noise()


@pytest.mark.parametrize("made", ["module", "object"])
def test_a_file_that_an_object_takes_a_function_from_is_part_of_it(
    project: Callable[..., Any], made: str
) -> None:
    noise = project(main="def mechanism():\n    return 1\n")
    file = Path(sys.modules[noise.__module__].__file__ or "")
    asked = (Adding(noise), "") if made == "object" else (Adding(int), noise.__module__)
    before = identity_of(*asked)
    assert identity_of(*asked) == before
    file.write_text("def mechanism():\n    return 2\n")
    assert identity_of(*asked) != before


def test_a_class_that_is_made_in_a_function_could_not_be_known_again() -> None:
    class Noise:
        scale = 1.0

    with pytest.raises(UncheckableError, match="would not be known again"):
        identity_of(closing_over(Noise))


def test_two_functions_of_one_file_are_two_mechanisms() -> None:
    assert identity_of(laplace) != identity_of(noisy_max_1)
    assert identity_of(laplace) == identity_of(laplace)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1.0, 2.0),
        ("a", "b"),
        ([1, [2]], [1, [3]]),
        ({"a": 1}, {"a": 2}),
        (np.zeros(3), np.ones(3)),
        (laplace, noisy_max_1),
        ([laplace], [noisy_max_1]),
        (np.random.default_rng(1), np.random.default_rng(2)),
        (np, sys),
        (int, float),
        (functools.partial(laplace, epsilon=1), functools.partial(laplace, epsilon=2)),
        (functools.partial(print, 1), functools.partial(print, 2)),
        (closing_over(1), closing_over(2)),
        ([1].append, [2].append),
    ],
    ids=itertools.count(),
)
def test_what_a_function_closes_over_is_part_of_it(one: Any, other: Any) -> None:
    assert identity_of(closing_over(one)) != identity_of(closing_over(other))
    assert identity_of(closing_over(one)) == identity_of(closing_over(one))


def test_defaults_and_arguments_of_a_partial_call_are_part_of_it() -> None:
    made = []
    for scale in (1, 2):

        def by_default(data: Any, scale: int = scale) -> Any:
            return data, scale

        def by_name(data: Any, *, scale: int = scale) -> Any:
            return data, scale

        made += [by_default, by_name, functools.partial(by_default, scale=scale + 10)]
    assert len({identity_of(each) for each in made}) == 6


class Scaled:
    def __init__(self, scale: int) -> None:
        self.scale = scale

    def method(self, data: Any) -> Any:
        return data, self.scale

    def __call__(self, data: Any) -> Any:
        return data, self.scale


def test_the_object_of_a_method_is_part_of_it() -> None:
    assert identity_of(Scaled(1).method) != identity_of(Scaled(2).method)
    assert identity_of(Scaled(1)) != identity_of(Scaled(2))
    assert identity_of(Scaled(1)) == identity_of(Scaled(1))


def test_a_function_that_calls_itself_is_known() -> None:
    def outer(data: int) -> int:
        return outer(data - 1) if data else 0

    assert identity_of(outer) == identity_of(outer)


def test_a_wrapped_function_is_part_of_its_wrapper() -> None:
    def wrap(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(data: Any) -> Any:
            return data

        return wrapper

    assert identity_of(wrap(laplace)) != identity_of(wrap(noisy_max_1))


def test_a_function_without_a_file_is_known_by_its_bytecode() -> None:
    space: dict[str, Any] = {}
    exec("def one(data): return data + 1\ndef other(data): return data + 2", space)  # noqa: S102 - a function of no file
    assert identity_of(space["one"]) != identity_of(space["other"])


def test_a_value_that_cannot_be_written_is_named() -> None:
    with pytest.raises(UncheckableError, match="lock cannot be written as bytes"):
        identity_of(closing_over(threading.Lock()))


def test_a_value_that_holds_itself_is_refused() -> None:
    deep: list[Any] = []
    deep.append(deep)
    with pytest.raises(UncheckableError, match="nested too deeply"):
        identity_of(closing_over(deep))


CALLER = "import PACKAGE.noise as noise\ndef mechanism(data): return noise.scale"
IMPORTS = {
    "absolute": CALLER,
    "from": "from PACKAGE.noise import scale\ndef mechanism(data): return scale",
    "from the package": "from PACKAGE import noise\ndef mechanism(data): return noise.scale",
    "relative": "from . import noise\ndef mechanism(data): return noise.scale",
    "relative name": "from .noise import scale\ndef mechanism(data): return scale",
    "late": "def mechanism(data):\n    from PACKAGE.noise import scale\n    return scale",
    "through another": "from PACKAGE.between import scale\ndef mechanism(data): return scale",
}


@pytest.mark.parametrize("main", IMPORTS.values(), ids=IMPORTS)
def test_a_change_in_a_file_that_it_imports_is_another_mechanism(project: Any, main: str) -> None:
    between = "from .noise import scale"
    one, other, again = (
        imported_code([made.__module__])
        for made in (project(main=main, between=between, noise=f"scale = {scale}") for scale in (1, 2, 1))
    )
    told = [{path.stem: text for path, text in each.files.items()} for each in (one, other, again)]
    assert told[0]["noise"] != told[1]["noise"]
    assert told[0]["noise"] == told[2]["noise"]


def test_the_identity_covers_imported_files(project: Any, tmp_path: Path) -> None:
    made = project(main=IMPORTS["relative"], noise="scale = 1")
    before = identity_of(made)
    (noise,) = tmp_path.rglob("noise.py")
    noise.write_text("scale = 2")
    assert identity_of(made) != before
    noise.write_text("scale = 1")
    assert identity_of(made) == before


def test_a_file_that_is_not_imported_is_not_part_of_it(project: Any) -> None:
    made = project(main="def mechanism(data): return 1", other="scale = 1")
    assert {path.stem for path in imported_code([made.__module__]).files} == {"__init__", "main"}


def test_an_installed_package_is_known_by_its_version(project: Any) -> None:
    made = project(main="import numpy.random\nimport json\ndef mechanism(data): return 1")
    found = imported_code([made.__module__])
    assert {path.stem for path in found.files} == {"__init__", "main"}
    assert found.versions["numpy"] == np.__version__
    assert "json" not in found.versions


def test_nothing_is_imported_to_find_it(project: Any) -> None:
    made = project(
        main="def mechanism(data):\n    import PACKAGE.loud.inner", loud="raise SystemExit('imported')"
    )
    found = imported_code([made.__module__])
    assert {path.stem for path in found.files} == {"main", "loud", "__init__"}


def test_the_same_mechanism_is_the_same_in_another_process() -> None:
    code = (
        "from gatecli.audit.identity import identity_of\n"
        "from tests.support.textbook_mechanisms import laplace\nprint(identity_of(laplace))"
    )
    done = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        for _run in range(2)
    ]
    assert done == [identity_of(laplace)] * 2
