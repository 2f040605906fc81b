"""The environment: typed, known by name, and every problem at once."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from admission.settings import FIELDS, PREFIX, WebhookSettings, read_settings
from gatecli.errors import ConfigurationError


def test_an_empty_environment_gives_the_defaults() -> None:
    assert read_settings({}) == WebhookSettings()


def test_every_field_is_read_from_its_own_variable() -> None:
    assert set(FIELDS) == {field.name for field in fields(WebhookSettings)}


def test_values_are_typed() -> None:
    settings = read_settings(
        {f"{PREFIX}POLICY": "a.yaml", f"{PREFIX}SCAN_SECONDS": "0.5", f"{PREFIX}BODY_BYTES": "2097152"}
    )
    assert (settings.policy, settings.scan_seconds, settings.body_bytes) == (Path("a.yaml"), 0.5, 2097152)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SCAN_SECONDS", "0"),
        ("SCAN_SECONDS", "nan"),
        ("SCAN_SECONDS", "1e9"),
        ("BODY_BYTES", "7Mi"),
        ("WORKERS", "-1"),
        ("WORKERS", "٣"),
        ("POLICY", ""),
        ("SCAN_SECRETS", "yes"),
        ("RESCAN_SECONDS", "-1"),
        ("NAMESPACE", "No Name"),
        ("SCAN_SECOND", "1"),
        ("scan_seconds", "1"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_with_its_name(name: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{PREFIX}{name} "):
        read_settings({PREFIX + name: text})


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_settings({f"{PREFIX}WORKERS": "x", f"{PREFIX}NONE": "x"})
    assert len(caught.value.message.splitlines()) == 2


@pytest.mark.parametrize(
    "name",
    ["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTPS", "PORT", "PORT_443_TCP", "PORT_443_TCP_ADDR"],
)
def test_what_kubernetes_says_about_a_service_of_our_name_is_no_setting(name: str) -> None:
    assert read_settings({PREFIX + name: "tcp://10.0.0.1:443"}) == WebhookSettings()
