"""Whole numbers in the letters of codes, and the letter that finds a mistake in others.

The alphabet leaves out i, l and o, which are mistaken for digits. Its 23 letters are a prime
number, so that the weighted sum finds every single wrong letter and every swap of neighbours.
"""

from collections.abc import Iterable, Sequence

LETTERS = "abcdefghjkmnpqrstuvwxyz"
BASE = len(LETTERS)


def pack(digits: Iterable[tuple[int, int]]) -> int:
    """Numbers (value, how many values there are) as one number."""
    packed = 0
    for value, count in digits:
        packed = packed * count + value
    return packed


def unpack(packed: int, counts: Sequence[int]) -> list[int]:
    """The values of `pack` again."""
    values = []
    for count in reversed(counts):
        packed, value = divmod(packed, count)
        values.append(value)
    return values[::-1]


def value_of(letters: Sequence[str]) -> int:
    """Letters as a number."""
    return pack((LETTERS.index(letter), BASE) for letter in letters)


def letters_of(number: int, length: int) -> str:
    """The letters of `value_of` again."""
    return "".join(LETTERS[digit] for digit in unpack(number, [BASE] * length))


def needed(numbers: int) -> int:
    """Letters that so many numbers need."""
    length = 1
    while BASE**length < numbers:
        length += 1
    return length


def weighted_sum(letters: str, begin: int) -> str:
    """The check letter of these letters, a sum that begins with the number ``begin``.

    Weights go from 1 to 21: with 22 the last letter and the check letter could change places.
    """
    total = begin
    for place, letter in enumerate(letters, 1):
        total += (place % (BASE - 2) + 1) * LETTERS.index(letter)
    return LETTERS[total % BASE]
