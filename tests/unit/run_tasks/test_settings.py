"""What the command line may give the service."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from gatecli.errors import UsageError
from gatecli.run_tasks.settings import RunTaskSettings, host_of, key_of, network_of


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("app.terraform.io", ("app.terraform.io", 443)),
        ("TFE.example.com:8443", ("tfe.example.com", 8443)),
        ("[2001:db8::1]:9", ("2001:db8::1", 9)),
    ],
)
def test_a_host_is_a_name_and_a_port(text: str, host: tuple[str, int]) -> None:
    assert host_of(text) == host


@pytest.mark.parametrize(
    "text", ["", "a/b", "https://a", "a:0", "a:65536", "a:x", "*.a", "a b", "-a", "user@a"]
)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a host"):
        host_of(text)


def test_a_network_has_no_bits_of_a_host() -> None:
    assert network_of("10.0.0.0/8") == ip_network("10.0.0.0/8")
    with pytest.raises(UsageError, match="not a network"):
        network_of("10.0.0.1/8")


def test_the_line_break_of_a_file_is_no_part_of_the_key() -> None:
    assert key_of(b"0123456789abcdef\r\n", "a file") == key_of("0123456789abcdef", "a variable")


def test_a_short_key_is_refused_and_not_shown() -> None:
    with pytest.raises(UsageError) as caught:
        key_of("too-short", "a file")
    assert "too-short" not in str(caught.value)


def test_the_key_is_in_no_picture_of_the_settings() -> None:
    assert "secret" not in repr(RunTaskSettings(b"secret secret secret"))


@pytest.mark.parametrize("deadline", [3, 30, 90, 590])
def test_a_result_can_be_sent_before_the_deadline(deadline: int) -> None:
    work = RunTaskSettings(b"", deadline=deadline).work
    assert 0 < work <= deadline - min(30, deadline / 3)
