"""Artifacts are sealed for whom a policy names, and opened whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest
from pyrage import decrypt, x25519

from gatecli.errors import GatecliError, UncheckableError, UsageError
from gatecli.model.age_recipient import key_fingerprint
from gatecli.model.key_policy import key_policy_digest
from gatecli.model.sealed_artifact import SealedContents, SealedManifest
from gatecli.sealing import sealed_files
from gatecli.sealing.age_format import Identity, SealBroken, encrypt_stream
from gatecli.sealing.rotation import rotate
from gatecli.sealing.sealed_files import open_sealed, seal
from gatecli.sealing.streams import Failures, PassedBytes, TalliedReader
from gatecli.sources.sealed_artifact import bytes_of, manifest_path, read_manifest
from tests.support.key_policies import (
    NORTH,
    WEAK,
    SealedModel,
    key_policy,
    recipient,
    sealed_model,
    two_centres,
    without_south,
)

BOTH = ("north", "south")


@pytest.fixture
def model(tmp_path: Path) -> SealedModel:
    return sealed_model(tmp_path)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("centre", BOTH)
def test_each_recipient_opens_it(model: SealedModel, centre: str) -> None:
    open_sealed(model.sealed, model.identities(centre), model.folder / "opened", model.policy)
    assert (model.folder / "opened").read_bytes() == model.content


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 1 << 20])
def test_an_artifact_of_any_size_comes_back(tmp_path: Path, size: int) -> None:
    model = sealed_model(tmp_path, os.urandom(size))
    open_sealed(model.sealed, model.identities("north"), tmp_path / "opened")
    assert (tmp_path / "opened").read_bytes() == model.content


def test_the_manifest_says_what_was_sealed_and_for_whom(model: SealedModel) -> None:
    manifest = read_manifest(model.manifest)
    assert manifest.artifact.name == "model"
    assert manifest.artifact.size == len(model.content)
    assert manifest.sealed.size == model.sealed.stat().st_size
    assert manifest.key_policy.sha256 == key_policy_digest(model.policy)
    assert [(each.name, each.key) for each in manifest.recipients] == [
        (each.name, key_fingerprint(each.public_key)) for each in model.policy.spec.recipients
    ]


def test_any_program_of_age_opens_it_and_finds_the_manifest_first(model: SealedModel) -> None:
    secret = next(
        line
        for line in (model.folder / "north.key").read_text().splitlines()
        if line.startswith("AGE-SECRET-KEY-")
    )
    line, _, rest = decrypt(model.sealed.read_bytes(), [x25519.Identity.from_str(secret)]).partition(b"\n")
    assert rest == model.content
    assert line + b"\n" == read_manifest(model.manifest).contents.line()


def test_what_is_opened_is_for_its_owner_alone(model: SealedModel) -> None:
    open_sealed(model.sealed, model.identities("north"), model.folder / "opened")
    assert stat.S_IMODE((model.folder / "opened").stat().st_mode) == 0o600


def test_a_stranger_is_told_for_whom_it_is(model: SealedModel) -> None:
    stranger = Identity(str(x25519.Identity.generate()))
    before = files(model.folder)
    with pytest.raises(UsageError, match="sealed for north-statistics, south-laboratory"):
        open_sealed(model.sealed, [stranger], model.folder / "opened")
    assert files(model.folder) == before


def test_two_seals_of_one_artifact_have_nothing_in_common(model: SealedModel) -> None:
    seal(model.folder / "model", model.policy, model.folder / "again.age")
    assert (model.folder / "again.age").read_bytes()[200:] != model.sealed.read_bytes()[200:]


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(bytes(content))


Spoil = Callable[[SealedModel], object]
SPOILT: dict[str, Spoil] = {
    "the last byte of the sealed file": lambda model: flip(model.sealed, -1),
    "the first byte": lambda model: flip(model.sealed, 0),
    "a byte of a recipient's stanza": lambda model: flip(model.sealed, 40),
    "a byte more": lambda model: model.sealed.write_bytes(model.sealed.read_bytes() + b"x"),
    "a byte less": lambda model: model.sealed.write_bytes(model.sealed.read_bytes()[:-1]),
    "no byte at all": lambda model: model.sealed.write_bytes(b""),
    "the plain artifact": lambda model: model.sealed.write_bytes(model.content),
    "a manifest in another form": lambda model: model.manifest.write_text(
        model.manifest.read_text().replace("\n", " ")
    ),
    "a manifest of a later epoch": lambda model: model.manifest.write_text(
        model.manifest.read_text().replace('"epoch": 2', '"epoch": 3')
    ),
    "another recipient's name": lambda model: model.manifest.write_text(
        model.manifest.read_text().replace("south-laboratory", "south-archives0")
    ),
    "a manifest without a recipient": lambda model: model.manifest.write_text(
        read_manifest(model.manifest)
        .model_copy(update={"recipients": read_manifest(model.manifest).recipients[:1]})
        .text()
    ),
    "no manifest": lambda model: model.manifest.unlink(),
    "a manifest that is no JSON": lambda model: model.manifest.write_text("{"),
    "a key twice in the manifest": lambda model: model.manifest.write_text(
        model.manifest.read_text().replace("{", '{"schema": "gatecli/sealed/v1",', 1)
    ),
}


@pytest.mark.parametrize("what", sorted(SPOILT))
def test_what_was_changed_is_refused_and_nothing_stays(model: SealedModel, what: str) -> None:
    SPOILT[what](model)
    before = files(model.folder)
    with pytest.raises(GatecliError) as opened:
        open_sealed(model.sealed, model.identities("north"), model.folder / "opened")
    with pytest.raises(GatecliError) as rotated:
        rotate(
            model.sealed, without_south(model.folder), model.identities("north"), model.folder / "next.age"
        )
    assert files(model.folder) == before
    for refused in (opened.value, rotated.value):
        assert refused.message
        assert refused.advice
        assert "\n" not in refused.message


def test_a_manifest_of_another_file_is_refused(model: SealedModel, tmp_path: Path) -> None:
    (model.folder / "other").write_bytes(b"another model\n")
    seal(model.folder / "other", model.policy, model.folder / "other.age")
    manifest_path(model.folder / "other.age").replace(model.manifest)
    with pytest.raises(UncheckableError):
        open_sealed(model.sealed, model.identities("north"), model.folder / "opened")


def test_contents_that_an_attacker_sealed_with_another_manifest_inside_are_refused(
    model: SealedModel,
) -> None:
    """The outer manifest is consistent; the line inside is of another epoch."""
    manifest = read_manifest(model.manifest)
    inner = manifest.contents.model_copy(
        update={"key_policy": manifest.key_policy.model_copy(update={"epoch": 1})}
    )
    keys = [each.public_key for each in model.policy.spec.recipients]
    forge(model, inner.line() + model.content, keys)
    with pytest.raises(UncheckableError, match="not the manifest that is inside"):
        open_sealed(model.sealed, model.identities("north"), model.folder / "opened")
    assert not (model.folder / "opened").exists()


@pytest.mark.parametrize("content", [b"", b"no line", b"{}\nmodel", b"x" * (2**20 + 1)])
def test_a_sealed_file_without_a_manifest_inside_is_refused(model: SealedModel, content: bytes) -> None:
    forge(model, content, [each.public_key for each in model.policy.spec.recipients])
    with pytest.raises(UncheckableError):
        open_sealed(model.sealed, model.identities("north"), model.folder / "opened")
    assert not (model.folder / "opened").exists()


def forge(
    model: SealedModel, content: bytes, keys: list[str], contents: SealedContents | None = None
) -> None:
    """Encrypt anything, with a manifest outside that fits the sealed bytes."""
    (model.folder / "forged").write_bytes(content)
    with (model.folder / "forged").open("rb") as source, model.sealed.open("wb") as target:
        encrypt_stream(source, target, keys)
    held = contents or read_manifest(model.manifest).contents
    fields = {name: getattr(held, name) for name in SealedContents.model_fields}
    model.manifest.write_text(SealedManifest(**fields, sealed=bytes_of(model.sealed)).text())


def named_otherwise(model: SealedModel, key: str, number: int = 1) -> SealedContents:
    """The contents under the same KeyPolicy, for another recipient in the place of one."""
    held = read_manifest(model.manifest).contents
    recipients = list(held.recipients)
    recipients[number] = recipients[number].model_copy(update={"key": key_fingerprint(key)})
    return held.model_copy(update={"recipients": tuple(recipients)})


def test_a_file_for_others_than_its_key_policy_names_is_refused(model: SealedModel) -> None:
    """Whoever seals may write any digest; the opener has the KeyPolicy, and compares."""
    mallory, north = Identity(str(x25519.Identity.generate())), model.policy.spec.recipients[0].public_key
    contents = named_otherwise(model, mallory.public_key)
    forge(model, contents.line() + model.content, [north, mallory.public_key], contents)
    with pytest.raises(UncheckableError, match="resolves to north-statistics, south-laboratory with other"):
        open_sealed(model.sealed, model.identities("north"), model.folder / "opened", model.policy)
    assert not (model.folder / "opened").exists()


def test_a_manifest_that_does_not_name_who_opens_it_is_refused(model: SealedModel) -> None:
    contents = named_otherwise(model, NORTH, number=0)
    keys = [each.public_key for each in model.policy.spec.recipients]
    forge(model, contents.line() + model.content, keys, contents)
    open_sealed(model.sealed, model.identities("south"), model.folder / "opened")
    with pytest.raises(UncheckableError, match="its manifest does not name it"):
        open_sealed(model.sealed, model.identities("north"), model.folder / "again")
    assert not (model.folder / "again").exists()


def test_another_key_policy_than_the_expected_one_is_refused(model: SealedModel) -> None:
    with pytest.raises(UncheckableError, match="not under readmission"):
        open_sealed(
            model.sealed, model.identities("north"), model.folder / "opened", without_south(model.folder)
        )
    assert not (model.folder / "opened").exists()


def test_what_is_read_is_never_written_over(model: SealedModel) -> None:
    for output in (model.folder / "model", model.folder / "x" / ".." / "model"):
        with pytest.raises(UsageError, match="is what is read"):
            seal(model.folder / "model", model.policy, output)
    for output in (model.sealed, model.manifest):
        with pytest.raises(UsageError, match="is what is read"):
            open_sealed(model.sealed, model.identities("north"), output)


@pytest.mark.parametrize("key", [WEAK, NORTH[:-1]])
def test_a_key_that_a_waiver_let_pass_is_refused_all_the_same(tmp_path: Path, key: str) -> None:
    (tmp_path / "model").write_bytes(b"x")
    policy = key_policy(recipients=[recipient("south-laboratory", "south", key)])
    with pytest.raises(UsageError, match="public key of south-laboratory"):
        seal(tmp_path / "model", policy, tmp_path / "model.age")
    assert files(tmp_path) == {"model"}


@pytest.mark.parametrize(
    ("changes", "sentence"), [({"epoch": None}, "no epoch"), ({"recipients": []}, "nobody")]
)
def test_a_policy_that_resolves_to_nobody_seals_nothing(
    tmp_path: Path, changes: dict[str, object], sentence: str
) -> None:
    (tmp_path / "model").write_bytes(b"x")
    with pytest.raises(UsageError, match=sentence):
        seal(tmp_path / "model", key_policy(**changes), tmp_path / "model.age")
    assert files(tmp_path) == {"model"}


def test_a_folder_or_a_missing_file_is_not_sealed(tmp_path: Path) -> None:
    for name in ("", "absent"):
        with pytest.raises(GatecliError):
            seal(tmp_path / name, key_policy(), tmp_path / "out.age")
    assert files(tmp_path) == set()


def test_an_artifact_that_changes_while_it_is_sealed_is_refused(
    model: SealedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bytes_of

    def then_changed(path: Path) -> object:
        found = first(path)
        path.write_bytes(b"another model\n")
        return found

    monkeypatch.setattr(sealed_files, "bytes_of", then_changed)
    with pytest.raises(UncheckableError, match="changed while it was sealed"):
        seal(model.folder / "model", model.policy, model.folder / "again.age")
    assert "again.age" not in files(model.folder)


@dataclass
class FullDisk:
    """A file that takes some bytes and then no more."""

    room: int
    taken: list[bytes] = field(default_factory=list)

    def write(self, content: bytes, /) -> int:
        self.room -= len(content)
        if self.room < 0:
            raise OSError(28, "No space left on device")
        return len(content)

    def flush(self) -> None:
        """Nothing is held back."""


def test_a_full_disk_is_told_as_one(model: SealedModel) -> None:
    manifest = read_manifest(model.manifest)
    with model.sealed.open("rb") as source, pytest.raises(UsageError, match="No space left"):
        sealed_files.decrypt_whole(model.sealed, source, FullDisk(3), manifest, model.identities("north"))


class Interrupted:
    """A file whose reader is interrupted."""

    def read(self, _size: int = -1, /) -> bytes:
        raise KeyboardInterrupt


def test_a_disk_that_fills_up_at_the_last_moment_leaves_no_manifest(
    model: SealedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        if os.fstat(handle).st_size > 2**16:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    (model.folder / "large").write_bytes(bytes(2**17))
    before = files(model.folder)
    with pytest.raises(UsageError, match="No space left"):
        seal(model.folder / "large", model.policy, model.folder / "large.age")
    assert files(model.folder) == before


def test_an_interruption_is_one_and_leaves_nothing(model: SealedModel) -> None:
    before = files(model.folder)
    contents = read_manifest(model.manifest).contents
    with pytest.raises(KeyboardInterrupt):
        sealed_files.write_sealed(
            Interrupted(), contents, [NORTH], model.folder / "out.age", model.folder / "model"
        )
    assert files(model.folder) == before


class InterruptedAt:
    """A stream that is interrupted when it is asked for the n-th time, by whatever call."""

    def __init__(self, stream: BytesIO, number: int) -> None:
        self.stream, self.left = stream, number

    def _ask(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt

    def read(self, size: int = -1, /) -> bytes:
        self._ask()
        return self.stream.read(size)

    def write(self, content: bytes, /) -> int:
        self._ask()
        return self.stream.write(content)

    def flush(self) -> None:
        self._ask()


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("side", ["source", "target"])
def test_an_interruption_of_an_opening_is_never_taken_for_a_changed_file(
    tmp_path: Path, side: str, number: int
) -> None:
    model = sealed_model(tmp_path, bytes(2**18))
    manifest = read_manifest(model.manifest)
    source, target = (
        InterruptedAt(BytesIO(content), number if name == side else 0)
        for name, content in (("source", model.sealed.read_bytes()), ("target", b""))
    )
    with pytest.raises(KeyboardInterrupt):
        sealed_files.decrypt_whole(model.sealed, source, target, manifest, model.identities("north"))


@pytest.mark.parametrize("number", range(1, 6))
def test_an_interruption_while_bytes_are_counted_is_one(
    model: SealedModel, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, add = [number], PassedBytes.add

    def interrupt(passed: PassedBytes, content: bytes) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        add(passed, content)

    monkeypatch.setattr(PassedBytes, "add", interrupt)
    before = files(model.folder)
    with pytest.raises(KeyboardInterrupt):
        open_sealed(model.sealed, model.identities("north"), model.folder / "out")
    assert files(model.folder) == before


def test_a_place_that_cannot_be_written_is_told(model: SealedModel) -> None:
    for output in (model.folder / "absent" / "out", model.folder):
        with pytest.raises(UsageError):
            open_sealed(model.sealed, model.identities("north"), output)


def test_a_library_that_panics_is_not_a_bug_of_ours(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a").write_bytes(b"x")
    with (tmp_path / "a").open("rb") as source, (tmp_path / "b").open("wb") as target:  # noqa: SIM117
        with pytest.raises(SealBroken):
            encrypt_stream(source, target, [WEAK])
    assert "panicked" in capfd.readouterr().err


def test_rotation_seals_for_whom_the_next_epoch_names(model: SealedModel) -> None:
    later = without_south(model.folder)
    manifest = rotate(model.sealed, later, model.identities("south"), model.folder / "next.age")
    assert manifest.key_policy.epoch == 3
    assert [each.name for each in manifest.recipients] == ["north-statistics"]
    with pytest.raises(UsageError, match="sealed for north-statistics"):
        open_sealed(model.folder / "next.age", model.identities("south"), model.folder / "opened")
    open_sealed(model.folder / "next.age", model.identities("north"), model.folder / "opened", later)
    assert (model.folder / "opened").read_bytes() == model.content


def test_rotation_of_a_large_artifact_passes_through_a_pipe(tmp_path: Path) -> None:
    model = sealed_model(tmp_path, os.urandom(3 << 20))
    rotate(model.sealed, without_south(tmp_path), model.identities("north"), tmp_path / "next.age")
    open_sealed(tmp_path / "next.age", model.identities("north"), tmp_path / "opened")
    assert (tmp_path / "opened").read_bytes() == model.content


@pytest.mark.parametrize("epoch", [1, 2])
def test_rotation_goes_to_a_later_epoch(model: SealedModel, epoch: int) -> None:
    with pytest.raises(UsageError, match="sealed for epoch 2"):
        rotate(
            model.sealed,
            two_centres(model.folder, epoch=epoch),
            model.identities("north"),
            model.folder / "next.age",
        )


def test_rotation_stays_with_its_policy(model: SealedModel) -> None:
    later = without_south(model.folder)
    other = later.model_copy(update={"metadata": later.metadata.model_copy(update={"name": "other"})})
    with pytest.raises(UsageError, match="not under other"):
        rotate(model.sealed, other, model.identities("north"), model.folder / "next.age")


def test_a_rotation_whose_input_ends_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    model = sealed_model(tmp_path, os.urandom(1 << 20))
    model.sealed.write_bytes(model.sealed.read_bytes()[: 1 << 19])
    before = files(tmp_path)
    with pytest.raises(UncheckableError, match="changed or cut off"):
        rotate(model.sealed, without_south(tmp_path), model.identities("north"), tmp_path / "next.age")
    assert files(tmp_path) == before


def test_a_rotation_by_a_stranger_leaves_nothing(model: SealedModel) -> None:
    stranger = Identity(str(x25519.Identity.generate()))
    before = files(model.folder)
    with pytest.raises(UsageError, match="no identity is one of theirs"):
        rotate(model.sealed, without_south(model.folder), [stranger], model.folder / "next.age")
    assert files(model.folder) == before


def test_another_artifact_under_the_manifest_s_own_line_is_refused(model: SealedModel) -> None:
    line = read_manifest(model.manifest).contents.line()
    forge(
        model, line + b"other weights of model\n", [each.public_key for each in model.policy.spec.recipients]
    )
    with pytest.raises(UncheckableError, match="another artifact"):
        open_sealed(model.sealed, model.identities("north"), model.folder / "opened")
    assert not (model.folder / "opened").exists()


def test_the_head_of_a_file_is_looked_at_before_a_library_reads_it(model: SealedModel) -> None:
    manifest = read_manifest(model.manifest)
    model.manifest.write_text(manifest.model_copy(update={"recipients": manifest.recipients[:1]}).text())
    with pytest.raises(UncheckableError, match="encrypted to 2 keys, and its manifest names 1"):
        open_sealed(model.sealed, model.identities("north"), model.folder / "opened")


def test_what_a_library_leaves_unread_is_counted_all_the_same() -> None:
    reader = TalliedReader(BytesIO(b"abc" * 10**6), Failures())
    reader.read(10)
    reader.drain()
    assert reader.tally.bytes().size == 3 * 10**6
