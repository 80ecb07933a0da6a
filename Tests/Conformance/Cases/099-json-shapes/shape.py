"""Says which keys a JSON text has, in their order, and of which type the values are; lists by their first element."""
import json, sys


def shape(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {shape(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + (shape(value[0]) if value else "") + "]"
    return {str: "text", bool: "bool", int: "int", float: "number", type(None): "null"}[type(value)]


text = sys.stdin.read()
try:
    print(shape(json.loads(text)))
except ValueError:
    print(shape(json.loads(text.splitlines()[0])))
