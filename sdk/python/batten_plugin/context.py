"""What an executor may do besides returning: log, report, stream, reserve, read secrets, pass large values on."""

import asyncio
import concurrent.futures
import dataclasses
import json
import os
import threading
import time
import typing

from .failures import STOPS, Auth, QuotaExceeded, Permanent, encode_object, stopped

OK, REFUSED, STALE, BAD_ARGUMENT, UNSUPPORTED, DENIED, TOO_SMALL, BUSY = range(8)
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
NEVER = 2**63 - 1


class Call(typing.NamedTuple):
    """A call as the host tells it, in the order of `describe_call`."""

    token: int
    attempt: int
    run_id: str
    stage_id: str
    idempotency_key: str
    traceparent: str
    deadline_ns: int
    grace_ns: int
    input: bytes
    media_type: str
    blob: int
    checkpoint: bytes
    environment: bytes
    working_directory: str


@dataclasses.dataclass
class Lease:
    """What was granted of a quota. It ends with the call; `settle` gives back what was not used."""

    context: "Context"
    number: int

    def settle(self, used):
        """Says how much was really used."""
        if self.number:
            self.context._host.settle(self.number, int(used))


@dataclasses.dataclass
class Blob:
    """A large value that is passed on by file descriptor: return it as the output."""

    number: int
    media_type: str


class _BlobWriter:
    """A file for writing that becomes a blob when it is closed without an exception."""

    def __init__(self, context, file, number, media_type):
        self.context, self.file, self.blob = context, file, Blob(number, media_type)

    def write(self, data):
        return self.file.write(data)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.file.close()
        if kind is None:
            code = self.context._host.blob_seal(self.context._call.token, self.blob.number)
            if code != OK:
                raise Permanent(f"the host did not take the blob (code {code})", code="blob.refused")


