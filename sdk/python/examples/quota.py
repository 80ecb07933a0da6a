"""A quota-aware executor in Python: it holds what it may use at most, and settles what it really used."""

from dataclasses import dataclass
from typing import Annotated

from batten_plugin import Context, Field, Plugin

plugin = Plugin("quota", version="1.0.0", title="An example of quotas")


@dataclass
class Fetched:
    requests: int


@plugin.executor(idempotent=True, title="Uses a quota")
def fetch(context: Context, pages: Annotated[int, Field(minimum=1, maximum=1000)]) -> Fetched:
    # At most two requests a page; QuotaExceeded leaves from here if they are not granted.
    lease = context.hold("requests", 2 * pages, "example")
    context.usage("requests", pages, "example")
    lease.settle(pages)
    return Fetched(pages)
