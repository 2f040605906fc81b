"""What `doctor` asks of the webhook configurations and the certificates behind them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from admission.doctor.cluster_snapshot import DEPLOYMENT, Object
from admission.doctor.diagnosis import APPLY, SOON, DiagnosisLine, Probe, Scene, fail, ok, some, warn
from admission.tls.certificates import covers, leads_to, validity
from gatecli.errors import ConfigurationError

KINDS: Mapping[str, str] = MappingProxyType(
    {"validating": "ValidatingWebhookConfiguration", "mutating": "MutatingWebhookConfiguration"}
)
SYSTEM = frozenset({"kube-system", "kube-public", "kube-node-lease"})


def configuration(key: str, scene: Scene) -> Iterator[DiagnosisLine]:
    kind, found = KINDS[key], scene.object_at(key)
    if found is None:
        yield fail(f"there is no {kind} {scene.subject.name}, so the webhook is never called", APPLY)
    elif not found.get("webhooks"):
        yield fail(f"the {kind} {scene.subject.name} is empty, so the webhook is never called", APPLY)
    else:
        for webhook in found["webhooks"]:
            yield from _webhook(webhook, scene)


def _webhook(webhook: Object, scene: Scene) -> Iterator[DiagnosisLine]:
    lines = [line for ask in _QUESTIONS if (line := ask(webhook, scene))]
    yield from lines
    if not lines:
        seconds = webhook.get("timeoutSeconds", 10)
        yield ok(f"{webhook['name']} is armed, and refuses what gets no answer within {seconds} s")


def _unarmed_line(webhook: Object, scene: Scene) -> DiagnosisLine | None:
    refused = "refused" if _fails_closed(webhook) else "admitted without a search"
    look = f"see the log of the leader in {scene.subject.namespace}, and `gatecli-admission doctor` again"
    try:
        validity(bundle_of(webhook))
    except ConfigurationError:
        return fail(f"{webhook['name']} has no caBundle that can be read, so every object is {refused}", look)
    return None


def _elsewhere(webhook: Object, scene: Scene) -> DiagnosisLine | None:
    asked = webhook["clientConfig"].get("service") or {}
    where = asked.get("namespace"), asked.get("name")
    if where == (scene.subject.namespace, scene.subject.name):
        return None
    shown = "/".join(str(part) for part in where) if asked else webhook["clientConfig"].get("url", "nowhere")
    return fail(f"{webhook['name']} calls {shown}, not this installation", APPLY)


def _open(webhook: Object, _: Scene) -> DiagnosisLine | None:
    if _fails_closed(webhook):
        return None
    return warn(
        f"{webhook['name']} sets failurePolicy: Ignore, so every object is admitted while no replica answers",
        "gatecli-admission manifests --failure-policy Fail | kubectl apply -f -",
    )


def _timeout_line(webhook: Object, scene: Scene) -> DiagnosisLine | None:
    """The API server stops waiting before the webhook says that time ran out."""
    settings, seconds = scene.subject.settings, webhook.get("timeoutSeconds", 10)
    if settings is None or settings.request_seconds < seconds:
        return None
    return warn(
        f"{webhook['name']} waits {seconds} s, and an answer may take {settings.request_seconds:g} s",
        "raise timeoutSeconds, or lower GATECLI_ADMISSION_REQUEST_SECONDS",
    )


def _selective(webhook: Object, _: Scene) -> DiagnosisLine | None:
    """The webhook must not depend on an object's labels, because its author chooses them."""
    if not any((webhook.get("objectSelector") or {}).values()) and not webhook.get("matchConditions"):
        return None
    return warn(
        f"{webhook['name']} skips objects by their own labels or content",
        "remove its objectSelector and matchConditions; exempt by the policy",
    )


def _overlooking(webhook: Object, scene: Scene) -> DiagnosisLine | None:
    rules: Sequence[Object] = webhook.get("rules") or ()
    missed = [name for group, name in scene.expected if not _are_covered(rules, group, name)]
    return warn(f"{webhook['name']} is not called for {some(missed)}", APPLY) if missed else None


def _are_covered(rules: Sequence[Object], group: str, name: str) -> bool:
    return all(any(_covers(each, group, name, verb) for each in rules) for verb in ("CREATE", "UPDATE"))


_QUESTIONS: Sequence[Callable[[Object, Scene], DiagnosisLine | None]] = (
    _unarmed_line,
    _elsewhere,
    _open,
    _timeout_line,
    _selective,
    _overlooking,
)


def _fails_closed(webhook: Object) -> bool:
    return bool(webhook.get("failurePolicy", "Fail") == "Fail")


def _covers(rule: Object, group: str, name: str, operation: str) -> bool:
    plain, _, below = name.partition("/")
    names = {name, "*/*", f"{plain}/*", f"*/{below}"} if below else {name, "*", "*/*"}
    return (
        bool({group, "*"} & set(rule["apiGroups"]))
        and bool(names & set(rule["resources"]))
        and bool({operation, "*"} & set(rule["operations"]))
    )


