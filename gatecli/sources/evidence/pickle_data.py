"""The plain data of a pickle, read opcode by opcode: nothing is imported, called or built.

Containers, text and numbers become Python values; every global becomes an `Opaque`, everything made by
calling one an `Instance` with its plain arguments and attributes. Three calls have a value that the file
itself holds, and stand for it: an empty OrderedDict, bytes as protocol 2 writes them, a numpy number.
Opcodes: the documentation of `pickletools` in Python's standard library.
"""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from gatecli.sources.evidence.reading import Refused, shortest

MAX_OPCODES = 2_000_000
MAX_BYTES = 16
"""Of a value in bytes; longer ones are tensors, and no number."""

_NUMPY_SCALAR = ("numpy._core.multiarray scalar", "numpy.core.multiarray scalar")
_NUMBERS = {
    "f8": "d",
    "f4": "f",
    "f2": "e",
    "i8": "q",
    "i4": "i",
    "i2": "h",
    "i1": "b",
    "u8": "Q",
    "u4": "I",
    "u2": "H",
    "u1": "B",
}
"""The layout of each kind of number of numpy, by the name of its dtype."""


@dataclass(slots=True, eq=False)
class Opaque:
    """Something that only running code could make; `name` is the global ("module name"), where it is one."""

    name: str = ""

    def __str__(self) -> str:
        return f"an object of {self.name.replace(' ', '.') or 'unknown kind'}"


@dataclass(slots=True, eq=False)
class Instance(Opaque):
    """What calling a global with `arguments` would make; `state` are the attributes it would be given."""

    arguments: tuple[Any, ...] = ()
    state: Any = None


@dataclass(slots=True)
class _Machine:
    stack: list[Any] = field(default_factory=list)
    below: list[list[Any]] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self, count: int) -> list[Any]:
        """The topmost `count` values, in order; IndexError where there are fewer."""
        if count > len(self.stack):
            raise IndexError
        taken = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return taken

    def pop_to_mark(self) -> list[Any]:
        taken = self.stack
        self.stack = self.below.pop()
        return taken


_Step = Callable[[_Machine, Any], None]


def read_pickle(stream: IO[bytes]) -> Any:
    """The value of the pickle that starts here; leaves the stream behind its end.

    Raises `Refused` for what is not a whole pickle, or has too many opcodes.
    """
    machine = _Machine()
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
            if count >= MAX_OPCODES:
                raise Refused(f"the pickle has more than {MAX_OPCODES} opcodes")
            if opcode.name == "STOP":
                return machine.stack[-1]
            _STEPS[opcode.name](machine, argument)
    except KeyError as error:
        raise Refused(f"the pickle is damaged or uses an unsupported opcode ({error})") from None
    except (ValueError, IndexError, TypeError, AttributeError, EOFError, OverflowError):
        raise Refused("the pickle is damaged or truncated") from None
    raise Refused("the pickle is truncated")


def _constant(machine: _Machine, argument: Any) -> None:
    machine.push(shortest(argument) if isinstance(argument, float) else argument)


def _value(make: Callable[[], Any]) -> _Step:
    return lambda machine, _: machine.push(make())


def _fixed_step(count: int, make: Callable[[list[Any]], Any]) -> _Step:
    return lambda machine, _: machine.push(make(machine.pop(count)))


def _marked_step(make: Callable[[list[Any]], Any]) -> _Step:
    return lambda machine, _: machine.push(make(machine.pop_to_mark()))


def _opaque(_: list[Any]) -> Opaque:
    return Opaque()


def _mark(machine: _Machine, _: Any) -> None:
    machine.below.append(machine.stack)
    machine.stack = []


def _pop(machine: _Machine, _: Any) -> None:
    if machine.stack:
        machine.stack.pop()
    else:
        machine.pop_to_mark()


def _pop_mark(machine: _Machine, _: Any) -> None:
    machine.pop_to_mark()


def _dup(machine: _Machine, _: Any) -> None:
    machine.push(machine.stack[-1])


def _extend(machine: _Machine, items: list[Any]) -> None:
    target = machine.stack[-1]
    if isinstance(target, list):
        target.extend(items)
    elif not isinstance(target, Opaque):
        raise TypeError


def _update(machine: _Machine, items: list[Any]) -> None:
    target = machine.stack[-1]
    if isinstance(target, dict):
        target.update(_pairs(items))
    elif not isinstance(target, Opaque):
        raise TypeError


def _pairs(items: list[Any]) -> dict[Any, Any]:
    if len(items) % 2:
        raise ValueError
    return {_key(key): value for key, value in zip(items[::2], items[1::2], strict=True)}


def _key(key: Any) -> Any:
    """Text keys are all that is ever looked up; hashing deep tuples would exhaust the C stack."""
    return key if isinstance(key, str) else Opaque()


def _put(machine: _Machine, argument: Any) -> None:
    machine.memo[int(argument)] = machine.stack[-1]


def _memoize(machine: _Machine, _: Any) -> None:
    machine.memo[len(machine.memo)] = machine.stack[-1]


def _get(machine: _Machine, argument: Any) -> None:
    machine.push(machine.memo[int(argument)])


