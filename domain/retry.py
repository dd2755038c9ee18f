"""How long a failed job waits before its next attempt."""


def backoff_s(attempt: int, base_s: float, max_s: float, jitter: float) -> float:
    """Exponential backoff with full jitter, in seconds.

    `attempt` counts from 1; `jitter` is a random number in [0, 1). Full jitter (the whole span, not a band around its
    end) spreads a fleet that failed together; source: M. Brooker, "Exponential Backoff And Jitter", AWS, 2015.
    """
    exponent = min(attempt - 1, 63)  # beyond this every base is over every limit, and floats overflow later on
    return jitter * min(max_s, base_s * 2.0**exponent)
