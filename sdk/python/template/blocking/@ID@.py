"""@NAME@: a Batten plugin."""

from dataclasses import dataclass

from batten_plugin import Context, Plugin

plugin = Plugin("@ID@", version="0.1.0", title="@NAME@")


@dataclass
class Greeting:
    greeting: str


# One call, on a thread that may block; many run in parallel. The parameters after `context` are the input. Raise Retry,
# Failed, Permanent and their like for what can go wrong; any other exception counts as a mistake in the plugin.
@plugin.executor(pure=True, title="Greets somebody")
def greet(context: Context, name: str) -> Greeting:
    context.log(f"greeting {name}")
    return Greeting(f"Hello, {name}")
