"""Rows of one person that are known together: whom somebody who knows several of them can still mean.

Knowing all rows of a person, others see the persons with the same multiset of classes. Knowing any n of
them, they see every person who has these n and maybe more: kᵐ-anonymity of set-valued data (Terrovitis,
Mamoulis and Kalnis, "Privacy-preserving Anonymization of Set-valued Data", PVLDB 1(1), 2008), of multisets.
Either way the persons who cannot be told apart are a class like any other, and what is measured of it is the
same.
"""

from __future__ import annotations

from dataclasses import replace
from math import comb

from gatecli.anonymity.dictionary_encoding import EncodedTable
from gatecli.anonymity.tables.functions import (
    constant,
    keep_table,
    only_row,
    row_number,
    rows,
    times,
    whole,
)
from gatecli.anonymity.tables.interface import OpenedTable, Table
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.anonymity import AnonymityQuestion, Missing

MOST_SETS = 50_000_000
"""Sets of rows that are looked at, of all persons together."""

PERSON, CLASS = "u", "k0"


def join_rows(opened: OpenedTable, question: AnonymityQuestion, codes: EncodedTable) -> EncodedTable:
    """The coded rows in the classes of what is known: once for each class that their person is of.

    Raises UncheckableError for a row whose person is not known, and for too many sets of rows.
    """
    _require_persons(opened, codes)
    ordered = keep_table(_order_rows(codes))
    depth = int(only_row(ordered.aggregate(most=ordered["at"].max()))["most"]) + 1
    if question.trajectory:
        members = _whole(ordered, depth)
    else:
        known = min(question.known or 1, depth)
        _require_few(opened, ordered, known)
        members = _parts(ordered, known)
    members = keep_table(_weigh(codes, members))
    values = [code.column for code in codes.sensitive]
    household = [name for name in ("h",) if name in codes.table.columns]
    held = codes.table.select(PERSON, *values, *household).distinct()
    joined = keep_table(members.join(held, PERSON).select(*members.columns, *values, *household))
    return replace(codes, table=joined, keys=(CLASS,), codes=())


def _weigh(codes: EncodedTable, members: Table) -> Table:
    """The members with the weight `w` of each person, the smallest of its rows', where rows have weights."""
    if "w" not in codes.table.columns:
        return members
    lightest = codes.table.group_by(PERSON).aggregate(w=codes.table["w"].min())
    return members.join(lightest, PERSON).select(PERSON, CLASS, "w")


def require_joinable(question: AnonymityQuestion) -> None:
    """Raises UsageError for a question about several rows of a person that has no answer."""
    if not question.is_joined:
        return
    option = "--trajectory" if question.trajectory else "--known"
    if question.trajectory and question.known is not None:
        raise UsageError(
            "--trajectory and --known are both given", advice="leave one out: a trajectory is all rows"
        )
    if question.known is not None and question.weights is not None:
        raise UsageError(
            "--known with --weights has no answer: a person is of several classes, each with its own risk",
            advice="leave one out, or ask for all rows of a person (--trajectory)",
        )
    if question.unit is None:
        raise UsageError(f"{option} without --unit", advice="name the column that says whom a row is about")
    if question.missing is Missing.WILDCARD:
        raise UsageError(
            f"{option} has no answer where a missing value may be anything",
            advice="choose own-value for missing values",
        )


def _require_persons(opened: OpenedTable, codes: EncodedTable) -> None:
    table = codes.table
    lost = int(only_row(table.aggregate(lost=times(table[PERSON].isnull())))["lost"])
    if lost:
        rows_, verb = ("row", "has") if lost == 1 else ("rows", "have")
        raise UncheckableError(
            f"{opened.name}: {lost:,} {rows_} {verb} no unit, so that nobody knows which belong together",
            advice="fill the unit, or drop these rows",
        )


def _order_rows(codes: EncodedTable) -> Table:
    """Each row's person `u`, its class as one number `c`, and its place `at` among the person's, by class."""
    keys = list(codes.keys)
    table = codes.table.select(PERSON, *keys)
    if len(keys) > 1:
        classes = table.select(*keys).distinct()
        numbered = keep_table(classes.mutate(c=row_number().cast("int64")))
        table = table.join(numbered, keys).select(PERSON, "c")
    else:
        table = table.select(PERSON, c=table[keys[0]].cast("int64"))
    return table.mutate(at=row_number().over(whole([PERSON], [table["c"]])).cast("int64"))


