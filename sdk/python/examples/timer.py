"""An asynchronous executor in Python: calls that wait share one thread."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from batten_plugin import Context, Field, Plugin

plugin = Plugin("timer", version="1.0.0", title="Timers")


@dataclass
class Waited:
    waited_ms: int


# A call that is cancelled, or whose time is over, ends in `await` with asyncio.CancelledError: let it through.
@plugin.executor(idempotent=True, effect="none", title="Waits without holding a thread")
async def wait(context: Context, ms: Annotated[int, Field(minimum=0, maximum=86_400_000)]) -> Waited:
    await asyncio.sleep(ms / 1000)
    return Waited(ms)
