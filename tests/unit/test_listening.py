"""Where a service listens, and its certificate."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatecli.errors import ConfigurationError, UsageError
from gatecli.listening import certificate_files, listen_of, tls_context


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
    with pytest.raises(ConfigurationError, match=r"tls\.crt"):
        tls_context(file, file)


def test_without_a_certificate_there_is_no_tls() -> None:
    assert tls_context(*certificate_files(None, None)) is None
