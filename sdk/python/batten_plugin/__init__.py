"""Batten plugins in Python: decorated functions that carry out stages of workflows."""

from .context import Blob, Context, Lease
from .failures import (
    Auth,
    BadInput,
    Cancelled,
    DeadlineExceeded,
    Failed,
    Failure,
    Overloaded,
    Permanent,
    QuotaExceeded,
    RateLimited,
    Retry,
)
from .plugin import Plugin
from .schema import Field

__all__ = [
    "Auth", "BadInput", "Blob", "Cancelled", "Context", "DeadlineExceeded", "Failed", "Failure", "Field", "Lease",
    "Overloaded", "Permanent", "Plugin", "QuotaExceeded", "RateLimited", "Retry",
]

VERSION = "1.0.0"
