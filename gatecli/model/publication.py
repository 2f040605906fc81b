"""What is published beside a table of rows, and what it must keep: a second release of the same table.

A declaration and the command line ask with the same values. Paths are relative to the declaration.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field

from gatecli.model.anonymity import Thresholds
from gatecli.model.base import Many, Text, Value
from gatecli.model.number import Positive

AtLeast1 = Annotated[int, Field(ge=1)]
Files = Annotated[
    dict[str, Text],
    Field(description="a file of generalisations by column: value;level;…;*"),
]


class PublishedData(Value):
    """Data in files; what is asked of it is each kind's own."""

    kind: ClassVar[str]
    """What a report calls it."""
    needs_threshold: ClassVar[bool] = True
    """Whether without a threshold nothing is demanded of it."""

    path: Text

    @property
    def paths(self) -> tuple[str, ...]:
        """Every table that it is about, the published one first."""
        return (self.path,)

    @property
    def thresholds(self) -> Thresholds:
        """What is demanded of it."""
        return Thresholds()

    def locate_paths(self, locate: Callable[[str], str]) -> Self:
        """The same with its paths as `locate` gives them."""
        return self.model_copy(update={"path": locate(self.path)})


def _as_list(value: object) -> object:
    """One release may stand without a list."""
    return [value] if isinstance(value, str) else value


class SecondRelease(PublishedData):
    """A table that is released again, generalised in another way (Ganta, Kasiviswanathan and Smith 2008)."""

    kind: ClassVar[str] = "release pair"

    earlier: Annotated[Many[Text], Field(min_length=1), BeforeValidator(_as_list)] = Field(
        description="releases that are already out, beside the declaration"
    )
    quasi_identifiers: Annotated[Many[Text], Field(min_length=1)]
    sensitive: Many[Text] = ()
    hierarchies: Files = Field(default_factory=dict)
    k: AtLeast1 | None = None
    l: AtLeast1 | None = None  # noqa: E741 - the field's standard name

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path, *self.earlier)

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(k=self.k, l=self.l)

    def locate_paths(self, locate: Callable[[str], str]) -> Self:
        return self.model_copy(
            update={
                "path": locate(self.path),
                "earlier": tuple(map(locate, self.earlier)),
                "hierarchies": {column: locate(file) for column, file in self.hierarchies.items()},
            }
        )


class CountTables(PublishedData):
    """Tables of counts over one population, a row for each cell; their margins are the rows of totals."""

    kind: ClassVar[str] = "count table"

    linked: Many[Text] = Field(
        default=(), description="tables of the same population that are published too, beside the declaration"
    )
    count: Text = Field(default="count", description="the column of the counts")
    dimensions: Many[Text] = Field(default=(), description="the columns that make a cell; empty: all others")
    totals: Many[Text] = Field(default=(), description="labels of totals, beside Total, all, sum and *")
    suppressed: Many[Text] = Field(default=(), description="marks of suppressed counts, beside x, c, s, *")
    absent: Literal["zero", "suppressed"] = Field(
        default="zero", description="what a cell that the file does not have is"
    )
    rounded: Annotated[int, Field(ge=2)] | None = Field(
        default=None, description="the base that all counts were rounded to, to the nearest"
    )
    sensitive: Many[Text] = Field(
        default=(), description="dimensions that nobody may learn of a person: no group has them all alike"
    )
    hierarchies: Files = Field(default_factory=dict)
    min_count: AtLeast1 | None = Field(
        default=None, description="the smallest count above 0 that may be known"
    )
    protection: AtLeast1 | None = Field(
        default=None,
        description="the least width of the interval that a suppressed count can be computed to; "
        "default: one less than the smallest count",
    )
    l: AtLeast1 | None = None  # noqa: E741 - the field's standard name

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path, *self.linked)

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(k=self.min_count, l=self.l)

    def locate_paths(self, locate: Callable[[str], str]) -> Self:
        return self.model_copy(
            update={
                "path": locate(self.path),
                "linked": tuple(map(locate, self.linked)),
                "hierarchies": {column: locate(file) for column, file in self.hierarchies.items()},
            }
        )


class SafeHarborTable(PublishedData):
    """A table without the identifiers that 45 CFR 164.514(b)(2)(i) lists."""

    kind: ClassVar[str] = "Safe Harbor table"
    needs_threshold: ClassVar[bool] = False


class Dominance(Value):
    """A cell is sensitive where its `n` largest contributors have more than `k` percent of it."""

    n: AtLeast1
    k: Positive


class MagnitudeTable(PublishedData):
    """Sums of contributors' values by category, from the contributors' own rows or given by cell."""

    kind: ClassVar[str] = "magnitude table"
    needs_threshold: ClassVar[bool] = False

    value: Text = Field(description="the column that is added up; with `largest`, the total of a cell")
    dimensions: Many[Text] = Field(default=(), description="the columns that make a cell")
    contributor: Text | None = Field(default=None, description="the column that says whose a row is")
    largest: Many[Text] = Field(
        default=(), description="columns of the largest contributions, where each row is a cell"
    )
    p: Positive | None = Field(default=None, description="the p of the p % rule, in percent")
    q: Positive | None = Field(default=None, description="the q of the pq rule, in percent; none: 100")
    dominance: Dominance | None = None
    min_contributors: AtLeast1 | None = None

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(k=self.min_contributors)


Publication: TypeAlias = SecondRelease | CountTables | SafeHarborTable | MagnitudeTable


class Publications(Value):
    """What is published of a dataset besides tables of rows: the keys of declarations and of policies."""

    second_release: SecondRelease | None = Field(
        default=None, description="a table that is released again, beside earlier releases of it"
    )
    counts: CountTables | None = Field(default=None, description="tables of counts that are published of it")
    magnitudes: MagnitudeTable | None = Field(
        default=None, description="a table of magnitudes that is published of it"
    )
    safe_harbor: SafeHarborTable | None = Field(
        default=None, description="a table that HIPAA's Safe Harbor is claimed for"
    )

    @property
    def publications(self) -> dict[str, Publication]:
        """What is published, by its key."""
        every: dict[str, Publication | None] = {
            "secondRelease": self.second_release,
            "counts": self.counts,
            "magnitudes": self.magnitudes,
            "safeHarbor": self.safe_harbor,
        }
        return {key: asked for key, asked in every.items() if asked is not None}
