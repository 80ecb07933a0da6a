"""How a call can end without its work being done: exceptions that an executor raises."""

import json
import traceback

EFFECTS = {"unknown": 0, "none": 1, "made": 2}
STOPS = {0: None, 1: "cancelled", 2: "deadline", 3: "shutdown", 4: "stale"}


class Failure(Exception):
    """A failure with everything that the host may know about it. Raise one of the classes below.

    message: for people: what happened and what to do about it.
    code: for programs, dotted lower case words such as `http.status.503`.
    effect: whether the world outside may have changed: "none" (trying again is safe), "made" or "unknown"; None means
        what the executor declares, "unknown" if nothing.
    retry_after: seconds to wait before another attempt, None if not known.
    details: whatever else is known, an object of JSON.
    output: kept for diagnosis.
    """

    outcome_class = 300
    word = "failed"

    def __init__(self, message, *, code=None, effect=None, retry_after=None, details=None, output=None):
        super().__init__(message)
        if effect is not None and effect not in EFFECTS:
            raise ValueError(f"effect is {effect!r}; choose 'none', 'made' or 'unknown'")
        self.message = str(message)
        self.code = code or f"call.{self.word}"
        self.effect = effect
        self.retry_after = retry_after
        self.details = details
        self.output = output


class Retry(Failure):
    """It failed for a reason that may pass."""

    outcome_class, word = 200, "retry"


class RateLimited(Failure):
    """The other side limits the rate."""

    outcome_class, word = 201, "rate_limited"


class Overloaded(Failure):
    """The other side is overloaded."""

    outcome_class, word = 202, "overloaded"


class Failed(Failure):
    """It was carried out, and the answer is no."""


class BadInput(Failure):
    """The input asks for something impossible. Nothing was done."""

    outcome_class, word = 301, "bad_input"

    def __init__(self, message, *, effect="none", **more):
        super().__init__(message, effect=effect, **more)


class Auth(Failure):
    """A credential is missing, wrong or not sufficient."""

    outcome_class, word = 302, "auth"


class QuotaExceeded(Failure):
    """A quota or budget does not allow it."""

    outcome_class, word = 303, "quota"


class Permanent(Failure):
    """Trying again cannot help, for a reason that none of the others names."""

    outcome_class, word = 305, "permanent"


class Cancelled(Failure):
    """It ended because the host asked."""

    outcome_class, word = 400, "cancelled"


class DeadlineExceeded(Failure):
    """It ended because its time was over."""

    outcome_class, word = 401, "deadline"


class Unexpected(Failure):
    """An exception that is none of these: a mistake in the plugin."""

    outcome_class, word = 304, "exception"


def stopped(why, effect=None):
    """The failure of a call that ends because the host asked."""
    if why == "deadline":
        return DeadlineExceeded("the time of the call was over", effect=effect)
    return Cancelled("the call was cancelled", effect=effect)


def unexpected(error):
    """Tells an exception that the executor did not mean to raise."""
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    text = str(error) if _is_printable(error) else "it cannot be shown"
    return Unexpected(
        f"the executor raised {type(error).__name__}: {text}",
        code="plugin.exception",
        details={"exception": type(error).__name__, "traceback": "".join(lines)[-16_000:]},
    )


def _is_printable(error):
    try:
        str(error)
        return True
    except Exception:
        return False


def encode_object(value):
    """JSON of details and fields, of which what JSON does not have is told in words."""
    return json.dumps(value, ensure_ascii=False, default=repr).encode("utf-8", "replace")
