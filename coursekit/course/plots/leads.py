"""Differences in words: ahead, behind, or about equal; never "−0.3 ahead"."""

EQUAL = 0.02  # accuracies of one seed that are closer than that change places with the seed


def lead(one: str, other: str, difference: float) -> str:
    """A clause on accuracy of ``one`` minus that of ``other``: "A is 0.250 ahead of B".

    Less than `EQUAL` either way is "about equal" on one seed.
    """
    return f"{one} is {place(other, difference)}"


def place(other: str, difference: float) -> str:
    """`lead` without its beginning: "0.250 ahead of B", "about equal to B on this seed (±0.000)".

    other: what is compared with.  difference: accuracy of the first minus that of ``other``.
    """
    if abs(difference) < EQUAL:
        return f"about equal to {other} on this seed ({signed(difference)})"
    if difference > 0:
        return f"{difference:.3f} ahead of {other}"
    return f"{-difference:.3f} behind {other}"


def signed(value: float) -> str:
    """Three decimals with a sign, a minus as long as the plus; nothing at all is ±0.000."""
    if abs(value) < 0.0005:
        return "±0.000"
    return f"{value:+.3f}".replace("-", "−")
