"""Python code as a value: its syntax tree, and where its lines stand in a file."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from gatecli.model.document import Place


@dataclass(frozen=True, slots=True)
class PythonCode:
    """The code of one file; of a notebook, that of its code cells in their order.

    `lines` are the lines of the file that the tree's lines stand in; None where they are the same.
    """

    path: str
    tree: ast.Module
    lines: tuple[int, ...] | None = None

    def place(self, node: ast.expr | ast.stmt) -> Place:
        """Where a node stands in the file; of a notebook the line alone."""
        if self.lines is None:
            return Place(self.path, node.lineno, node.col_offset + 1)
        return Place(self.path, self.lines[min(node.lineno, len(self.lines)) - 1], 1)
