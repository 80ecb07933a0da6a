"""A blocking executor in Python: its parameters are the input, its hints the schemas."""

from dataclasses import dataclass
from typing import Annotated

from batten_plugin import BadInput, Context, Field, Plugin

plugin = Plugin("hello", version="1.0.0", title="Greetings")


@dataclass
class Greeting:
    greeting: str


@plugin.executor(pure=True, title="Greets somebody")
def greet(context: Context, name: Annotated[str, Field(max_length=60, description="Whom to greet.")]) -> Greeting:
    if not name:
        raise BadInput("the name is empty: say whom to greet", code="hello.no_name")
    context.log(f"greeting {name}")
    return Greeting(f"Hello, {name}")
