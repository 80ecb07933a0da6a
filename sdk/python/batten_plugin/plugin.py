"""A plugin and its executors, as the author declares them."""

import dataclasses
import inspect
import re
import typing

from .failures import EFFECTS
from .schema import parameters_schema, schema_of

NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


@dataclasses.dataclass
class Executor:
    """One function that carries out a type of stage."""

    type: str
    function: typing.Callable
    title: str
    description: str
    version: typing.Optional[str]
    flags: int
    max_in_flight: int
    effect: str
    config: typing.Any
    config_schema: dict
    input_schema: dict
    output_schema: dict
    capabilities: dict
    hints: dict
    is_async: bool


class Plugin:
    """A plugin: make one in a module, and decorate its functions with `executor`.

    id: lower case letters, digits and `_`; the library becomes `libbatten-plugin-<id>.so`.
    version: semantic version. title, description: for people.
    search_path: absolute folders where further modules of Python are looked for; the plugin may read them.
    manifest: whatever else describes it: licence, authors, home page.
    """

    def __init__(self, id, *, version, title="", description="", search_path=(), manifest=None):
        if not NAME.match(id):
            raise ValueError(f"the plugin's id {id!r} is not lower case letters, digits and _, beginning with a letter")
        for folder in search_path:
            if not folder.startswith("/"):
                raise ValueError(f"search_path: {folder!r} is not an absolute path")
        self.id, self.version, self.title, self.description = id, version, title, description
        self.search_path = list(search_path)
        self.manifest = dict(manifest or {})
        self.executors = []

    def executor(self, function=None, /, **declared):
        """Declares a function as an executor: `@plugin.executor` or `@plugin.executor(pure=True, …)`.

        Its parameters besides `context` are the members of the stage's `with`: hints become the input schema, defaults
        make members optional. A parameter `config`, of a dataclass, receives the configuration. The hint of what it
        returns becomes the output schema. A function of `async def` runs on the plugin's event loop and must not block;
        others run on a thread of the host, many in parallel.

        name: without the plugin's id; the function's own name if left out. title, description, version
        pure, idempotent, cancellable: promises, see the header. Asynchronous ones are cancellable.
        effect: "none" if the function changes nothing outside, otherwise "unknown", or "made".
        max_in_flight: how many calls at once, 0 for no limit.
        paths, secrets, process, network: what it needs of its surroundings.
        input_schema, output_schema, config_schema: JSON Schemas in place of those of the hints.
        """
        if function is not None:
            self._declare(function)
            return function

        def declare(function):
            self._declare(function, **declared)
            return function

        return declare

    def _declare(
        self, function, *, name=None, title="", description="", version=None, pure=False, idempotent=False,
        cancellable=None, effect=None, max_in_flight=0, paths=None, secrets=(), process=False, network=None,
        input_schema=None, output_schema=None, config_schema=None,
    ):
        name = name or function.__name__
        if not NAME.match(name):
            raise ValueError(f"the executor's name {name!r} is not lower case letters, digits and _")
        if any(each.type == f"{self.id}.{name}" for each in self.executors):
            raise ValueError(f"two executors are named {self.id}.{name}")
        if effect is not None and effect not in EFFECTS:
            raise ValueError(f"effect is {effect!r}; choose 'none', 'made' or 'unknown'")
        parameters = list(inspect.signature(function).parameters.values())
        for each in parameters:
            if each.kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL):
                raise TypeError(f"{function.__name__}: parameter {each.name} cannot be given by name")
        if not parameters or parameters[0].name != "context":
            raise TypeError(f"{function.__name__}: the first parameter of an executor is `context`")
        hints = typing.get_type_hints(function, include_extras=True)
        members = [each for each in parameters[1:] if each.name != "config"]
        config = hints.get("config", dict) if any(each.name == "config" for each in parameters[1:]) else None
        is_async = inspect.iscoroutinefunction(function)
        if config_schema is None:
            config_schema = {"type": "object", "additionalProperties": False} if config is None else schema_of(config)
        flags = (1 if idempotent else 0) | (3 if pure else 0)
        flags |= 4 if (is_async if cancellable is None else cancellable) else 0
        needs = {"paths": paths, "secrets": list(secrets), "process": process, "network": network}
        self.executors.append(
            Executor(
                type=f"{self.id}.{name}", function=function, title=title,
                description=description or inspect.getdoc(function) or "", version=version, flags=flags,
                max_in_flight=max_in_flight, effect=effect or ("none" if pure else "unknown"), config=config,
                config_schema=config_schema,
                input_schema=parameters_schema(members, hints) if input_schema is None else input_schema,
                output_schema=schema_of(hints.get("return", typing.Any)) if output_schema is None else output_schema,
                capabilities={word: value for word, value in needs.items() if value}, hints=hints, is_async=is_async,
            )
        )

    def capabilities(self, executor):
        """What an executor needs, with the folders that the plugin imports from."""
        needs = {word: value for word, value in executor.capabilities.items()}
        if self.search_path:
            paths = dict(needs.get("paths") or {})
            paths["read"] = list(paths.get("read", [])) + self.search_path
            needs["paths"] = paths
        return needs


def find_plugin(module):
    """The one Plugin that a module makes."""
    found = [value for value in vars(module).values() if isinstance(value, Plugin)]
    if len(found) != 1 or not found[0].executors:
        what = "no Plugin" if not found else "a Plugin without executors" if len(found) == 1 else "several Plugins"
        raise TypeError(f"{module.__name__} has {what}: make one, and decorate its functions with @plugin.executor")
    return found[0]