def _whole(ordered: Table, depth: int) -> Table:
    """Each person's class: a number for the multiset of its rows, which join in pairs until one is left."""
    while depth > 1:
        half = ordered.mutate(half=ordered["at"] // 2, is_first=ordered["at"] % 2 == 0)
        pairs = keep_table(
            half.group_by([PERSON, "half"]).aggregate(
                a=half["is_first"].ifelse(half["c"], -1).max(),
                b=half["is_first"].ifelse(-1, half["c"]).max(),
            )
        )
        distinct = pairs.select("a", "b").distinct()
        numbered = keep_table(distinct.mutate(c=row_number().cast("int64")))
        joined = pairs.join(numbered, ["a", "b"])
        ordered = keep_table(joined.select(PERSON, "c", at=joined["half"].cast("int64")))
        depth = (depth + 1) // 2
    return ordered.select(PERSON, **{CLASS: ordered["c"]})


def _parts(ordered: Table, known: int) -> Table:
    """Each person with every multiset of at most `known` of the rows', numbered.

    A multiset is extended by the next row of its last class, or the first of a later class: so each is found
    once.
    """
    first = ordered.group_by([PERSON, "c"]).aggregate(start=ordered["at"].min(), many=ordered.count())
    own = keep_table(first.mutate(many=first["many"].cast("int64")).select(PERSON, "c", "many"))
    single = own.select(PERSON, before=constant(0), last=own["c"], times=constant(1), left=own["many"])
    level = _number_sets(single)
    found = [_offset_numbers(level, 0)]
    offset = _count(found[0])
    for _ in range(1, known):
        level = _number_sets(_extend(level, own))
        found.append(_offset_numbers(level, offset))
        offset = _count(found[-1])
    first_level, *others = found
    every = first_level.union(*others) if others else first_level
    return every.select(PERSON, **{CLASS: every["set"]})


def _offset_numbers(level: Table, offset: int) -> Table:
    return keep_table(level.select(PERSON, set=level["set"] + offset))


def _count(level: Table) -> int:
    last = only_row(level.aggregate(last=level["set"].max()))["last"]
    return 0 if last is None else int(last) + 1


def _number_sets(level: Table) -> Table:
    """The multisets with a number of their own, `set`, by what they extend and their last class."""
    level = keep_table(level)
    distinct = level.select("before", "last").distinct()
    numbered = keep_table(distinct.mutate(set=row_number().cast("int64")))
    joined = level.join(numbered, ["before", "last"])
    return keep_table(joined.select(PERSON, "set", "last", "times", "left"))


def _extend(level: Table, own: Table) -> Table:
    """Every multiset with one row more, and the number `before` of what it extends."""
    joined = level.join(own.select(PERSON, new="c", new_many="many"), PERSON)
    same = (joined["new"] == joined["last"]) & (joined["times"] < joined["left"])
    longer = joined.filter(same | (joined["new"] > joined["last"]))
    is_same = longer["new"] == longer["last"]
    return longer.select(
        PERSON,
        before=longer["set"],
        last=longer["new"],
        times=is_same.ifelse(longer["times"] + 1, constant(1)),
        left=longer["new_many"],
    )


def _require_few(opened: OpenedTable, ordered: Table, known: int) -> None:
    """An upper bound: rows of a person that are alike make fewer sets."""
    persons = ordered.group_by(PERSON).aggregate(many=ordered.count())
    sizes = rows(persons.group_by("many").aggregate(persons=persons.count()))
    sets = sum(
        int(row["persons"]) * sum(comb(int(row["many"]), size) for size in range(1, known + 1))
        for row in sizes
    )
    if sets > MOST_SETS:
        raise UncheckableError(
            f"{opened.name}: {known} of each person's rows make up to {sets:,} sets, too many to look at",
            advice="ask for fewer rows (--known), or for all of them (--trajectory)",
        )
