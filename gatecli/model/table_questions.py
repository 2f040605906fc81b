"""`kind: TableQuestions`: a table behind a budget, and what is asked of it, without Python."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.alias_generators import to_camel

from gatecli.model.base import LENIENT, Many, Metadata, Resource, Text, Value
from gatecli.model.dataset import AtLeastOne
from gatecli.model.number import BelowOne, Exact, Positive

Ends = Annotated[tuple[Exact, Exact], LENIENT]
PublicKey = int | str | bool
AskedStatistic = Text | Annotated[tuple[Text, Text], LENIENT] | Annotated[tuple[Text, Text, Exact], LENIENT]

VERBS = ("ask", "describe", "histogram", "standardise", "find_keys")


class QuestionBudget(Value):
    """ε and δ of one unit more or less."""

    epsilon: Positive
    delta: BelowOne = Field(default=0, validate_default=True)


class PlannedBudget(QuestionBudget):
    """One budget for all questions, and how it is split."""

    method: Literal["weights", "sensitivity", "variance"] = "weights"


class HistogramBins(Value):
    """Equal parts of a column's bounds."""

    column: Text
    bins: AtLeastOne = 10


class TableQuestion(Value):
    """One question: new columns, then a filter, then groups; then exactly one of the verbs."""

    name: Text
    derive: dict[str, Text] = Field(default_factory=dict)
    bounds: dict[str, Ends] = Field(default_factory=dict)
    keys: dict[str, Many[PublicKey]] = Field(default_factory=dict)
    filter: Text | None = None
    group_by: Many[Text] = ()
    ask: dict[str, AskedStatistic] = Field(default_factory=dict)
    describe: Many[Text] = ()
    histogram: HistogramBins | None = None
    standardise: Many[Text] = ()
    find_keys: Text | None = None
    epsilon: Positive | None = None
    delta: BelowOne = Field(default=0, validate_default=True)
    noise: Literal["auto", "laplace", "gaussian"] = "auto"
    weight: Positive = Field(default=1, validate_default=True)

    @model_validator(mode="after")
    def _one_verb(self) -> TableQuestion:
        if sum(bool(getattr(self, verb)) for verb in VERBS) != 1:
            raise ValueError(f"give exactly one of {', '.join(map(to_camel, VERBS))}")
        if self.find_keys and "noise" in self.model_fields_set:
            raise ValueError("a question that finds keys has Laplace noise, so noise says nothing there")
        return self


class TableQuestionsSpec(Value):
    """The table and who pays, as `gatecli.data.open_table` takes them; paths are relative to the file."""

    table: Text
    dataset: Text | None = None
    budget: QuestionBudget | None = None
    ledger: Text | None = None
    ledger_key: Text | None = None
    policy: Text | None = None
    sensitivity: Text | None = None
    unit: Text | None = None
    rows_per_unit: AtLeastOne = 1
    bounds: dict[str, Ends] = Field(default_factory=dict)
    keys: dict[str, Many[PublicKey]] = Field(default_factory=dict)
    engine: Text = "opendp"
    plan: PlannedBudget | None = None
    questions: Annotated[Many[TableQuestion], Field(min_length=1)]

    @model_validator(mode="after")
    def _paid_once(self) -> TableQuestionsSpec:
        names = [each.name for each in self.questions]
        if len(set(names)) < len(names):
            raise ValueError("two questions have the same name")
        paid = [each.name for each in self.questions if each.epsilon is not None]
        alone = [each.name for each in self.questions if each.standardise or each.find_keys]
        if self.plan is not None and (paid or alone):
            raise ValueError(
                "a question of a plan has no epsilon of its own, and neither standardises nor finds keys"
            )
        ignored = ("weight",) if self.plan is None else ("delta", "noise")
        given = {each for question in self.questions for each in question.model_fields_set}
        for name in ignored:
            if name in given:
                where = "without a plan" if self.plan is None else "of a plan"
                raise ValueError(f"{name} says nothing in a question {where}")
        if self.plan is None and len(paid) < len(names):
            raise ValueError("a question without a plan needs an epsilon")
        return self


class TableQuestions(Resource):
    """Questions to a table as they stand in a file."""

    kind: Literal["TableQuestions"]
    metadata: Metadata
    spec: TableQuestionsSpec
