"""`gatecli data pseudonymise`: a table whose identifiers are keyed pseudonyms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from gatecli.anonymity.discovery.column_names import Role, role_of_name
from gatecli.anonymity.pseudonyms import context_key, identifier_table, pseudonym
from gatecli.anonymity.tables.opening import open_table
from gatecli.anonymity.tables.problems import computing
from gatecli.anonymity.tables.writing import dialect_of, require_writable, write
from gatecli.cli import table_options as given
from gatecli.cli.identifiers import about_pseudonyms
from gatecli.cli.pseudonym_keys import key_file_of, read_pseudonym_key
from gatecli.cli.table_arguments import TableGiven
from gatecli.cli.table_options import COLUMNS
from gatecli.cli.target_files import require_another
from gatecli.errors import UsageError
from gatecli.frontdoor.console import err
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import option
from gatecli.model.comma_list import split_list

KeySource = Annotated[
    str,
    option(
        "--key",
        panel=COLUMNS,
        variable="PSEUDONYM_KEY_SOURCE",
        metavar="SOURCE",
        help="Where the secret key is: a file, env:NAME, or command:PROGRAM, which prints it.",
    ),
]


@spread
def pseudonymise(
    data: given.Data,
    target: given.TargetFile,
    column: Annotated[
        list[str],
        option(
            "--column",
            panel=COLUMNS,
            variable="PSEUDONYM_COLUMN",
            metavar="COLUMN,...",
            help="Columns of identifiers to replace; repeatable.",
        ),
    ],
    key: KeySource,
    opened: TableGiven,
    context: Annotated[
        str | None,
        option(
            "--context",
            panel=COLUMNS,
            variable="PSEUDONYM_CONTEXT",
            metavar="NAME",
            help="Whom the table is for: pseudonyms of two contexts cannot be linked without the key.",
        ),
    ] = None,
) -> None:
    """Write the table with pseudonyms in place of identifiers (HMAC-SHA-256 with a secret key).

    The table is pseudonymous, not anonymous: all other columns are written as they are.
    """
    columns = split_list(column)
    if not columns:
        raise UsageError("--column names no column", advice="name the columns of identifiers")
    if context is not None and not context.strip():
        raise UsageError("--context is empty", advice="name whom the table is for, or leave it out")
    require_writable(target)
    file = key_file_of(key)
    require_another(data, [] if file is None else [file], target)
    secret = read_pseudonym_key(key)
    own = secret if context is None else context_key(secret, context)
    options = opened.options(None)
    with open_table(data, options) as source:
        table = identifier_table(source, columns)
        others = [name for name in source.columns if name not in columns]
        dialect = dialect_of(data, options, target)
        with computing(source):
            write(table, target, dialect, dict.fromkeys(columns, partial(pseudonym, key=own)))
    err(f"{target}: {about_pseudonyms(columns)}\n")
    err("".join(f"{target}: {line}\n" for line in _about_others(others)))


def _about_others(names: Sequence[str]) -> list[str]:
    """What is still to be done about the columns that were written as they are."""
    roles = {name: found[0] for name in names if (found := role_of_name(name)) is not None}
    direct = [name for name, role in roles.items() if role is Role.DIRECT_IDENTIFIER]
    kept = f"{', '.join(direct)}: written as before, and by the name a direct identifier" if direct else ""
    advice = "before anybody gets it: gatecli anonymity check; to generalise: gatecli anonymity apply"
    return [each for each in (kept, advice) if each]
