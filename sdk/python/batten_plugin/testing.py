"""A host for unit tests: no Batten, no library, only the author's functions.

    with FakeHost(plugin, secrets={"KEY": "value"}, quotas={"requests": 10}) as host:
        outcome = host.run("hello.greet", {"name": "Ada"})
        assert outcome.output == {"greeting": "Hello, Ada"}

Blocking executors run on threads of their own, asynchronous ones on the event loop of the fake host. Inputs are held
against the schema before a call, outputs after it, by the keywords that hints make.
"""

import dataclasses
import json
import os
import re
import tempfile
import threading
import time
import typing

from .context import BAD_ARGUMENT, BUSY, DENIED, NEVER, OK, REFUSED, STALE, Blob
from .life import Life

CLASSES = {
    100: "done", 200: "retry", 201: "rate_limited", 202: "overloaded", 300: "failed", 301: "bad_input", 302: "auth",
    303: "quota", 304: "bug", 305: "permanent", 400: "cancelled", 401: "deadline",
}
LEVELS = {10: "debug", 20: "info", 30: "warning", 40: "error"}
EFFECTS = ("unknown", "none", "made")


@dataclasses.dataclass
class Outcome:
    """How a call ended. `outcome` is "done", "retry", "bad_input" and so on; `output` is read from its JSON."""

    outcome: str
    effect: str
    code: str
    message: str
    output: typing.Any
    details: typing.Any
    retry_after: typing.Optional[float]


class Call:
    """A call in flight."""

    def __init__(self, host, token):
        self._host, self.token = host, token

    def cancel(self, why="cancelled"):
        """Asks it to end: "cancelled", "deadline" or "shutdown"."""
        self._host._cancel(self.token, {"cancelled": 1, "deadline": 2, "shutdown": 3}[why])

    def wait(self, timeout=10.0):
        """Its outcome; raises TimeoutError if it has not ended after so many seconds."""
        return self._host._wait(self.token, timeout)


class FakeHost:
    """Goes through a plugin's life as a host does, offers every service, and remembers what it is told.

    secrets: what `context.secret` finds; others are denied.
    quotas: what is left of each meter; a meter that is not named grants everything.
    room: how many pieces `context.stream` takes before the reader is behind for a moment; None: all.
    """

    def __init__(self, plugin, *, secrets=None, quotas=None, room=None):
        self.secrets, self.quotas, self.room = dict(secrets or {}), dict(quotas or {}), room
        # What the plugin said: (level, text, fields), (fraction, note), bytes, bytes by channel, and sums by meter and
        # subject.
        self.logs, self.progress, self.checkpoints, self.streams, self.used = [], [], [], {}, {}
        self._plugin = plugin
        self._changed = threading.Condition()
        self._stops, self._outcomes, self._leases, self._blobs = {}, {}, {}, {}
        self._executors, self._threads = {}, []
        self._next = 0

    def __enter__(self):
        self._life = Life(self._plugin, self)
        self._loop_thread = threading.Thread(target=self._life.serve)
        self._loop_thread.start()
        return self

    def __exit__(self, *problem):
        for token in [token for token in self._executors if token not in self._outcomes]:
            self._cancel(token, 3)
        for thread in self._threads:
            thread.join(10)
        self._tell("stop")
        self._loop_thread.join(10)
        if self._loop_thread.is_alive():
            raise AssertionError("the event loop does not end: an asynchronous executor blocks it")
        for file in self._blobs.values():
            file.close()

    # ---- for tests ----

    def call(self, type, input=None, *, config=None, seconds=None, checkpoint=b"", attempt=1, environment=None):
        """Begins a call. seconds: how long it may take. Raises ValueError if input or configuration do not fit."""
        index = next((at for at, each in enumerate(self._plugin.executors) if each.type == type), None)
        if index is None:
            raise ValueError(f"{type} is no executor of this plugin")
        executor = self._plugin.executors[index]
        check({} if config is None else config, executor.config_schema, "config")
        check({} if input is None else input, executor.input_schema, "input")
        instance = self._life.open(index, json.dumps(config or {}).encode())
        if isinstance(instance, str):
            raise ValueError(instance)
        with self._changed:
            self._next += 1
            token = self._next
            self._stops[token], self._executors[token] = 0, executor
        deadline = NEVER if seconds is None else time.monotonic_ns() + int(seconds * 1e9)
        described = (
            token, attempt, "run-1", "stage-1", f"key-{token}", "", deadline, 5_000_000_000,
            json.dumps({} if input is None else input).encode(), "", 0, checkpoint,
            json.dumps(environment or {}).encode(), os.getcwd())
        if seconds is not None:
            timer = threading.Timer(seconds, self._cancel, (token, 2))
            timer.daemon = True
            timer.start()
        if executor.is_async:
            self._tell("begin", instance, described)
        else:
            thread = threading.Thread(target=instance.run, args=(described,))
            self._threads.append(thread)
            thread.start()
        return Call(self, token)

    def run(self, type, input=None, **more):
        """Makes a call and waits for its outcome."""
        return self.call(type, input, **more).wait()

    def blob(self, blob):
        """The bytes of a blob that a call gave as its output."""
        file = self._blobs[blob.number]
        return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0)

    # ---- for the life ----

    def _tell(self, *message):
        self._life.loop.call_soon_threadsafe(self._life.handle, *message)

    def _cancel(self, token, why):
        with self._changed:
            if token in self._outcomes or self._stops[token]:
                return
            self._stops[token] = why
        self._tell("cancel", token, why)

    def _wait(self, token, timeout):
        with self._changed:
            if not self._changed.wait_for(lambda: token in self._outcomes, timeout):
                raise TimeoutError(f"the call had not ended after {timeout} s")
            return self._outcomes[token]

    def complete(self, token, kind, effect, wait, code, message, details, output, media_type, blob):
        if blob:
            value = Blob(blob, media_type.decode())
        else:
            value = json.loads(output) if output else None
        outcome = Outcome(
            CLASSES[kind], EFFECTS[effect], code.decode(), message.decode(), value,
            json.loads(details) if details else None, wait / 1e9 if wait >= 0 else None)
        if kind == 100 and not blob:
            try:
                check(value, self._executors[token].output_schema, "output")
            except ValueError as error:
                outcome = Outcome("bug", "unknown", "plugin.bug.bad_output", str(error), value, None, None)
        with self._changed:
            if token in self._outcomes:
                return STALE
            self._outcomes[token] = outcome
            self._changed.notify_all()
        return OK

    def should_stop(self, token):
        return 4 if token in self._outcomes else self._stops[token]

    def log(self, token, level, text, fields):
        self.logs.append((LEVELS[level], text.decode(), json.loads(fields or b"{}")))
        return OK

    def beat(self, token, fraction, note):
        self.progress.append((fraction if fraction >= 0 else None, note.decode()))
        return OK

    def checkpoint(self, token, state):
        if len(state) > 1 << 20:
            return BAD_ARGUMENT
        self.checkpoints.append(state)
        return OK

    def stream(self, token, channel, piece):
        with self._changed:
            if self.room is not None:
                if self.room == 0:
                    self.room = 1
                    return BUSY
                self.room -= 1
            name = channel.decode()
            self.streams[name] = self.streams.get(name, b"") + piece
        return OK

    def stream_wait(self, token, deadline):
        return OK

    def when_ready(self, token, number):
        self._tell("ready", number)
        return OK

    def usage(self, token, meter, subject, amount):
        with self._changed:
            key = (meter.decode(), subject.decode())
            self.used[key] = self.used.get(key, 0) + amount
        return OK

    def hold(self, token, meter, subject, amount, number):
        name, lease, code, wait = meter.decode(), 0, OK, -1
        with self._changed:
            if self.quotas.get(name, amount) < amount:
                code, wait = REFUSED, 60_000_000_000
            else:
                lease = len(self._leases) + 1
                self._leases[lease] = (name, amount)
                if name in self.quotas:
                    self.quotas[name] -= amount
        self._tell("lease", number, lease, code, wait)
        return OK

    def settle(self, lease, used):
        with self._changed:
            name, amount = self._leases.get(lease, (None, 0))
            if name is None:
                return STALE
            self._leases[lease] = (None, 0)
            if name in self.quotas:
                self.quotas[name] += amount - used
        return OK

    def secret(self, token, name):
        wanted = name.decode()
        if wanted not in self.secrets or wanted not in self._executors[token].capabilities.get("secrets", []):
            return DENIED, b""
        return OK, self.secrets[wanted].encode()

    def blob_open(self, token, blob):
        return (OK, os.dup(self._blobs[blob].fileno())) if blob in self._blobs else (BAD_ARGUMENT, -1)

    def blob_create(self, token, hint):
        file = tempfile.TemporaryFile()
        self._blobs[len(self._blobs) + 1] = file
        return OK, os.dup(file.fileno()), len(self._blobs)

    def blob_seal(self, token, blob):
        return OK if blob in self._blobs else BAD_ARGUMENT


