"""Privacy gates for machine-learning delivery: no release ships a promise it does not keep.

The names in `__all__` are the library's public names (docs/library.md); everything else is private. Each is
imported when it is first used, so that `import gatecli` costs nothing.
"""

from gatecli import package

TYPE_CHECKING = False  # type checkers take it for true; typing is not imported for it

if TYPE_CHECKING:
    from gatecli import evidence, presidio
    from gatecli.errors import GatecliError
    from gatecli.library.calls import Verdict, read_policy
    from gatecli.library.plan import check_plan
    from gatecli.library.publication import check_publication
    from gatecli.library.release import check_release
    from gatecli.library.repository import check_repository
    from gatecli.library.table import check_table
    from gatecli.library.texts import scan
    from gatecli.model.finding import Finding, Severity
    from gatecli.model.policy import PrivacyPolicy as Policy

__version__ = package.VERSION

__all__ = [
    "Finding",
    "GatecliError",
    "Policy",
    "Severity",
    "Verdict",
    "check_plan",
    "check_publication",
    "check_release",
    "check_repository",
    "check_table",
    "evidence",
    "presidio",
    "read_policy",
    "scan",
]

_HOMES = {
    "Finding": "model.finding:Finding",
    "GatecliError": "errors:GatecliError",
    "Policy": "model.policy:PrivacyPolicy",
    "Severity": "model.finding:Severity",
    "Verdict": "library.calls:Verdict",
    "check_plan": "library.plan:check_plan",
    "check_publication": "library.publication:check_publication",
    "check_release": "library.release:check_release",
    "check_repository": "library.repository:check_repository",
    "check_table": "library.table:check_table",
    "evidence": "evidence",
    "presidio": "presidio",
    "read_policy": "library.calls:read_policy",
    "scan": "library.texts:scan",
}
"""Where each public name is."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module 'gatecli' has no attribute {name!r}")
        found = globals()[name] = package.member(_HOMES[name])
        return found


def __dir__() -> list[str]:
    return [*globals(), *__all__]