def bundle_of(webhook: Object) -> bytes:
    """PEM; b"" where there is none or none that can be read."""
    try:
        return base64.b64decode(webhook["clientConfig"].get("caBundle") or "", validate=True)
    except (binascii.Error, ValueError):
        return b""


# Which namespaces are asked about


def namespaces(scene: Scene) -> Iterator[DiagnosisLine]:
    webhooks = _webhooks(scene)
    own = scene.subject.namespace
    if not webhooks:
        yield fail("no webhook is called for any namespace", APPLY)
        return
    labels = {
        each["metadata"]["name"]: each["metadata"].get("labels") or {} for each in scene.items("namespaces")
    }
    yield from _locked_out(webhooks, labels, own)
    passed = sorted(
        name
        for name in labels.keys() - SYSTEM - {own}
        if not all(_selects(hook, labels[name]) for _, hook in webhooks)
    )
    if passed:
        yield warn(
            f"not searched, by label or by name: {some(passed)}",
            "take the label gatecli.dev/unchecked away, or the name from the selector, if that is not wanted",
        )
    else:
        yield ok(
            f"namespaces that are searched: {len(labels.keys() - SYSTEM - {own})}, all except the system's"
        )


def _locked_out(
    webhooks: Sequence[tuple[str, Object]], labels: Mapping[str, Mapping[str, str]], own: str
) -> Iterator[DiagnosisLine]:
    for name in sorted({"kube-system", own} & labels.keys()):
        asked = [key for key, hook in webhooks if _fails_closed(hook) and _selects(hook, labels[name])]
        if asked:
            yield fail(
                f"{name} cannot start anything while no replica answers: {' and '.join(asked)} need one",
                f"kubectl label namespace {name} gatecli.dev/unchecked=true",
            )


def _selects(webhook: Object, labels: Mapping[str, str]) -> bool:
    """As the API server reads a label selector."""
    selector = webhook.get("namespaceSelector") or {}
    exact = (selector.get("matchLabels") or {}).items() <= labels.items()
    return exact and all(_holds(each, labels) for each in selector.get("matchExpressions") or ())


def _holds(expression: Object, labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or ()
    table = {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }
    return table[expression["operator"]]


# The certificate that is shown


def certificate(scene: Scene) -> Iterator[DiagnosisLine]:
    secret, name = scene.object_at("certificate"), scene.subject.secret
    again = f"kubectl -n {scene.subject.namespace} delete secret {name}, and a new one is made"
    if secret is None:
        yield fail(f"there is no Secret {name} with a certificate", "see the log of the leader")
        return
    try:
        chain = base64.b64decode((secret.get("data") or {}).get("tls.crt") or "", validate=True)
        yield from _validity_lines(chain, scene, again)
        yield from _fitting(chain, scene, again)
    except (ConfigurationError, binascii.Error, ValueError):
        yield fail(f"the Secret {name} holds no certificate that can be read", again)


def _validity_lines(chain: bytes, scene: Scene, again: str) -> Iterator[DiagnosisLine]:
    holds = validity(chain)
    left = holds.ends - scene.at
    if scene.at < holds.begins:
        yield fail(f"the certificate is not valid before {holds.begins:%Y-%m-%d %H:%M}", "compare the clocks")
    elif scene.at >= holds.ends:
        yield fail(f"the certificate expired on {holds.ends:%Y-%m-%d}", again)
    elif left < SOON:
        yield warn(f"the certificate expires in {left.days} days, and should have been renewed", again)
    else:
        yield ok(f"the certificate is valid for another {left.days} days")


def _fitting(chain: bytes, scene: Scene, again: str) -> Iterator[DiagnosisLine]:
    service = f"{scene.subject.name}.{scene.subject.namespace}.svc"
    if not covers(chain, [service]):
        yield fail(f"the certificate was not issued for {service}", again)
    strangers = [key for key, hook in _webhooks(scene) if not _trusts(hook, chain, scene)]
    if strangers:
        yield fail(
            f"the caBundle of {' and '.join(strangers)} does not verify the certificate that is served", again
        )
    elif _webhooks(scene):
        yield ok("every caBundle verifies the certificate that is served")


def _trusts(webhook: Object, chain: bytes, scene: Scene) -> bool:
    bundle = bundle_of(webhook)
    try:
        return leads_to(chain, bundle, scene.at)
    except ConfigurationError:
        return False


def _webhooks(scene: Scene) -> list[tuple[str, Object]]:
    """Every webhook, and which of the two configurations it stands in."""
    return [(key, hook) for key in KINDS for hook in (scene.object_at(key) or {}).get("webhooks") or ()]


PROBES = (
    Probe("validating", ("validating", DEPLOYMENT), partial(configuration, "validating")),
    Probe("mutating", ("mutating", DEPLOYMENT), partial(configuration, "mutating")),
    Probe("namespaces", ("namespaces", "validating", "mutating"), namespaces),
    Probe("certificate", ("certificate", "validating", "mutating", DEPLOYMENT), certificate),
)