KINDS = {
    "object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float),
    "null": type(None),
}


def check(value, schema, where):
    """Holds a value against the keywords of a schema that hints make. Raises ValueError, naming the place."""
    kind = schema.get("type")
    if kind is not None and not any(_is_kind(value, each) for each in ([kind] if isinstance(kind, str) else kind)):
        raise ValueError(f"{where} is not of type {kind}")
    if "enum" in schema and value not in schema["enum"]:
        raise ValueError(f"{where} is none of {schema['enum']}")
    if "anyOf" in schema:
        problems = [_problem(value, each, where) for each in schema["anyOf"]]
        if all(problems):
            raise ValueError("; ".join(problems))
    bounds = [
        ("minimum", (int, float), lambda limit: value >= limit), ("maximum", (int, float), lambda limit: value <= limit),
        ("minLength", str, lambda limit: len(value) >= limit), ("maxLength", str, lambda limit: len(value) <= limit),
        ("minItems", list, lambda limit: len(value) >= limit), ("maxItems", list, lambda limit: len(value) <= limit),
        ("pattern", str, lambda pattern: re.search(pattern, value) is not None),
    ]
    for word, of, holds in bounds:
        if word in schema and isinstance(value, of) and not isinstance(value, bool) and not holds(schema[word]):
            raise ValueError(f"{where} does not fit {word} {schema[word]}")
    if isinstance(value, list) and "items" in schema:
        for index, each in enumerate(value):
            check(each, schema["items"], f"{where}[{index}]")
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                raise ValueError(f"{where} has no member {name}")
        others = schema.get("additionalProperties", True)
        for name, each in value.items():
            if name not in properties and others is False:
                raise ValueError(f"{where} has a member {name} that is not known")
            check(each, properties.get(name, {} if isinstance(others, bool) else others), f"{where}.{name}")


def _is_kind(value, kind):
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, KINDS[kind]) or kind == "integer" and isinstance(value, float) and value.is_integer()


def _problem(value, schema, where):
    try:
        check(value, schema, where)
        return ""
    except ValueError as error:
        return str(error)
