"""A plugin in Python that does what plugins do, well and badly."""

import asyncio
import dataclasses
import enum
import os
import signal
import sys
import threading
import time
from typing import Annotated, Any, Literal, Optional

from batten_plugin import (
    Auth, BadInput, Context, Failed, Field, Overloaded, Permanent, Plugin, QuotaExceeded, RateLimited, Retry,
)

plugin = Plugin("trial", version="1.2.3", title="A trial")

FAILURES = {
    "retry": Retry, "rate_limited": RateLimited, "overloaded": Overloaded, "failed": Failed, "bad_input": BadInput,
    "auth": Auth, "quota": QuotaExceeded, "permanent": Permanent,
}


@plugin.executor(effect="none")
def fails(context: Context, how: Literal[tuple(FAILURES)]) -> None:
    raise FAILURES[how](f"it is {how}", code=f"trial.{how}", retry_after=0.25, details={"how": how, "odd": {1}})


@plugin.executor(pure=True)
def raises(context: Context, what: str) -> Any:
    if what == "exit":
        sys.exit(3)
    if what == "recursion":
        return raises(context, what)
    if what == "recursion in C":
        class Loop:
            def __repr__(self):
                return f"{[self]!r}"
        return repr(Loop())
    if what == "unprintable":
        class Odd(Exception):
            def __str__(self):
                raise ValueError
        raise Odd
    if what == "nan":
        return float("nan")
    if what == "object":
        return object()
    if what == "surrogate":
        return "\ud800"
    if what == "huge":
        return 10**400
    if what == "circle":
        circle = []
        circle.append(circle)
        return circle
    raise ZeroDivisionError("divided by nothing")


@plugin.executor(pure=True)
async def raises_later(context: Context, what: str) -> Any:
    await asyncio.sleep(0)
    return raises(context, what)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Point:
    x: float
    y: float = 0.0


@dataclasses.dataclass
class Settings:
    factor: Annotated[int, Field(minimum=1, maximum=9)] = 1


@plugin.executor(pure=True)
def typed(
    context: Context, config: Settings, colour: Colour, points: list[Point], note: Optional[str] = None,
    by_name: dict[str, int] = {}, **others: Any,
) -> dict[str, Any]:
    assert isinstance(colour, Colour) and all(isinstance(each, Point) for each in points)
    return {"colour": colour, "sum": sum(each.x for each in points) * config.factor, "points": points, "note": note,
            "by_name": by_name, "others": others}


@plugin.executor(effect="none", cancellable=True)
def sleeps(context: Context, seconds: float) -> str:
    context.progress(0.5, "half")
    context.sleep(seconds)
    return "slept"


@plugin.executor(effect="none")
async def sleeps_async(context: Context, seconds: float) -> str:
    try:
        await asyncio.sleep(seconds)
    finally:
        context.log("cleaned up")
    return "slept"


@plugin.executor(effect="none")
async def in_a_thread(context: Context) -> bool:
    return await asyncio.to_thread(lambda: threading.current_thread() is not threading.main_thread())


@plugin.executor(effect="none")
def computes(context: Context, seconds: Annotated[float, Field(minimum=0, maximum=1)]) -> int:
    end, turns = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        turns += 1
    return turns


@plugin.executor(effect="none")
def streams(context: Context, pieces: int) -> None:
    for number in range(pieces):
        context.stream(f"piece {number}\n", "stdout")
    print("printed")
    print("to the other", file=sys.stderr)


@plugin.executor(effect="none")
async def streams_async(context: Context, pieces: int) -> None:
    for number in range(pieces):
        await context.stream_async(f"piece {number}\n", "stdout")


@plugin.executor(effect="none")
async def holds(context: Context, amount: int) -> int:
    lease = await context.hold_async("trial", amount)
    lease.settle(amount // 2)
    return amount


@plugin.executor(effect="none", secrets=["TRIAL_KEY"])
def secret(context: Context, name: str) -> int:
    return len(context.secret(name))


@plugin.executor(effect="none")
def large(context: Context, size: int) -> Any:
    with context.create_blob(size) as out:
        out.write(b'"' + b"x" * size + b'"')
    return out.blob


@plugin.executor(effect="none")
def checkpoints(context: Context) -> str:
    if context.saved is None:
        context.checkpoint("where it was")
        raise Retry("again", effect="none")
    return context.saved.decode()


@plugin.executor(effect="none")
def surroundings(context: Context) -> dict[str, Any]:
    try:
        open(os.path.join(os.path.expanduser("~"), "readable")).close()
        reads = True
    except OSError:
        reads = False
    return {
        "isolated": sys.flags.isolated, "reads_home": reads, "utf8": sys.getfilesystemencoding(),
        "interrupt": signal.getsignal(signal.SIGINT) is not None, "attempt": context.attempt,
        "folder": os.path.isabs(context.working_directory), "environment": context.environment,
    }
