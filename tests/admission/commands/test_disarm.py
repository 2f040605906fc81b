"""`gatecli-admission disarm` in process, before a small API server."""

from __future__ import annotations

from typing import Any

import pytest

from admission.cli import main
from admission.tls.certificate_manager import CONFIGURATIONS
from tests.admission.commands.test_doctor import serving
from tests.support.installation import NAME

VALIDATING, MUTATING = (kind.path(name=NAME) for kind in CONFIGURATIONS)
OTHERS = CONFIGURATIONS[0].path(name="another-webhook")


def configurations(*paths: str) -> dict[str, Any]:
    return {path: {"metadata": {"name": path.rpartition("/")[2]}} for path in paths}


def test_both_configurations_are_deleted_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(configurations(VALIDATING, MUTATING, OTHERS)) as address:
        assert main(["disarm", "--server", address]) == 0
        assert capsys.readouterr().out.splitlines() == [
            f"validatingwebhookconfigurations/{NAME} is deleted",
            f"mutatingwebhookconfigurations/{NAME} is deleted",
        ]
        assert main(["disarm", "--server", address]) == 0
        assert capsys.readouterr().out.splitlines() == [
            f"validatingwebhookconfigurations/{NAME} is not there",
            f"mutatingwebhookconfigurations/{NAME} is not there",
        ]


def test_one_that_is_gone_does_not_keep_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(configurations(MUTATING)) as address:
        assert main(["disarm", "--server", address]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"validatingwebhookconfigurations/{NAME} is not there",
        f"mutatingwebhookconfigurations/{NAME} is deleted",
    ]


@pytest.mark.parametrize("status", [401, 403, 500])
def test_one_that_cannot_be_deleted_is_exit_code_4(status: int, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(configurations(VALIDATING, MUTATING), broken=status) as address:
        assert main(["disarm", "--server", address]) == 4
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"DELETE {VALIDATING}: {status}" in shown.err


def test_one_that_fails_does_not_keep_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(configurations(VALIDATING, MUTATING), failing={VALIDATING: [500]}) as address:
        assert main(["disarm", "--server", address]) == 4
    assert capsys.readouterr().out == f"mutatingwebhookconfigurations/{NAME} is deleted\n"


def test_a_cluster_that_is_not_there_is_exit_code_4(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["disarm", "--server", "http://127.0.0.1:9"]) == 4
    assert "no answer from the API server" in capsys.readouterr().err