def _global(machine: _Machine, argument: Any) -> None:
    machine.push(Opaque(str(argument)))


def _stack_global(machine: _Machine, _: Any) -> None:
    module, name = machine.pop(2)
    machine.push(Opaque(f"{module} {name}" if isinstance(module, str) and isinstance(name, str) else ""))


def _bytes(machine: _Machine, argument: Any) -> None:
    machine.push(bytes(argument) if len(argument) <= MAX_BYTES else Opaque())


def _reduce(machine: _Machine, _: Any) -> None:
    """A call: never made."""
    function, arguments = machine.pop(2)
    machine.push(_call_result(function, arguments))


def _new(machine: _Machine, _: Any) -> None:
    """An object of a class, before it has a state."""
    kind, arguments = machine.pop(2)
    machine.push(_instance(kind, arguments))


def _call_result(function: Any, arguments: Any) -> Any:
    """What stands for a call: its value where the file holds it, else an instance of what was called."""
    match function, arguments:
        case Opaque(name="collections OrderedDict"), ():
            return {}
        case Opaque(name="_codecs encode"), (str() as text, "latin1"):
            return text.encode("latin-1") if len(text) <= MAX_BYTES else Opaque()
        case Opaque(name="copyreg _reconstructor" | "copy_reg _reconstructor"), (kind, _, _):
            return _instance(kind, ())  # objects as protocols 0 and 1 write them
        case Opaque(name="numpy._core.multiarray scalar" | "numpy.core.multiarray scalar"), (
            kind,
            bytes() as raw,
        ):
            return _number(kind, raw)
    return _instance(function, arguments)


def _instance(kind: Any, arguments: Any) -> Instance:
    name = kind.name if isinstance(kind, Opaque) and not isinstance(kind, Instance) else ""
    return Instance(name, arguments if isinstance(arguments, tuple) else ())


def _number(kind: Any, raw: bytes) -> Any:
    """A number of numpy from its dtype and its bytes."""
    match kind:
        case Instance(
            name="numpy dtype", arguments=(str() as code, *_), state=(_, "<" | ">" | "|" as order, *_)
        ):
            layout = _NUMBERS.get(code)
        case _:
            return Opaque()
    if layout is None or struct.calcsize(layout) != len(raw):
        return Opaque()
    (value,) = struct.unpack((">" if order == ">" else "<") + layout, raw)
    return shortest(value) if isinstance(value, float) else value


def _build(machine: _Machine, _: Any) -> None:
    """State for an object that was never made; the attributes of an OrderedDict are no data."""
    (state,) = machine.pop(1)
    target = machine.stack[-1]
    if isinstance(target, Instance):
        target.state = state
    elif not isinstance(target, (Opaque, dict)):
        raise TypeError


def attributes(instance: Instance) -> Mapping[str, Any]:
    """The attributes that the object would have; none where the file gives it no plain state."""
    return instance.state if isinstance(instance.state, dict) else {}


def _ignore(_: _Machine, __: Any) -> None:
    return


_STEPS: dict[str, _Step] = {
    "PROTO": _ignore,
    "FRAME": _ignore,
    "MARK": _mark,
    "POP": _pop,
    "POP_MARK": _pop_mark,
    "DUP": _dup,
    "NONE": _value(lambda: None),
    "NEWTRUE": _value(lambda: True),
    "NEWFALSE": _value(lambda: False),
    **dict.fromkeys(
        ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"), _constant
    ),
    **dict.fromkeys(("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE"), _constant),
    **dict.fromkeys(("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"), _constant),
    **dict.fromkeys(("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"), _bytes),
    "BYTEARRAY8": _value(Opaque),
    "EMPTY_LIST": _value(list),
    "EMPTY_TUPLE": _value(tuple),
    "EMPTY_DICT": _value(dict),
    "EMPTY_SET": _value(Opaque),
    "LIST": _marked_step(list),
    "TUPLE": _marked_step(tuple),
    "TUPLE1": _fixed_step(1, tuple),
    "TUPLE2": _fixed_step(2, tuple),
    "TUPLE3": _fixed_step(3, tuple),
    "DICT": _marked_step(_pairs),
    "FROZENSET": _marked_step(_opaque),
    "APPEND": lambda machine, _: _extend(machine, machine.pop(1)),
    "APPENDS": lambda machine, _: _extend(machine, machine.pop_to_mark()),
    "ADDITEMS": lambda machine, _: _extend(machine, machine.pop_to_mark()),
    "SETITEM": lambda machine, _: _update(machine, machine.pop(2)),
    "SETITEMS": lambda machine, _: _update(machine, machine.pop_to_mark()),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _get),
    "MEMOIZE": _memoize,
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "REDUCE": _reduce,
    "BUILD": _build,
    "INST": _marked_step(_opaque),
    "OBJ": _marked_step(_opaque),
    "NEWOBJ": _new,
    "NEWOBJ_EX": _fixed_step(3, _opaque),
    "PERSID": _value(Opaque),
    "BINPERSID": _fixed_step(1, _opaque),
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), _value(Opaque)),
}
