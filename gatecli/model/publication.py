"""What is published beside a table of rows, and what it must keep: a second release of the same table.

A declaration and the command line ask with the same values. Paths are relative to the declaration.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar, Self, TypeAlias

from pydantic import Field

from gatecli.model.anonymity import Thresholds
from gatecli.model.base import Many, Text, Value

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

    def located(self, locate: Callable[[str], str]) -> Self:
        """The same with its paths as `locate` gives them."""
        return self.model_copy(update={"path": locate(self.path)})


class SecondRelease(PublishedData):
    """A table that is released again, generalised in another way (Ganta, Kasiviswanathan and Smith 2008)."""

    kind: ClassVar[str] = "release-pair"

    earlier: Text = Field(description="the release that is already out, beside the declaration")
    quasi_identifiers: Annotated[Many[Text], Field(min_length=1)]
    sensitive: Many[Text] = ()
    hierarchies: Files = Field(default_factory=dict)
    k: AtLeast1 | None = None
    l: AtLeast1 | None = None  # noqa: E741 - the field's standard name

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path, self.earlier)

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(k=self.k, l=self.l)

    def located(self, locate: Callable[[str], str]) -> Self:
        return self.model_copy(
            update={
                "path": locate(self.path),
                "earlier": locate(self.earlier),
                "hierarchies": {column: locate(file) for column, file in self.hierarchies.items()},
            }
        )


Publication: TypeAlias = SecondRelease