class Context:
    """One call. The same object serves blocking and asynchronous executors; what may wait has a twin in async:
    `hold` and `hold_async`, `stream` and `stream_async`, `sleep` and asyncio.sleep."""

    def __init__(self, life, call, executor):
        self._life, self._host, self._call = life, life.host, call
        self._stopped = threading.Event()
        # What a blocking executor waits for.
        self._waiting = None
        # Whether the world outside may have changed: "none", "made" or "unknown". Set it to say what you know.
        self.effect = executor.effect

    def _stop(self):
        """Wakes a blocking executor that waits; on the loop's thread."""
        self._stopped.set()
        waiting = self._waiting
        if waiting is not None:
            waiting.cancel()

    # ---- what the host tells ----

    @property
    def run_id(self):
        return self._call.run_id

    @property
    def stage_id(self):
        return self._call.stage_id

    @property
    def attempt(self):
        """Counts from 1."""
        return self._call.attempt

    @property
    def idempotency_key(self):
        """The same for all attempts of this stage in this run."""
        return self._call.idempotency_key

    @property
    def traceparent(self):
        return self._call.traceparent

    @property
    def working_directory(self):
        """Absolute path of the folder that relative paths of this call start from."""
        return self._call.working_directory

    @property
    def environment(self):
        """The stage's environment, never the host's own."""
        return json.loads(self._call.environment or b"{}")

    @property
    def remaining(self):
        """Seconds until the host asks the call to end; None means never."""
        if self._call.deadline_ns == NEVER:
            return None
        return (self._call.deadline_ns - time.monotonic_ns()) / 1e9

    @property
    def saved(self):
        """What an earlier attempt gave to `checkpoint`, as bytes; None if nothing."""
        return self._call.checkpoint or None

    def should_stop(self):
        """Why the call shall end: "cancelled", "deadline", "shutdown" or "stale"; None means go on."""
        return STOPS.get(self._host.should_stop(self._call.token), "cancelled")

    def check_stop(self):
        """Raises Cancelled or DeadlineExceeded if the call shall end."""
        why = self.should_stop()
        if why is not None:
            raise stopped(why)

    def sleep(self, seconds):
        """Waits on this thread; raises Cancelled or DeadlineExceeded as soon as the call shall end."""
        self._stopped.wait(max(0.0, seconds))
        self.check_stop()

    # ---- what the executor tells ----

    def log(self, text, level="info", **fields):
        """Writes a line for people: level "debug", "info", "warning" or "error"."""
        self._host.log(self._call.token, LEVELS[level], _bytes(text), encode_object(fields))

    def progress(self, fraction=None, note=""):
        """Says that the call lives and how far it is, from 0 to 1; None if not known."""
        known = -1.0 if fraction is None else min(1.0, max(0.0, float(fraction)))
        self._host.beat(self._call.token, known, _bytes(note))

    def checkpoint(self, state):
        """Keeps bytes or text, at most 1 MiB, for a later attempt, where it is `saved`."""
        kept = _bytes(state)
        if self._host.checkpoint(self._call.token, kept) == BAD_ARGUMENT:
            raise ValueError(f"a checkpoint has at most 1 MiB, and this has {len(kept)} bytes")

    def usage(self, meter, amount, subject=""):
        """Adds to what the call consumed, for example `usage("llm.tokens.output", 12, "model-1")`."""
        if amount < 0:
            raise ValueError(f"usage of {meter}: {amount} is negative")
        self._host.usage(self._call.token, _bytes(meter), _bytes(subject), int(amount))

    def stream(self, data, channel="text"):
        """Shows output while the call still works; waits while the reader is behind. Text or bytes."""
        piece = _bytes(data)
        while self._host.stream(self._call.token, _bytes(channel), piece) == BUSY:
            self.check_stop()
            self._host.stream_wait(self._call.token, time.monotonic_ns() + 1_000_000_000)

    async def stream_async(self, data, channel="text"):
        """The same in an asynchronous executor."""
        piece = _bytes(data)
        while self._host.stream(self._call.token, _bytes(channel), piece) == BUSY:
            future = asyncio.get_running_loop().create_future()
            number = self._life.expect(future)
            if self._host.when_ready(self._call.token, number) == OK:
                await future
            else:
                self._life.forget(number)
                # Another piece of this call waits already.
                await asyncio.sleep(0.01)

    # ---- quota, secrets, blobs ----

    def _ask(self, meter, subject, amount, future):
        number = self._life.expect(future)
        code = self._host.hold(self._call.token, _bytes(meter), _bytes(subject), int(amount), number)
        if code == OK:
            return True
        self._life.forget(number)
        if code == UNSUPPORTED:
            # A host without quotas grants everything.
            return False
        raise _refused(meter, code, -1)

    def hold(self, meter, amount, subject=""):
        """Reserves at most `amount` of a quota, and waits for the grant. Raises QuotaExceeded."""
        future = concurrent.futures.Future()
        if not self._ask(meter, subject, amount, future):
            return Lease(self, 0)
        self._waiting = future
        try:
            # The call may have been asked to end before that was there to be cancelled.
            self.check_stop()
            answer = future.result()
        except concurrent.futures.CancelledError:
            raise stopped(self.should_stop(), "none") from None
        finally:
            self._waiting = None
        return self._granted(meter, *answer)

    async def hold_async(self, meter, amount, subject=""):
        """The same in an asynchronous executor."""
        future = asyncio.get_running_loop().create_future()
        if not self._ask(meter, subject, amount, future):
            return Lease(self, 0)
        return self._granted(meter, *await future)

    def _granted(self, meter, lease, code, retry_after_ns):
        if code != OK:
            raise _refused(meter, code, retry_after_ns)
        return Lease(self, lease)

    def secret(self, name):
        """A secret that the executor declares, as text. Raises Auth."""
        code, value = self._host.secret(self._call.token, _bytes(name))
        if code != OK:
            raise Auth(
                f"the secret {name} is not there: declare it with secrets=[…], and grant and set it",
                code="secret.denied", effect="none")
        return value.decode("utf-8", "replace")

    def create_blob(self, size_hint=0, media_type="application/json"):
        """Makes a large output, of JSON in UTF-8 unless the host takes others:
        `with context.create_blob() as out: out.write(…)`, then `return out.blob`."""
        code, descriptor, number = self._host.blob_create(self._call.token, size_hint)
        if code != OK:
            raise Permanent("the host takes no blobs", code="blob.refused", effect="none")
        return _BlobWriter(self, os.fdopen(descriptor, "wb"), number, media_type)

    def open_blob(self, number):
        """Opens a blob of the host for reading, as a binary file."""
        code, descriptor = self._host.blob_open(self._call.token, number)
        if code != OK:
            raise Permanent(f"the blob {number} cannot be opened", code="blob.refused", effect="none")
        return os.fdopen(descriptor, "rb")


def _bytes(text):
    return bytes(text) if isinstance(text, (bytes, bytearray, memoryview)) else str(text).encode("utf-8", "replace")


def _refused(meter, code, retry_after_ns):
    if code == STALE:
        return stopped("stale", "none")
    return QuotaExceeded(
        f"the quota of {meter} is used up: try again later, or raise it", code="quota.refused", effect="none",
        retry_after=retry_after_ns / 1e9 if retry_after_ns >= 0 else None)
