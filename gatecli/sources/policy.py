"""The policy of a run: which file, what it extends, and the waivers that stand in it.

Nothing is judged by half a policy: whatever is wrong stops the run, all of it at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from gatecli import package
from gatecli.errors import ConfigurationError
from gatecli.model.base import Value
from gatecli.model.document import Document, pointer_of
from gatecli.model.finding import Severity
from gatecli.model.policy import PrivacyPolicy, overlay
from gatecli.model.presidio import PresidioRegistry
from gatecli.model.waiver import PlacedWaiver, PrivacyWaiver
from gatecli.sources.documents import head_problem, parse_documents, read_documents
from gatecli.sources.files import ON_DISK, Files, ReadError
from gatecli.sources.positioned_tree import printable
from gatecli.sources.problems import Problem, problems_of, suggestion

DEFAULT = "default"
NAMES = ("gatecli.yaml", "gatecli.yml")

SeverityOf = Callable[[str], Severity | None]
"""The severity of a rule where no policy says another."""

Kind = TypeVar("Kind", bound=Value)


@dataclass(frozen=True, slots=True)
class PolicyBundle:
    """A resolved policy and its waivers; `path` is None where the shipped default judges.

    `read` are all files that were read for it, in their order: what it extends, its recognizers, its waivers.
    """

    policy: PrivacyPolicy
    waivers: tuple[PlacedWaiver, ...]
    path: Path | None
    read: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class _File:
    """What one file holds; its policy, if any, is not resolved yet."""

    path: Path
    policy: tuple[PrivacyPolicy, Document] | None
    waivers: tuple[PlacedWaiver, ...]


def read_policy(
    path: Path | None,
    *,
    waiver_files: Sequence[Path] = (),
    rule_ids: Collection[str],
    start: Path,
    uncheckable: Collection[str],
    false: Collection[str] = (),
    severity_of: SeverityOf = lambda _: None,
    files: Files = ON_DISK,
) -> PolicyBundle:
    """The policy at `path`, else that of the gatecli.yaml files from `start` upward, else the shipped one.

    Of several upward, the one at the root is a floor, and nearer ones may only tighten it. `rule_ids` are
    all that a severity or a waiver may name; those of `uncheckable` neither may soften, those of `false` no
    severity. `severity_of` is that of a rule where no policy says another. All of it is read from `files`.
    Raises `ConfigurationError` with every problem, one a line.
    """
    reading = _Reading(rule_ids, uncheckable, false, files)
    chosen = (path,) if path is not None else upward(start, files)
    held = [file for file in map(reading.file, chosen) if file is not None]
    policy = _layer_policies(reading, held, severity_of)
    waivers = [waiver for file in held for waiver in file.waivers]
    extra = [waiver for name in waiver_files for waiver in reading.waivers(name)]
    if reading.complaints:
        raise ConfigurationError("\n".join(reading.complaints))
    return PolicyBundle(policy, (*waivers, *extra), _standing(held, chosen), tuple(reading.read))


def _layer_policies(reading: _Reading, files: Sequence[_File], severity_of: SeverityOf) -> PrivacyPolicy:
    """The policies of files, the nearest first, each tightening those after it."""
    layers = [(file.path.parent, reading.resolve(file, ())) for file in files if file.policy is not None]
    if not layers:
        return default_policy()
    root, policy = layers[-1]
    for folder, nearer in reversed(layers[:-1]):
        below = Path(os.path.relpath(folder, root)).as_posix()
        policy = package.member("model.floor:tighten")(policy, nearer, severity_of, below)
    return policy


def _standing(files: Sequence[_File], chosen: Sequence[Path]) -> Path | None:
    """The file that paths in the policy are relative to: the floor, where there is one."""
    holding = [file.path for file in files if file.policy is not None]
    return holding[-1] if holding else next(iter(chosen), None)


def read_waivers(
    paths: Sequence[Path], *, rule_ids: Collection[str], uncheckable: Collection[str], files: Files = ON_DISK
) -> tuple[PlacedWaiver, ...]:
    """The waivers in files of nothing but waivers. Raises `ConfigurationError` as `read_policy` does."""
    reading = _Reading(rule_ids, uncheckable, files=files)
    waivers = tuple(waiver for path in paths for waiver in reading.waivers(path))
    if reading.complaints:
        raise ConfigurationError("\n".join(reading.complaints))
    return waivers


def policy_in(
    documents: Sequence[Document],
    *,
    rule_ids: Collection[str],
    uncheckable: Collection[str],
    false: Collection[str] = (),
) -> PolicyBundle:
    """The policy and the waivers in documents that stand in no file, such as a cluster's objects.

    Such a policy may extend the shipped one alone. Without one, the shipped one judges. Raises
    `ConfigurationError` with every problem, one a line.
    """
    if not documents:
        return PolicyBundle(default_policy(), (), None)
    reading = _Reading(rule_ids, uncheckable, false)
    file = reading.contents(Path(), documents)
    for policy, document in [file.policy] if file.policy else []:
        if policy.spec.extends not in {None, DEFAULT}:
            reading.complain_of_base(document)
    policy = default_policy() if reading.complaints else reading.resolve(file, ())
    if reading.complaints:
        raise ConfigurationError("\n".join(reading.complaints))
    return PolicyBundle(policy, file.waivers, None)


def nearest(start: Path) -> Path | None:
    """The gatecli.yaml in the folder of `start` or the closest above it, within its repository.

    Raises ConfigurationError where `start` is relative to a folder that was deleted.
    """
    return next(iter(upward(start)), None)


def upward(start: Path, files: Files = ON_DISK) -> tuple[Path, ...]:
    """Every gatecli.yaml in the folder of `start` and above it, within its repository; the nearest first.

    Raises ConfigurationError where `start` is relative to a folder that was deleted.
    """
    try:
        folder = Path(os.path.abspath(start))  # noqa: PTH100 - as the user wrote it, links and all
    except FileNotFoundError:
        raise ConfigurationError(
            "the current folder no longer exists", advice="change to another folder"
        ) from None
    found = []
    for at in (folder, *folder.parents):
        found += [_shortest(at / name) for name in NAMES if files.holds(at / name)][:1]
        if files.is_top(at):
            break
    return tuple(found)


def _shortest(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def default_policy() -> PrivacyPolicy:
    """The policy that ships with gatecli."""
    text = resources.files("gatecli").joinpath("policies", "default.yaml").read_text("utf-8")
    (document,) = parse_documents("default.yaml", text)
    return PrivacyPolicy.from_file(document.data)


class _Reading:
    """One attempt to read a policy; complaints are gathered, so that all are told at once."""

    def __init__(
        self,
        rule_ids: Collection[str],
        uncheckable: Collection[str],
        false: Collection[str] = (),
        files: Files = ON_DISK,
    ) -> None:
        self.complaints: list[str] = []
        self.read: dict[Path, None] = {}
        self._files = files
        self._rule_ids = rule_ids
        self._own: frozenset[str] = frozenset()
        self._uncheckable = uncheckable
        self._false = false

    def file(self, path: Path) -> _File | None:
        """What stands in a policy file; None where it cannot be read."""
        documents = self._documents(path)
        return None if documents is None else self.contents(path, documents)

    def _documents(self, path: Path) -> tuple[Document, ...] | None:
        """The documents of a file; None where it cannot be read."""
        self.read[path] = None
        try:
            return read_documents(path, self._files)
        except ReadError as error:
            self._complain_of_reading(path, error)
            return None

    def contents(self, path: Path, documents: Sequence[Document]) -> _File:
        """What stands in the documents of a file."""
        sound = [document for document in documents if self._is_sound(document)]
        policies = list(self._typed_documents(sound, "PrivacyPolicy", PrivacyPolicy))
        policies = [
            (self._with_recognizers(path, policy, document), document) for policy, document in policies
        ]
        self._own |= frozenset[str]().union(*(policy.spec.pii.own_rules for policy, _ in policies))
        waivers = list(self._typed_documents(sound, "PrivacyWaiver", PrivacyWaiver))
        self._check_contents(path, documents, sound)
        for policy, document in policies:
            self._check_policy(policy, document)
        for waiver, document in waivers:
            self._check_rule(waiver.spec.rule, document, "/spec/rule", "waived")
        placed = tuple(PlacedWaiver(waiver, document.place("/spec/rule")) for waiver, document in waivers)
        return _File(path, policies[0] if policies else None, placed)

    def _with_recognizers(self, path: Path, policy: PrivacyPolicy, document: Document) -> PrivacyPolicy:
        """The policy with what stands in the file of recognizers that it names."""
        rules = policy.spec.pii
        if rules.recognizers is None:
            return policy
        registry = self._registry(path.parent / rules.recognizers) if path.name else None
        if not path.name or rules.registry is not None:
            message = "the policy names a file of recognizers but "
            message += "does not come from a file" if not path.name else "holds a registry of its own"
            self._complain(
                document, "/spec/pii/recognizers", message, "keep the registry, without recognizers"
            )
        spec = policy.spec.model_copy(update={"pii": rules.model_copy(update={"registry": registry})})
        return policy.model_copy(update={"spec": spec})

    def _registry(self, path: Path) -> PresidioRegistry | None:
        """A file in the format of presidio's recognizer registry; None where it cannot be used."""
        documents = self._documents(path)
        if documents is None:
            return None
        document = documents[0] if len(documents) == 1 else None
        if document is None or not isinstance(document.data, Mapping):
            mend = "write recognizers: and a list of them, as presidio's recognizer registry does"
            self.complaints.append(f"{path.as_posix()}: the file is no list of recognizers ({mend})")
            return None
        try:
            return PresidioRegistry.from_file(document.data)
        except ValidationError as error:
            for problem in problems_of(error, document.data, PresidioRegistry):
                self._report(document, problem)
            return None

    def _complain_of_reading(self, path: Path, error: ReadError) -> None:
        at = f":{error.position.line}:{error.position.column}" if error.position else ""
        self.complaints.append(f"{path.as_posix()}{at}: the file {error.problem} ({error.mend})")

    def waivers(self, path: Path) -> tuple[PlacedWaiver, ...]:
        """The waivers in a file of nothing but waivers."""
        file = self.file(path)
        if file is not None and file.policy is not None:
            message = "a file of waivers holds a PrivacyPolicy"
            self._complain(file.policy[1], "/kind", message, "name it with --policy")
        return file.waivers if file is not None else ()

    def resolve(self, file: _File, below: tuple[str, ...]) -> PrivacyPolicy:
        """The file's policy over all that it extends."""
        if file.policy is None:
            return default_policy()
        policy, document = file.policy
        match policy.spec.extends:
            case None:
                return policy
            case "default":
                return overlay(default_policy(), policy)
            case name:
                base = self._base(file.path, name, document, (*below, self._files.identify(file.path)))
                return overlay(base, policy) if base else policy

    def _base(
        self, path: Path, name: str, document: Document, below: tuple[str, ...]
    ) -> PrivacyPolicy | None:
        target = path.parent / name
        cyclic = self._files.identify(target) in below
        file = None if cyclic else self.file(target)
        if file is not None and file.policy is not None:
            return self.resolve(file, below)
        why = "and so itself" if cyclic else "which holds no PrivacyPolicy that can be used"
        message = f"the policy extends {printable(name)}, {why}"
        self._complain(document, "/spec/extends", message, "name another file, or default")
        return None

    def complain_of_base(self, document: Document) -> None:
        """A policy that stands in no file names another file."""
        message = "the policy extends a file but does not come from one"
        self._complain(document, "/spec/extends", message, "extend default")

    def _complain(
        self, document: Document, pointer: str, message: str, mend: str, *, key: bool = False
    ) -> None:
        where = document.place(pointer, key=key) if document.values else f"{document.path} {pointer}".strip()
        self.complaints.append(f"{where}: {message} ({mend})")

    def _report(self, document: Document, problem: Problem) -> None:
        self._complain(document, problem.pointer, problem.message, problem.mend, key=problem.at_key)

    def _is_sound(self, document: Document) -> bool:
        problem = head_problem(document)
        if problem is not None:
            self._report(document, problem)
        return problem is None

    def _typed_documents(
        self, documents: Iterable[Document], kind: str, model: type[Kind]
    ) -> Iterator[tuple[Kind, Document]]:
        for document in documents:
            if document.data["kind"] == kind:
                try:
                    yield model.from_file(document.data), document
                except ValidationError as error:
                    for problem in problems_of(error, document.data, model):
                        self._report(document, problem)

    def _check_contents(self, path: Path, documents: Sequence[Document], sound: Sequence[Document]) -> None:
        kinds = [document.data["kind"] for document in sound]
        policies = [document for document in sound if document.data["kind"] == "PrivacyPolicy"]
        if len(policies) > 1:
            message = "the file holds a second PrivacyPolicy"
            self._complain(policies[1], "/kind", message, "keep one; it may extend the other")
        if len(sound) == len(documents) and not {"PrivacyPolicy", "PrivacyWaiver"}.intersection(kinds):
            message = "the file holds no PrivacyPolicy and no PrivacyWaiver"
            self.complaints.append(f"{path.as_posix()}: {message} (gatecli init writes one)")

    def _check_policy(self, policy: PrivacyPolicy, document: Document) -> None:
        if not any(_says_something(value) for value in document.data["spec"].values()):
            self._complain(
                document, "/spec", "the policy is empty, so it permits everything", "add extends: default"
            )
        for name, severity in policy.spec.severities.items():
            pointer = pointer_of(["spec", "severities", name])
            self._check_rule(name, document, pointer, "softened", key=True)
            if severity is not Severity.ERROR and name in self._false:
                message = f"{name} says that a declaration is false, and cannot be softened"
                self._complain(
                    document, pointer, message, "correct the declaration, and remove this", key=True
                )
        unknown = policy.spec.terraform.on_unknown
        for name in unknown if isinstance(unknown, dict) else ():
            pointer = pointer_of(["spec", "terraform", "onUnknown", name])
            if name != "default":
                self._check_rule(name, document, pointer, "softened", key=True)

    def _check_rule(
        self, name: str, document: Document, pointer: str, verb: str, *, key: bool = False
    ) -> None:
        if name in self._uncheckable:
            message = f"{name} reports that something could not be judged, so it cannot be {verb}"
            self._complain(document, pointer, message, "fix the input, and remove this", key=key)
        elif name not in self._own and name not in self._rule_ids:
            known = sorted({*self._rule_ids, *self._own})
            mend = suggestion(name, known, "gatecli rules lists them").partition(":")[0]
            self._complain(document, pointer, f"there is no rule {printable(name)}", mend, key=key)


def _says_something(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(_says_something(item) for item in value.values())
    return value is not None and value != []
