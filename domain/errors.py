"""The one error tree. What a stage raises tells the worker what to do with the job.

    SalesControlError
    ├── ConfigError              a setting is wrong: says which and what would be right; exit 2
    ├── LeaseLost                our claim on a job is no longer ours: roll back, say nothing
    ├── Conflict                 what is asked for contradicts what is stored
    ├── NotFound                 there is no such thing, or not for who asks
    └── StageError
        ├── Transient            try again with backoff, at most 5 attempts, then dead
        ├── Rejected             never going to work: dead at once, visible, retryable by hand
        └── Unavailable          a dependency is down or draining: the attempt is given back, the stage pauses

Anything else that a stage raises counts as Transient: it retries and then is dead.
"""


class SalesControlError(Exception):
    """Root of every error that SalesControl raises on purpose."""


class ConfigError(SalesControlError):
    """A setting is missing, unknown or wrong."""


class LeaseLost(SalesControlError):
    """The job's lease is not ours any more; another worker's result stands."""


class Conflict(SalesControlError):
    """What is asked for contradicts what is stored; the message says what, and how to mend it."""


class NotFound(SalesControlError):
    """There is no such thing, or not for who asks: the two look the same. The message is one sentence for them."""


class StageError(SalesControlError):
    """Root of what a stage may say about its work."""


class Transient(StageError):
    """It may work next time."""


class Rejected(StageError):
    """It will never work as it is: the input is at fault."""


class Unavailable(StageError):
    """A dependency is down, overloaded or draining. `retry_after_s`: seconds to wait before the next probe."""

    def __init__(self, message: str, retry_after_s: float = 10.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
