"""@NAME@: a Batten plugin."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from batten_plugin import Context, Field, Plugin

plugin = Plugin("@ID@", version="0.1.0", title="@NAME@")


@dataclass
class Waited:
    waited: bool


# All calls share one event loop, so nothing may block. A call that is cancelled, or whose time is over, ends in `await`
# with asyncio.CancelledError: clean up with `finally`, and let it through.
@plugin.executor(idempotent=True, effect="none", title="Waits without holding a thread")
async def wait(context: Context, ms: Annotated[int, Field(minimum=0, maximum=86_400_000)]) -> Waited:
    await asyncio.sleep(ms / 1000)
    return Waited(True)
