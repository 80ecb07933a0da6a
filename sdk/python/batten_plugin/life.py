"""One life of a plugin: its event loop, its instances, and the calls that are in flight."""

import asyncio
import functools
import importlib
import itertools
import json
import threading

from .context import Blob, Call, Context
from .failures import EFFECTS, STOPS, BadInput, Failure, encode_object, stopped, unexpected
from .plugin import find_plugin
from .schema import decode, encode

SERVICES = (
    "complete", "should_stop", "log", "beat", "checkpoint", "stream", "stream_wait", "when_ready", "usage", "hold",
    "settle", "secret", "blob_open", "blob_create", "blob_seal", "messages",
)

_plugin = None


def load(name):
    """Imports the author's module."""
    global _plugin
    _plugin = find_plugin(importlib.import_module(name))


class NativeHost:
    """The real host, by the functions of the C module."""

    def __init__(self, capsule):
        import _batten

        for name in SERVICES:
            setattr(self, name, functools.partial(getattr(_batten, name), capsule))


def make(capsule, descriptor, config):
    """Begins a life in the real host, which has written its configuration as JSON."""
    return Life(_plugin, NativeHost(capsule), descriptor)


class Instance:
    """An executor with one configuration."""

    def __init__(self, life, executor, config):
        self.life, self.executor, self.config = life, executor, config

    def run(self, described):
        """Carries out a call on this thread. What can go wrong is an outcome."""
        call = Call(*described)
        context = Context(self.life, call, self.executor)
        self.life.contexts[call.token] = context
        if self.life.host.should_stop(call.token):
            context._stopped.set()
        try:
            self.life.finish(call, context, self.executor.function(context, **self.arguments(call)))
        except BaseException as error:
            self.life.fail(call, context, error)
        finally:
            self.life.contexts.pop(call.token, None)

    async def carry_out(self, call, context):
        """The same on the event loop."""
        try:
            self.life.finish(call, context, await self.executor.function(context, **self.arguments(call)))
        except asyncio.CancelledError as error:
            why = self.life.reasons.get(call.token)
            self.life.fail(call, context, stopped(why) if why else unexpected(error))
        except BaseException as error:
            self.life.fail(call, context, error)
        finally:
            self.life.contexts.pop(call.token, None)
            self.life.reasons.pop(call.token, None)

    def arguments(self, call):
        """What the function is called with."""
        if call.blob:
            raise BadInput("the input is a blob, and this executor takes an object", code="input.invalid")
        try:
            members = json.loads(call.input or b"{}", parse_constant=_no_constant)
            if not isinstance(members, dict):
                raise ValueError("the input is not an object")
            hints = self.executor.hints
            given = {name: decode(value, hints.get(name), f"{name}.") if name in hints else value
                     for name, value in members.items()}
        except (ValueError, RecursionError) as error:
            raise BadInput(f"the input cannot be used: {error}", code="input.invalid") from None
        if "context" in given or "config" in given and self.config is not None:
            raise BadInput("an input has no members 'context' and 'config'", code="input.invalid")
        if self.executor.config is not None:
            given["config"] = self.config
        return given


def _no_constant(word):
    raise ValueError(f"{word} is no JSON")


class Life:
    """Everything of one start of the plugin."""

    def __init__(self, plugin, host, descriptor=None):
        self.plugin, self.host = plugin, host
        # By token: the context of each call in flight, and of asynchronous ones the task and why it was cancelled.
        self.contexts, self.tasks, self.reasons = {}, {}, {}
        self._lock = threading.Lock()
        self._tickets, self._waiting = itertools.count(1), {}
        self.loop = asyncio.new_event_loop()
        if descriptor is not None:
            self.loop.add_reader(descriptor, self._receive)
            self._descriptor = descriptor
        else:
            self._descriptor = None

    # ---- the event loop's thread ----

    def serve(self):
        """Turns the loop until the plugin is stopped."""
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            pending = asyncio.all_tasks(self.loop)
            for task in pending:
                task.cancel()
            if pending:
                self.loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
        finally:
            asyncio.set_event_loop(None)
            self.close()

    def close(self):
        """Closes the loop, which does not turn."""
        if self._descriptor is not None:
            self.loop.remove_reader(self._descriptor)
        self.loop.close()

    def _receive(self):
        for message in self.host.messages():
            try:
                self.handle(*message)
            except Exception as error:
                self.loop.call_exception_handler({"message": f"a message of the host: {message[0]}", "exception": error})

    def handle(self, kind, *content):
        """Does what a message asks for; on the loop's thread."""
        if kind == "begin":
            instance, described = content
            call = Call(*described)
            context = Context(self, call, instance.executor)
            self.contexts[call.token] = context
            task = self.loop.create_task(instance.carry_out(call, context))
            self.tasks[call.token] = task
            task.add_done_callback(functools.partial(self._ended, call, context))
        elif kind == "cancel":
            token, why = content
            context, task = self.contexts.get(token), self.tasks.get(token)
            if context is not None:
                context._stop()
            if task is not None and not task.done():
                self.reasons.setdefault(token, STOPS.get(why, "cancelled"))
                task.cancel()
        elif kind in ("lease", "ready"):
            with self._lock:
                future = self._waiting.pop(content[0], None)
            if future is not None and not future.done():
                future.set_result(content[1:])
        elif kind == "stop":
            self.loop.stop()

    def _ended(self, call, context, task):
        self.tasks.pop(call.token, None)
        # A task that was cancelled before its first step never reached `carry_out`.
        if self.contexts.pop(call.token, None) is not None:
            context.effect = "none"
            self.fail(call, context, stopped(self.reasons.pop(call.token, "cancelled")))
        if not task.cancelled():
            task.exception()

    # ---- any thread ----

    def open(self, index, config):
        """Makes an instance; answers a text with the reason if the configuration is refused."""
        executor = self.plugin.executors[index]
        try:
            value = json.loads(config or b"{}")
            given = decode(value, executor.config) if executor.config is not None else None
        except (ValueError, RecursionError) as error:
            return f"the configuration of {executor.type} cannot be used: {error}"
        return Instance(self, executor, given)

    def expect(self, future):
        """A number under which the host's answer finds a future."""
        with self._lock:
            number = next(self._tickets)
            self._waiting[number] = future
        return number

    def forget(self, number):
        """No answer will come."""
        with self._lock:
            self._waiting.pop(number, None)

    def finish(self, call, context, result):
        """Completes a call that is done."""
        blob, media_type, output = 0, b"", b""
        if isinstance(result, Blob):
            blob, media_type = result.number, result.media_type.encode("utf-8", "replace")
        elif result is not None:
            text = json.dumps(result, ensure_ascii=False, allow_nan=False, default=encode)
            output = text.encode("utf-8")
        self.host.complete(
            call.token, 100, EFFECTS[context.effect], -1, b"", b"", b"", output, media_type, blob)

    def fail(self, call, context, error):
        """Completes a call that is not."""
        failure = error if isinstance(error, Failure) else unexpected(error)
        wait = -1 if failure.retry_after is None else int(min(max(0.0, failure.retry_after), 1e9) * 1e9)
        try:
            output = b"" if failure.output is None else encode_object(failure.output)
            details = b"" if failure.details is None else encode_object(failure.details)
        except (TypeError, ValueError, RecursionError) as problem:
            output, details = b"", encode_object({"details": f"cannot be shown: {problem}"})
        effect = EFFECTS.get(failure.effect or context.effect, 0)
        self.host.complete(
            call.token, failure.outcome_class, effect, wait, str(failure.code).encode("utf-8", "replace"),
            failure.message.encode("utf-8", "replace"), details, output, b"", 0)

