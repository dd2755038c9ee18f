"""Which key ticks which category. Pure.

Keys are named by the letter on a Latin keyboard; kit/screen.js takes them by their place where another alphabet is on.
"""

from collections.abc import Sequence

FREE = "bdefghijlmopqtvw"
"""Letters that no other doing of the page has: y n u a r x k c z s are taken."""


def letters(categories: Sequence[str]) -> dict[str, str]:
    """Category → its key: the first free letter of its own name, else the first free one; none are left for the 17th
    and later. The same catalogue always has the same keys."""
    left = list(FREE)
    chosen: dict[str, str] = {}
    for category in categories:
        letter = next((one for one in category.lower() if one in left), left[0] if left else None)
        if letter is not None:
            left.remove(letter)
            chosen[category] = letter
    return chosen
