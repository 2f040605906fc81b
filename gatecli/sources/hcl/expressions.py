"""HCL's expressions from tokens: what can be known of them without running Terraform, and what they refer to.

Source: HCL native syntax specification, "Expressions".
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gatecli.sources.hcl.syntax import (
    Expression,
    FunctionCall,
    Literal,
    Object,
    OpaqueExpression,
    OperatorCall,
    Traversal,
    Tuple,
)
from gatecli.sources.hcl.templates import literal_number, template_of
from gatecli.sources.hcl.tokens import Token

MAX_DEPTH = 40
"""How deep expressions and blocks may be inside each other."""

_OPAQUE = OpaqueExpression()
_WORDS = {"true": True, "false": False, "null": None}
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "<", ">", "<=", ">="})
_INDEX = re.compile(r"[0-9]{1,9}")
_OPENING, _CLOSING = frozenset({"{", "[", "("}), frozenset({"}", "]", ")"})


class HclSyntaxError(Exception):
    """A token that cannot stand where it does, or one that is too deep inside others."""


class ExpressionParser:
    """A cursor over tokens. `references` are those of the expressions that were read since it was emptied."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self.at = 0
        self.references: dict[str, None] = {}
        self._depth = 0
        self._crosses_lines = [False]

    def peek(self) -> Token:
        """The next token; inside brackets line ends do not count."""
        while self._crosses_lines[-1] and self._tokens[self.at].kind == "line":
            self.at += 1
        return self._tokens[self.at]

    def take(self) -> Token:
        """The next token, which is then done with."""
        token = self.peek()
        self.at = min(self.at + 1, len(self._tokens) - 1)
        return token

    def next_is(self, *marks: str) -> bool:
        """Whether the next token is one of these marks."""
        token = self.peek()
        return token.kind == "mark" and token.text in marks

    def restart(self) -> None:
        """Forget which brackets are open: after an error."""
        self._depth, self._crosses_lines = 0, [False]

    def expression(self) -> Expression:
        """The expression that begins here. Raises HclSyntaxError."""
        if self._depth >= MAX_DEPTH:
            raise HclSyntaxError
        self._depth += 1
        value = self._chain("||", lambda: self._chain("&&", self._comparison))
        if self.next_is("?"):
            self.take()
            yes = self.expression()
            self._expect(":")
            value = OperatorCall("?", (value, yes, self.expression()))
        self._depth -= 1
        return value

    def _chain(self, operator: str, read: Callable[[], Expression]) -> Expression:
        operands = [read()]
        while self.next_is(operator):
            self.take()
            operands.append(read())
        return operands[0] if len(operands) == 1 else OperatorCall(operator, tuple(operands))

    def _comparison(self) -> Expression:
        operands, operator = [self._arithmetic()], ""
        while self.next_is("==", "!="):
            operator = self.take().text
            operands.append(self._arithmetic())
        if len(operands) == 1:
            return operands[0]
        return OperatorCall(operator, tuple(operands)) if len(operands) == 2 else _OPAQUE

    def _arithmetic(self) -> Expression:
        value = self._unary()
        while self.next_is(*_ARITHMETIC):
            self.take()
            self._unary()
            value = _OPAQUE
        return value

    def _unary(self) -> Expression:
        signs = []
        while self.next_is("!", "-"):
            signs.append(self.take().text)
        value = self._primary()
        if not signs:
            return value
        if signs == ["!"]:
            return OperatorCall("!", (value,))
        number = value.value if isinstance(value, Literal) else None
        if signs == ["-"] and isinstance(number, int | float) and not isinstance(number, bool):
            return Literal(-number)
        return _OPAQUE

    def _primary(self) -> Expression:
        token = self.take()
        if token.kind == "name":
            return self._word(token.text)
        if token.kind == "number":
            return self._without_steps(literal_number(token.text))
        if token.kind in {"quote", "heredoc"}:
            return self._without_steps(self.template(token))
        return self._without_steps(self._in_brackets(self._reader_of(token)))

    def _reader_of(self, token: Token) -> Callable[[], Expression]:
        match token:
            case ("mark", "(", _):
                return self._parenthesis
            case ("mark", "[", _):
                return self._tuple
            case ("mark", "{", _):
                return self._object
            case _:
                raise HclSyntaxError

    def template(self, begin: Token) -> Expression:
        """The template whose first token was taken: up to its end."""
        parts: list[str | Expression] = []
        while True:
            token = self._tokens[self.at]
            self.at = min(self.at + 1, len(self._tokens) - 1)
            if token.kind == "text":
                parts.append(token.text)
            elif token.kind == "interpolation":
                parts.append(self._in_brackets(self._interpolation))
            elif token.kind == "directive":
                parts.append(self._in_brackets(self._skip_brackets))
            elif token.kind == "end":
                break
            else:
                raise HclSyntaxError
        value = template_of(begin, parts)
        if value is None:
            raise HclSyntaxError
        return value

    def _interpolation(self) -> Expression:
        value = _OPAQUE if self.next_is("~") else self.expression()
        if not self.next_is("}"):
            return self._skip_brackets()
        self.take()
        return value

    def _skip_brackets(self) -> Expression:
        """Pass over what an opening bracket, already taken, opens; what is in it may refer."""
        open_ = 1
        while open_:
            token = self.take()
            if token.kind == "eof":
                raise HclSyntaxError
            if token.kind == "name":
                self._refer(self._steps(token.text))
            open_ += opens(token)
        return _OPAQUE

    def _steps(self, name: str) -> list[str]:
        """The names behind a name, without what stands in square brackets."""
        names = [name]
        while self.next_is("."):
            self.take()
            if self.peek().kind == "name":
                names.append(self.take().text)
        return names

    def _without_steps(self, value: Expression) -> Expression:
        """A value; not known where attributes or indices stand behind it, which are not followed."""
        while self.next_is(".", "["):
            if self.take().text == ".":
                self.take()
            else:
                self._in_brackets(self._index)
            value = _OPAQUE
        return value

    def _in_brackets(self, read: Callable[[], Expression]) -> Expression:
        """What stands in brackets, where line ends do not count."""
        self._crosses_lines.append(True)
        value = read()
        self._crosses_lines.pop()
        return value

    def _expect(self, mark: str) -> None:
        if not self.next_is(mark):
            raise HclSyntaxError
        self.take()

    def _word(self, name: str) -> Expression:
        if self.next_is("::"):
            while self.next_is("::"):
                self.take()
                self.take()
            name = ""
        if self.next_is("("):
            self.take()
            arguments = self._in_brackets(self._items)
            items = arguments.items if isinstance(arguments, Tuple) else ()
            return self._without_steps(FunctionCall(name, items) if name and items else _OPAQUE)
        if name in _WORDS and not self.next_is(".", "["):
            return Literal(_WORDS[name])
        return self._traversal(name)

    def _traversal(self, name: str) -> Expression:
        steps: list[str | int | None] = [name]
        names = [name]
        while self.next_is(".", "["):
            if self.take().text == "[":
                index = self._in_brackets(self._index)
                key = index.value if isinstance(index, Literal) else None
                steps.append(key if isinstance(key, str | int) and not isinstance(key, bool) else None)
                continue
            token = self.take()
            if token.kind == "name":
                names.append(token.text)
                steps.append(token.text)
            else:
                steps.append(int(token.text) if _INDEX.fullmatch(token.text) else None)
        self._refer(names)
        known = tuple(step for step in steps if step is not None)
        return Traversal(known) if len(known) == len(steps) else _OPAQUE

    def _refer(self, names: list[str]) -> None:
        if len(names) > 1:
            self.references[".".join(names)] = None

    def _index(self) -> Expression:
        if self.next_is("*"):
            self.take()
            value: Expression = _OPAQUE
        else:
            value = self.expression()
        self._expect("]")
        return value

    def _parenthesis(self) -> Expression:
        value = self.expression()
        self._expect(")")
        return value

    def _items(self) -> Expression:
        """The arguments of a function."""
        return self._list_until(")")

    def _tuple(self) -> Expression:
        return self._skip_brackets() if self._is_loop() else self._list_until("]")

    def _list_until(self, end: str) -> Expression:
        items: list[Expression] = []
        is_spread = False
        while not self.next_is(end):
            items.append(self.expression())
            if self.next_is("..."):
                self.take()
                is_spread = True
            if not self.next_is(end):
                self._expect(",")
        self.take()
        return _OPAQUE if is_spread else Tuple(tuple(items))

    def _is_loop(self) -> bool:
        token = self.peek()
        return token.kind == "name" and token.text == "for"

    def _object(self) -> Expression:
        if self._is_loop():
            return self._skip_brackets()
        entries: list[tuple[Expression, Expression]] = []
        while not self.next_is("}"):
            key = self._key()
            self._crosses_lines.append(False)
            if not self.next_is("=", ":"):
                raise HclSyntaxError
            self.take()
            self._skip_lines()
            entries.append((key, self.expression()))
            is_separate = self.peek().kind == "line" or self.next_is(",", "}")
            self._crosses_lines.pop()
            if not is_separate:
                raise HclSyntaxError
            if self.next_is(","):
                self.take()
        self.take()
        return Object(tuple(entries))

    def _skip_lines(self) -> None:
        while self._tokens[self.at].kind == "line":
            self.at += 1

    def _key(self) -> Expression:
        """A key; one that is a bare word is its text."""
        token, behind = self.peek(), self._tokens[min(self.at + 1, len(self._tokens) - 1)]
        if token.kind == "name" and behind.kind == "mark" and behind.text in {"=", ":"}:
            return Literal(self.take().text)
        return self.expression()


def opens(token: Token) -> int:
    """By how much a token makes what follows deeper."""
    if token.kind in {"interpolation", "directive"}:
        return 1
    if token.kind != "mark":
        return 0
    return (token.text in _OPENING) - (token.text in _CLOSING)
