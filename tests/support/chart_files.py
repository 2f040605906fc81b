"""The parts of the chart that follow from something else, written by `make generated`.

What nothing varies (definitions, roles, the kinds that are searched) is the deploy folder's own text; the
values file and the tables of the pages are the schema's, which alone is written by hand.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from admission.deploy.rendering import DEPLOY, NAMESPACE, overlaid
from admission.settings import FIELDS, WebhookSettings

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "admission" / "chart"
SCHEMA = CHART / "values.schema.json"
PAGES = (CHART / "README.md", ROOT / "docs" / "admission-helm.md")
START, END = "<!-- values: generated -->\n", "<!-- /values -->\n"
WRITTEN = "# Written by `make generated` from {source}; do not edit.\n"
OWN_VALUES = frozenset(
    {"namespace", "name", "policy_name", "certificates", "port", "metrics_port", "scan_secrets"}
    | {"address", "kubeconfig"}
)
"""Settings that other values set, or that a Pod must not change."""
_LABELS = "  labels:\n    app.kubernetes.io/name: gatecli-admission\n    app.kubernetes.io/part-of: gatecli\n"
_SHORT_LABELS = "  labels:\n    app.kubernetes.io/part-of: gatecli\n"
_CHART_LABELS = '  labels:\n    {{- include "gatecli.labels" . | nindent 4 }}\n'
_KEPT = "  annotations:\n    helm.sh/resource-policy: keep # or all reports in the cluster would be deleted\n"
_SPAN = re.compile(r"(?:a whole number|seconds) from (\S+) to (\S+)")
_WIDTH = 110


def chart_files() -> dict[Path, str]:
    """The whole text of each file that is generated."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    schema["properties"]["settings"]["properties"] = dict(_settings())
    return {
        CHART / "crds" / "crds.yaml": (DEPLOY / "base" / "crds.yaml").read_text("utf-8"),
        CHART / "files" / "webhook-rules.yaml": _rules(),
        CHART / "templates" / "rbac.yaml": _template("base/rbac.yaml"),
        CHART / "templates" / "scan-secrets.yaml": _template(
            "optional/scan-secrets/rbac.yaml", "scan.secrets"
        ),
        CHART / "templates" / "policy-reports.yaml": _template(
            "optional/policy-reports/crds.yaml", "policyReports.install", kept=True
        ),
        SCHEMA: json.dumps(schema, indent=2, ensure_ascii=False) + "\n",
        CHART / "values.yaml": _values(schema),
        **{page: _with_table(page.read_text("utf-8"), schema) for page in PAGES},
    }


def main() -> None:
    for file, text in chart_files().items():
        file.write_text(text, "utf-8")


def _template(source: str, condition: str = "", *, kept: bool = False) -> str:
    """A file of the deploy folder as a template: the release's labels, and its namespace."""
    text = (DEPLOY / source).read_text("utf-8")
    labels = _CHART_LABELS + (_KEPT if kept else "")
    for each in (_LABELS, _SHORT_LABELS):
        text = text.replace(each, labels)
    text = text.replace(f"namespace: {NAMESPACE}", "namespace: {{ .Release.Namespace | quote }}")
    text = text.replace(NAMESPACE, "{{ .Release.Namespace }}")
    head = WRITTEN.format(source=f"admission/deploy/{source}")
    return f"{{{{- if .Values.{condition} }}}}\n{head}{text}{{{{- end }}}}\n" if condition else head + text


def _rules() -> str:
    """What both webhooks are asked about."""
    first, *others = [hook["rules"] for each in overlaid("self-signed") for hook in each.get("webhooks", ())]
    assert all(rules == first for rules in others)
    head = WRITTEN.format(source="admission/deploy/base/webhooks.yaml")
    return head + yaml.safe_dump(first, sort_keys=False, width=_WIDTH)


def _settings() -> Iterator[tuple[str, dict[str, Any]]]:
    for field, (read, what) in FIELDS.items():
        if field in OWN_VALUES:
            continue
        default = getattr(WebhookSettings(), field)
        shown: dict[str, object] = (
            {"examples": [default]} if isinstance(default, int | float | str) and default != "" else {}
        )
        if field == "drain_seconds":
            shown = {"default": _plain(default)}
        name, *more = field.split("_")
        yield (
            "".join([name, *(word.title() for word in more)]),
            {**_kind(default, read), "description": f"{what[0].upper()}{what[1:]}.", **shown},
        )


def _kind(default: object, read: Any) -> dict[str, Any]:
    """The type of a setting, and its bounds, which are read from the sentence that refuses another value."""
    try:
        read("\0")
        raise AssertionError("a reader that takes anything has no bounds")
    except ValueError as error:
        sentence = str(error)
    if isinstance(default, bool):
        return {"type": "boolean"}
    if span := _SPAN.fullmatch(sentence):
        kind = "integer" if isinstance(default, int) else "number"
        return {"type": kind, "minimum": json.loads(span[1]), "maximum": json.loads(span[2])}
    if sentence.startswith("one of "):
        return {"type": "string", "enum": sentence.removeprefix("one of ").split(", ")}
    return {"type": "string", "minLength": 1}


def _plain(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


# values.yaml


def _values(schema: Mapping[str, Any]) -> str:
    head = WRITTEN.format(source="values.schema.json") + "# `helm show values` prints this file.\n"
    parts = [_value(name, each, "") for name, each in schema["properties"].items() if name != "global"]
    return "\n".join([head, *parts])


def _value(name: str, schema: Mapping[str, Any], indent: str) -> str:
    comment = textwrap.fill(
        schema["description"],
        _WIDTH,
        initial_indent=f"{indent}# ",
        subsequent_indent=f"{indent}# ",
        break_on_hyphens=False,
        break_long_words=False,
    )
    if "default" not in schema and "properties" in schema:
        inner = [_value(key, each, indent + "  ") for key, each in schema["properties"].items()]
        return "\n".join([comment, f"{indent}{name}:", *(each.rstrip("\n") for each in inner), ""])
    if "default" not in schema:
        example = json.dumps(_plain((schema.get("examples") or [""])[0]))
        return f"{comment}\n{indent}# {name}: {example}\n"
    text = yaml.safe_dump({name: schema["default"]}, sort_keys=False, width=_WIDTH, default_flow_style=False)
    return f"{comment}\n{textwrap.indent(text, indent)}"


def default_values() -> dict[str, Any]:
    """What values.yaml says."""
    read: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
    return read


# The table on the pages


def _with_table(text: str, schema: Mapping[str, Any]) -> str:
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    rows = [f"| `{name}` | {_shown(each)} | {each['description']} |" for name, each in leaves(schema)]
    return "\n".join(
        [f"{before}{START}", "| value | default | meaning |", "|---|---|---|", *rows, "", f"{END}{after}"]
    )


def leaves(schema: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each value that can be set, by its dotted name."""
    for name, each in schema["properties"].items():
        if "properties" in each:
            yield from leaves(each, f"{prefix}{name}.")
        elif name != "global":
            yield prefix + name, each


def _shown(schema: Mapping[str, Any]) -> str:
    default = schema.get("default", "")
    if default in ("", [], {}):
        return ""
    return f"`{json.dumps(default)}`" if not isinstance(default, str) else f"`{default}`"


if __name__ == "__main__":
    main()
