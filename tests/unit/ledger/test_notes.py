"""Signed notes, by the vectors of Go's reference implementation and the specification's examples."""

from __future__ import annotations

import base64

import pytest

from gatecli.errors import UsageError
from gatecli.ledger.ed25519 import key_from_seed
from gatecli.ledger.notes import (
    Checkpoint,
    InvalidNote,
    NoteKey,
    is_key_name,
    read_checkpoint,
    read_head,
    read_note,
    read_note_key,
    sign_note,
    verified_text,
)

# golang.org/x/mod/sumdb/note: its key, its text, and the note over it.
KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBw"
    "JnAM=\n"
)
NOTE = f"{TEXT}\n{LINE}"

# https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint
POEM = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99i"
    "hAQwaqP3ZekRwNtIc=\n"
)
SOFA = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nT"
    "o+zyWE+xeMcTOAYQ8=\n"
)
ROOT = base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")


def test_the_reference_note_is_written_letter_by_letter() -> None:
    assert sign_note(TEXT, "PeterNeumann", key_from_seed(SEED)) == NOTE


def test_the_reference_note_is_verified() -> None:
    assert verified_text(read_note(NOTE), read_note_key(KEY)) == TEXT


def test_a_key_is_written_as_it_is_read() -> None:
    key = read_note_key(KEY)
    assert key == NoteKey("PeterNeumann", key_from_seed(SEED).public)
    assert key.as_text() == KEY
    assert key.id.hex() == "c74f20a3"


@pytest.mark.parametrize(
    "text",
    [
        "",
        KEY[:-1],
        KEY[1:],
        KEY.replace("c74f20a3", "c74f20a4"),
        KEY.replace("c74f20a3", "C74F20A3"),
        KEY + "\n",
        # a key that is too long, and one of an unknown algorithm, each with its own id
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_what_is_not_a_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidNote):
        read_note_key(text)


def test_the_text_of_a_note_may_hold_empty_lines() -> None:
    note = read_note(POEM)
    assert note.text.endswith("\n\ned è subito sera.\n")
    (signature,) = note.signatures
    assert (signature.name, signature.key_id.hex()) == ("quasimodo.example/salvatore", "367ba04b")
    assert len(signature.signature) == 64


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT,
        f"{TEXT}\n",
        NOTE[:-1],
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("— ", "- "),
        NOTE.replace("\n— ", "\n—"),
        NOTE.replace("x08go", "x08g*"),
        NOTE.replace("JnAM=", "JnAN="),  # other bits in the last letter that mean nothing
        NOTE.replace("\n\n", "\r\n\r\n"),
        NOTE.replace("think", "th\x07nk"),
        f"{NOTE}\n",
        f"{TEXT}\n— PeterNeumann x08gow==\n",  # an id without a signature
        f"{TEXT}\n" + LINE * 101,
    ],
)
def test_what_is_not_a_note_is_refused(text: str) -> None:
    with pytest.raises(InvalidNote):
        read_note(text)


def test_a_note_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidNote, match="more than 1000000 characters"):
        read_note("a" * 1_000_000 + NOTE)


def test_another_text_under_the_signature_is_refused() -> None:
    with pytest.raises(InvalidNote, match="not over this text"):
        verified_text(read_note(NOTE.replace("answer", "Answer")), read_note_key(KEY))


def test_a_note_that_another_key_signed_is_refused() -> None:
    other = NoteKey("PeterNeumann", key_from_seed(b"\x07" * 32).public)
    with pytest.raises(InvalidNote, match=r"nothing in the note is signed by PeterNeumann\+"):
        verified_text(read_note(NOTE), other)


def test_signatures_of_unknown_keys_beside_the_own_one_are_ignored() -> None:
    other = sign_note(TEXT, "witness.example", key_from_seed(b"\x07" * 32)).rpartition("\n\n")[2]
    assert verified_text(read_note(f"{TEXT}\n{other}{LINE}"), read_note_key(KEY)) == TEXT


def test_a_bad_signature_beside_a_good_one_of_a_key_is_refused() -> None:
    bad = sign_note("other\n", "PeterNeumann", key_from_seed(SEED)).rpartition("\n\n")[2]
    with pytest.raises(InvalidNote, match="not over this text"):
        verified_text(read_note(f"{TEXT}\n{LINE}{bad}"), read_note_key(KEY))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\ud800", "a\x07"])
def test_a_name_that_no_key_can_have_does_not_sign(name: str) -> None:
    assert not is_key_name(name)
    with pytest.raises(UsageError, match="cannot sign"):
        sign_note(TEXT, name, key_from_seed(SEED))


@pytest.mark.parametrize("text", ["no newline", "a\tb\n", ""])
def test_a_text_that_no_note_can_have_is_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match="newline"):
        sign_note(text, "PeterNeumann", key_from_seed(SEED))


def test_the_reference_checkpoint_is_read_and_written() -> None:
    text = read_note(SOFA).text
    head = read_checkpoint(text)
    assert head == Checkpoint("example.com/behind-the-sofa", 20852163, ROOT)
    assert head.as_text() == text


def test_a_checkpoint_may_have_lines_of_others() -> None:
    assert read_checkpoint(read_note(SOFA).text + "of another log\n").size == 20852163


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n1\n",
        "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n١\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        f"origin\n{'9' * 400}\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "origin\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2\n",
        "origin\n1\nAAAA\n",
        "origin\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nmore\n",
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(InvalidNote, match="not a checkpoint"):
        read_checkpoint(text)


def test_a_checkpoint_without_a_key_is_its_text_alone() -> None:
    text = read_note(SOFA).text
    assert read_head(text, None) == read_head(SOFA, None) == read_checkpoint(text)


def test_a_text_alone_is_refused_where_a_key_must_have_signed() -> None:
    with pytest.raises(InvalidNote, match="not a signed note"):
        read_head(read_note(SOFA).text, read_note_key(KEY))
