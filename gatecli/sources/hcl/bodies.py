"""The bodies of HCL: a file's blocks and arguments, with what its expressions are.

A tolerant reader: a statement that is none is passed over, and the tree says that it is not whole.
Source: HCL native syntax specification, "Structural Elements".
"""

from __future__ import annotations

from gatecli.sources.hcl.expressions import MAX_DEPTH, ExpressionParser, HclSyntaxError, opens
from gatecli.sources.hcl.syntax import Attribute, Body, Literal, NestedBlock, SyntaxTree
from gatecli.sources.hcl.tokens import Token, template_tokens_of, tokens_of


def read_bodies(text: str) -> SyntaxTree:
    """The body of a file; never fails."""
    parser = _BodyParser(tokens_of(text))
    body = parser.body(0)
    return SyntaxTree(body, parser.is_whole)


def read_template(text: str) -> Attribute | None:
    """A template that stands alone, as in JSON syntax; None where it is none."""
    if "{" not in text:
        return Attribute(Literal(text))
    parser = ExpressionParser(template_tokens_of(text))
    try:
        value = parser.template(parser.take())
    except HclSyntaxError:
        return None
    return Attribute(value, tuple(parser.references))


class _BodyParser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._parser = ExpressionParser(tokens)
        self.is_whole = True

    def body(self, depth: int) -> Body:
        """The statements up to the brace that closes the body, which is taken; or to the end of the file."""
        attributes: dict[str, Attribute] = {}
        blocks: list[NestedBlock] = []
        while not self._is_at_end(depth):
            start = self._parser.at
            try:
                self._statement(attributes, blocks, depth)
            except HclSyntaxError:
                self._pass_over(start)
        return Body(attributes, tuple(blocks))

    def _is_at_end(self, depth: int) -> bool:
        parser = self._parser
        while parser.peek().kind == "line":
            parser.take()
        token = parser.peek()
        if token.kind == "eof":
            self.is_whole = self.is_whole and depth == 0
            return True
        if depth and parser.next_is("}"):
            parser.take()
            return True
        return False

    def _statement(self, attributes: dict[str, Attribute], blocks: list[NestedBlock], depth: int) -> None:
        parser = self._parser
        name = parser.take()
        if name.kind != "name":
            raise HclSyntaxError
        if not parser.next_is("="):
            blocks.append(self._block(name.text, depth))
            return
        parser.take()
        parser.references = {}
        value = parser.expression()
        if parser.peek().kind not in {"line", "eof"} and not parser.next_is("}"):
            raise HclSyntaxError
        attributes.setdefault(name.text, Attribute(value, tuple(parser.references)))

    def _block(self, type_: str, depth: int) -> NestedBlock:
        parser, labels = self._parser, list[str]()
        while not parser.next_is("{"):
            token = parser.take()
            if token.kind == "name":
                labels.append(token.text)
            elif token.kind == "quote" and isinstance(label := parser.template(token), Literal):
                labels.append(str(label.value))
            else:
                raise HclSyntaxError
        if depth >= MAX_DEPTH:
            raise HclSyntaxError
        parser.take()
        return NestedBlock(type_, tuple(labels), self.body(depth + 1))

    def _pass_over(self, start: int) -> None:
        """Go to the end of a statement that is none: of its line, or of what its brackets hold."""
        self.is_whole = False
        parser, open_ = self._parser, 0
        parser.restart()
        parser.at = start
        while parser.peek().kind != "eof":
            token = parser.peek()
            open_ += opens(token)
            if open_ < 0 or (open_ == 0 and token.kind == "line"):
                break
            parser.take()
        if parser.at == start:
            parser.take()  # a bracket that nothing opened
