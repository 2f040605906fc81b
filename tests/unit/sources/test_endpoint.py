"""Documents of endpoints: where they are found, what is read of them, and what is said of the rest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gatecli.sources.endpoint import ENDPOINTS, SERVE_INVALID, SERVE_UNREADABLE
from gatecli.sources.files import MAX_BYTES
from tests.support.endpoints import ENDPOINT

OTHER = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"


def write(folder: Path, name: str, content: str | bytes = ENDPOINT) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def is_found(file: Path) -> bool:
    return tuple(ENDPOINTS.find([file])) == (file,)


@pytest.mark.parametrize("name", ["a.yaml", "b.YML", "deep/c.json", "serve.yaml"])
def test_an_endpoint_is_found_by_its_text(tmp_path: Path, name: str) -> None:
    assert is_found(write(tmp_path, name))


def test_an_endpoint_in_utf_16_is_found_and_read(tmp_path: Path) -> None:
    path = write(tmp_path, "wide.yaml", ENDPOINT.encode("utf-16"))
    assert is_found(path)
    assert [endpoint.metadata.name for endpoint, _ in ENDPOINTS.read(path).values] == ["churn"]


@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.py"])
def test_a_page_that_shows_one_is_not_one(tmp_path: Path, name: str) -> None:
    assert not is_found(write(tmp_path, name))


@pytest.mark.parametrize("text", [OTHER, "kind: PrivateEndpoint\n", "apiVersion: gatecli.dev/v1\n"])
def test_a_text_with_one_of_the_words_is_not_one(tmp_path: Path, text: str) -> None:
    assert not is_found(write(tmp_path, "a.yaml", text))


@pytest.mark.parametrize("name", ["serve.yaml", "churn.serve.yml", "Serve.JSON", "a.b.serve.json"])
def test_a_file_is_one_by_its_name_whatever_it_holds(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name, "{}")
    assert is_found(path)
    assert [finding.rule for finding in ENDPOINTS.read(path).findings] == [SERVE_INVALID]


@pytest.mark.parametrize("name", ["observe.yaml", "serve.yaml.bak", "server.yaml"])
def test_a_name_that_is_like_it_says_nothing(tmp_path: Path, name: str) -> None:
    assert not is_found(write(tmp_path, name, "{}"))


def test_a_large_file_is_passed_over_only_where_its_name_says_nothing(tmp_path: Path) -> None:
    large = ENDPOINT.encode() + b"#" * MAX_BYTES
    assert not is_found(write(tmp_path, "a.yaml", large))
    named = write(tmp_path, "serve.yaml", large)
    assert is_found(named)
    assert [finding.rule for finding in ENDPOINTS.read(named).findings] == [SERVE_UNREADABLE]


def test_a_link_is_one_by_its_name_unless_its_file_is_there_too(tmp_path: Path) -> None:
    here = write(tmp_path, "a.yaml")
    elsewhere = write(tmp_path, "elsewhere/b.yaml")
    (tmp_path / "serve.yaml").symlink_to(here)
    (tmp_path / "x.serve.yaml").symlink_to(elsewhere)
    (tmp_path / "c.yaml").symlink_to(elsewhere)
    links = [tmp_path / name for name in ("serve.yaml", "x.serve.yaml", "c.yaml")]
    assert list(ENDPOINTS.find([here], links)) == [here, tmp_path / "x.serve.yaml"]


def test_a_link_that_leads_nowhere_is_not_passed_over(tmp_path: Path) -> None:
    link = tmp_path / "serve.yaml"
    link.symlink_to("gone.yaml")
    assert list(ENDPOINTS.find([], [link])) == [link]
    assert [finding.rule for finding in ENDPOINTS.read(link).findings] == [SERVE_UNREADABLE]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "serve.yaml")
    assert [finding.rule for finding in ENDPOINTS.read(tmp_path / "serve.yaml").findings] == [
        SERVE_UNREADABLE
    ]


def test_every_endpoint_of_a_file_is_read_and_other_kinds_are_passed_over(tmp_path: Path) -> None:
    second = ENDPOINT.replace("churn", "fraud")
    path = write(tmp_path, "all.yaml", f"{ENDPOINT}---\n{OTHER}---\n{second}")
    read = ENDPOINTS.read(path)
    assert [(endpoint.metadata.name, document.index) for endpoint, document in read.values] == [
        ("churn", 0),
        ("fraud", 2),
    ]
    assert read.findings == ()


def test_a_mistake_has_its_place_and_spares_the_others(tmp_path: Path) -> None:
    wrong = ENDPOINT.replace("  mode:", "  mood:")
    path = write(tmp_path, "all.yaml", f"{ENDPOINT}---\n{wrong}")
    read = ENDPOINTS.read(path)
    assert len(read.values) == 1
    lines = f"{ENDPOINT}---\n{wrong}".splitlines()
    assert ("unknown key 'mood' in spec", lines.index("  mood: noisy-scores") + 1) in {
        (finding.message, finding.place.line) for finding in read.findings
    }


@pytest.mark.parametrize("version", ["gatecli.dev/v2", "gatecli.dev/v1beta1", "7"])
def test_a_head_of_another_version_is_said_where_nobody_else_says_it(tmp_path: Path, version: str) -> None:
    path = write(tmp_path, "a.yaml", ENDPOINT.replace("gatecli.dev/v1", version))
    assert [finding.rule for finding in ENDPOINTS.read(path, sought=True).findings] == [SERVE_INVALID]
    assert ENDPOINTS.read(path, sought=True, heads=False).findings == ()


def test_a_template_that_is_an_endpoint_is_not_passed_over(tmp_path: Path) -> None:
    template = ENDPOINT + "  {{- with .Values.limits }}\n  limits: {{ . }}\n  {{- end }}\n"
    path = write(tmp_path, "a.yaml", template)
    assert [finding.rule for finding in ENDPOINTS.read(path, sought=True).findings] == [SERVE_UNREADABLE]
    other = "{{ if }}\n# gatecli.dev/v1 PrivateEndpoint\n"
    assert ENDPOINTS.read(write(tmp_path, "b.yaml", other), sought=True).findings == ()


HOLDER = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: churn}
data:
  serve.yaml: |
"""


def config_map(text: str) -> str:
    return HOLDER + "".join(f"    {line}\n" for line in text.splitlines())


def test_an_endpoint_in_a_config_map_is_read_where_it_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, "deploy.yaml", config_map(ENDPOINT))
    assert ENDPOINTS.read(path, sought=True).values == ()
    ((endpoint, document),) = ENDPOINTS.read(path, sought=True, embedded=True).values
    assert endpoint.metadata.name == "churn"
    place = document.place("/spec/mode")
    assert (place.path, place.line, place.pointer) == (path.as_posix(), 5, "/data/serve.yaml/spec/mode")


def test_a_mistake_in_a_config_map_is_found_there(tmp_path: Path) -> None:
    for text in (ENDPOINT.replace("mode:", "mood:"), ENDPOINT + "  limits: {{ . }\n"):
        path = write(tmp_path, "deploy.yaml", config_map(text))
        findings = ENDPOINTS.read(path, sought=True, embedded=True).findings
        assert findings
        assert {finding.rule.uncheckable for finding in findings} == {True}
        assert {finding.place.line for finding in findings} == {5}


def test_what_a_config_map_says_of_endpoints_is_not_one(tmp_path: Path) -> None:
    path = write(tmp_path, "deploy.yaml", config_map("see gatecli.dev/v1: {{ PrivateEndpoint"))
    assert ENDPOINTS.read(path, sought=True, embedded=True).findings == ()
