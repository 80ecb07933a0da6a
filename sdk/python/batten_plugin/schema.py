"""Type hints as JSON Schema, and values between JSON and those types."""

import collections.abc
import dataclasses
import enum
import inspect
import types
import typing


@dataclasses.dataclass(frozen=True)
class Field:
    """What a hint cannot say, for `Annotated[int, Field(minimum=0, description="…")]`."""

    description: typing.Optional[str] = None
    minimum: typing.Optional[float] = None
    maximum: typing.Optional[float] = None
    min_length: typing.Optional[int] = None
    max_length: typing.Optional[int] = None
    pattern: typing.Optional[str] = None
    min_items: typing.Optional[int] = None
    max_items: typing.Optional[int] = None
    examples: typing.Optional[list] = None
    # True for output that differs from call to call: times, generated ids.
    volatile: bool = False

    def keywords(self):
        names = {
            "min_length": "minLength", "max_length": "maxLength", "min_items": "minItems", "max_items": "maxItems",
            "volatile": "x-batten-volatile",
        }
        values = ((field.name, getattr(self, field.name)) for field in dataclasses.fields(self))
        return {names.get(name, name): value for name, value in values
                if value is not None and value is not False}


class Unsupported(TypeError):
    """A hint that JSON Schema has no word for."""


SCALARS = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
UNIONS = (typing.Union, getattr(types, "UnionType", typing.Union))


def schema_of(hint):
    """The JSON Schema of a hint; {} accepts anything."""
    if hint is typing.Any or hint is object:
        return {}
    if hint is None:
        return {"type": "null"}
    if isinstance(hint, type) and hint in SCALARS:
        return {"type": SCALARS[hint]}
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        schema = schema_of(arguments[0])
        for extra in arguments[1:]:
            if isinstance(extra, Field):
                schema.update(extra.keywords())
            elif isinstance(extra, str):
                schema["description"] = extra
            elif isinstance(extra, dict):
                schema.update(extra)
        return schema
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin in UNIONS:
        return {"anyOf": [schema_of(argument) for argument in arguments]}
    if hint in (list, tuple) or origin in (list, collections.abc.Sequence):
        return {"type": "array", **({"items": schema_of(arguments[0])} if arguments else {})}
    if hint is dict or origin in (dict, collections.abc.Mapping):
        if arguments and arguments[0] is not str:
            raise Unsupported(f"{hint}: names of JSON objects are str")
        return {"type": "object", **({"additionalProperties": schema_of(arguments[1])} if arguments else {})}
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return {"enum": [member.value for member in hint]}
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint, include_extras=True)
        fields = [field for field in dataclasses.fields(hint) if field.init]
        return _object([(field.name, hints[field.name], _default(field)) for field in fields], False)
    if isinstance(hint, type) and issubclass(hint, dict) and hasattr(hint, "__required_keys__"):
        hints = typing.get_type_hints(hint, include_extras=True)
        missing = inspect.Parameter.empty
        return _object(
            [(name, of, missing if name in hint.__required_keys__ else None) for name, of in hints.items()], False)
    raise Unsupported(f"{hint!r} has no JSON Schema: use str, int, float, bool, list, dict, Literal, an Enum, a "
                      "dataclass, a TypedDict or Any, or give a schema")


def parameters_schema(parameters, hints):
    """The schema of an object whose members are the keyword arguments of a function."""
    members = [(each.name, hints.get(each.name, typing.Any), each.default)
               for each in parameters if each.kind is not inspect.Parameter.VAR_KEYWORD]
    is_open = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters)
    return _object(members, is_open)


def _default(field):
    if field.default is not dataclasses.MISSING:
        return field.default
    return inspect.Parameter.empty if field.default_factory is dataclasses.MISSING else None


def _object(members, is_open):
    properties, required = {}, []
    for name, hint, default in members:
        properties[name] = schema_of(hint)
        if default is inspect.Parameter.empty:
            required.append(name)
        elif isinstance(default, (str, bool, int, float)) and "default" not in properties[name]:
            properties[name]["default"] = default
    schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    if not is_open:
        schema["additionalProperties"] = False
    return schema


def decode(value, hint, where=""):
    """A value of JSON as its type: dataclasses are made, enumerations found. Raises ValueError, naming the place."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return decode(value, arguments[0], where)
    if origin in UNIONS:
        problem = None
        for argument in arguments:
            try:
                return decode(value, argument, where)
            except ValueError as error:
                problem = error
        raise problem
    if isinstance(hint, type) and hint in SCALARS or hint is None:
        return _scalar(value, hint or type(None), where)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return hint(value)
    if dataclasses.is_dataclass(hint):
        _require(value, dict, where, "an object")
        hints = typing.get_type_hints(hint, include_extras=True)
        names = {field.name for field in dataclasses.fields(hint) if field.init}
        for name in value:
            if name not in names:
                raise ValueError(f"{where}{name} is not known")
        try:
            return hint(**{name: decode(of, hints[name], f"{where}{name}.") for name, of in value.items()})
        except TypeError as error:
            raise ValueError(f"{where[:-1]}: {error}") from None
    if origin in (list, collections.abc.Sequence):
        _require(value, list, where, "a list")
        return [decode(of, arguments[0], f"{where}{index}.") for index, of in enumerate(value)]
    if origin in (dict, collections.abc.Mapping):
        _require(value, dict, where, "an object")
        return {name: decode(of, arguments[1], f"{where}{name}.") for name, of in value.items()}
    return value


def _require(value, kind, where, word):
    if not isinstance(value, kind):
        raise ValueError(f"{where[:-1] or 'the value'} is not {word}")


def _scalar(value, kind, where):
    # JSON Schema counts 2.0 as an integer, and an integer as a number; true is neither.
    if isinstance(value, bool) == (kind is bool):
        if kind is float and isinstance(value, int):
            return float(value)
        if kind is int and isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, kind):
            return value
    raise ValueError(f"{where[:-1] or 'the value'} is not of type {SCALARS[kind]}")


def encode(value):
    """What json.dumps asks for values that it does not know."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, collections.abc.Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no value of JSON: return str, int, float, bool, None, list, dict or a "
                    "dataclass")
