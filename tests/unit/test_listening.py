"""Where a service listens, and its certificate."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from gatecli.errors import ConfigurationError, UsageError
from gatecli.listening import certificate_files, listen_of, port_fault, tls_context


@pytest.mark.parametrize(
    ("text", "meant"), [("192.0.2.1:80", ("192.0.2.1", 80)), ("[::1]:0", ("::1", 0)), (":8080", ("", 8080))]
)
def test_an_address_to_listen_at_has_a_port(text: str, meant: tuple[str, int]) -> None:
    assert listen_of(text) == meant


@pytest.mark.parametrize("text", ["", "8080", "a:", "a:-1", "a:65536", "a:¹"])
def test_what_is_no_address_to_listen_at_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="ADDRESS:PORT"):
        listen_of(text)


def test_a_certificate_without_its_key_is_refused() -> None:
    with pytest.raises(UsageError, match="belong together"):
        certificate_files(Path("tls.crt"), None)


def test_a_file_that_is_no_certificate_is_refused_with_its_name(tmp_path: Path) -> None:
    file = tmp_path / "tls.crt"
    file.write_text("no certificate")
    with pytest.raises(ConfigurationError, match=r"tls\.crt .* are not a certificate and its key in PEM$"):
        tls_context(file, file)


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = tmp_path / "tls.crt"
    file.write_text("no certificate")
    with pytest.raises(ConfigurationError, match=r"tls\.key cannot be read: no such file or directory$"):
        tls_context(file, tmp_path / "tls.key")


def test_a_port_that_cannot_be_opened_is_told_once_and_in_words() -> None:
    asyncio_says = OSError(errno.EADDRINUSE, "error while attempting to bind on address ('::1', 80): in use")
    assert port_fault("[::1]:80", asyncio_says) == "[::1]:80 cannot be opened: address already in use"
    unknown = OSError(-2, "Name or service not known")
    assert port_fault("a:80", unknown) == "a:80 cannot be opened: name or service not known"


def test_without_a_certificate_there_is_no_tls() -> None:
    assert tls_context(*certificate_files(None, None)) is None
