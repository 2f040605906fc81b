"""Every rule of every gate; the rules of a family are imported when one of them is asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from gatecli.gates import ALL
from gatecli.model.finding import Rule, Severity, is_of_families


def all_rules() -> tuple[Rule, ...]:
    """Every rule, by id. Imports the checks of every gate."""
    rules = {rule.id: rule for gate in ALL for rule in gate.rules}
    return tuple(rules[name] for name in sorted(rules))


def find_rule(name: str) -> Rule | None:
    """The rule of that id; only gates that look for its family are imported."""
    rules = (rule for gate in ALL if is_of_families(name, gate.families) for rule in gate.rules)
    return next((rule for rule in rules if rule.id == name), None)


@dataclass(frozen=True, slots=True)
class RuleIds(Collection[str]):
    """Ids of rules as a set that is read when it must be; `also` are ids that a policy adds."""

    also: frozenset[str] = frozenset()
    uncheckable_only: bool = False
    falsehood_only: bool = False

    def __contains__(self, name: object) -> bool:
        if name in self.also:
            return True
        rule = find_rule(name) if isinstance(name, str) else None
        return rule is not None and self._is_of(rule)

    def __iter__(self) -> Iterator[str]:
        known = {rule.id for rule in all_rules() if self._is_of(rule)}
        return iter(sorted(known | self.also))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _is_of(self, rule: Rule) -> bool:
        asked = (not self.uncheckable_only or rule.uncheckable, not self.falsehood_only or rule.falsehood)
        return all(asked)


def severity_of(name: str) -> Severity | None:
    """The severity of the rule of that id; None where there is none."""
    rule = find_rule(name)
    return None if rule is None else rule.severity


RULE_IDS = RuleIds()
UNCHECKABLE_IDS = RuleIds(uncheckable_only=True)
FALSEHOOD_IDS = RuleIds(falsehood_only=True)
