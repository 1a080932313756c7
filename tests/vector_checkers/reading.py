"""Reading a parity file: each part knows where it stands, what was used of it and what differs."""

import torch

TOLERANCE = 1e-8  # absolute below one, relative above
WHOLE = ""  # the key under which a checker has the whole file, for single values beside its lists
NOT_FINITE = {"nan", "inf", "-inf"}  # JSON has no such numbers: the files write them as text


class Unreadable(Exception):
    """A sentence that names the file, the case and the key that are not as expected."""


class Report:
    """What came out of checking one file.

    compared: values of the file that were compared.  unknown: values from which the file leaves out
    what would be needed to compute them.  problems: sentences.  last: what was read last.
    """

    def __init__(self, place):
        self.compared = self.unknown = 0
        self.problems = []
        self.last = place


class Part:
    """A dictionary of a parity file; reading a key marks it as used, comparing it counts it."""

    def __init__(self, value, place, report, above=None):
        if not isinstance(value, dict):
            kind = type(value).__name__
            raise Unreadable(f"{place} is a {kind}; a dictionary was expected.")
        self.value, self.place, self.report, self.above = value, place, report, above
        self.used, self.compared, self.children = set(), set(), []
        self.given_up = False

    def __contains__(self, key):
        return key in self.value

    def __iter__(self):
        return iter(self.value)

    def at(self, key):
        """Where a key stands, for sentences."""
        return f"{self.place}, key {key!r}"

    def take(self, key):
        """The value as it stands in the file."""
        self.report.last = self.at(key)
        if key not in self.value:
            raise Unreadable(f"{self.at(key)} is missing.")
        self.used.add(key)
        return self.value[key]

    def tensor(self, key):
        """Numbers, nested in lists of any depth, in float64."""
        return as_tensor(self.take(key), self.at(key))

    def whole(self, key):
        """Whole numbers in int64."""
        numbers = self.tensor(key)
        if not torch.equal(numbers, numbers.round()):
            raise Unreadable(f"{self.at(key)} holds fractions; whole numbers were expected.")
        return numbers.to(torch.int64)

    def number(self, key):
        """One number."""
        return self.tensor(key).item()

    def count(self, key):
        """One whole number."""
        return int(self.whole(key))

    def flag(self, key):
        """True or false."""
        value = self.take(key)
        if not isinstance(value, bool):
            raise Unreadable(f"{self.at(key)} is {value!r}; true or false was expected.")
        return value

    def text(self, key):
        """Text."""
        value = self.take(key)
        if not isinstance(value, str):
            raise Unreadable(f"{self.at(key)} is {value!r}; text was expected.")
        return value

    def part(self, key):
        """The dictionary under a key."""
        child = Part(self.take(key), self.at(key), self.report, self)
        self.children.append(child)
        return child

    def parts(self, key):
        """Every dictionary of the list under a key, or of lists in it; one by itself is a list."""
        value = self.take(key)
        if isinstance(value, dict):
            return [self.part(key)]
        if not isinstance(value, list):
            raise Unreadable(f"{self.at(key)} is {value!r}; a list was expected.")
        rows = []
        for place, row in _entries(f"{self.place}, {key}", value):
            name = row.get("name") if isinstance(row, dict) else None
            rows.append(Part(row, place + (f" ({name})" if name else ""), self.report, self))
        self.children += rows
        return rows

    def tensors(self, key):
        """Tensor by name, from the dictionary of numbers under a key."""
        child = self.part(key)
        return {name: child.tensor(name) for name in child}

    def refuse(self, sentence):
        """Stop reading this part."""
        raise Unreadable(f"{self.place}: {sentence}")

    def same(self, key, computed):
        """Compare what stands under a key with what was computed."""
        value = self.take(key)
        if isinstance(computed, bool) or isinstance(value, bool):
            differs, size = None if value is computed else f"{computed} was computed", 1
        else:
            expected = as_tensor(value, self.at(key))
            differs, size = difference(computed, expected), expected.numel()
        if differs:
            shown = value if size == 1 else f"an array of {size} values"
            self.report.problems.append(f"{self.at(key)} is {shown}; {differs}.")
        if key not in self.compared:  # compared twice, by two ways, it still is the same value
            self.compared.add(key)
            self.report.compared += size

    def same_flags(self, key, computed):
        """Compare a list of true and false with a tensor of them."""
        value = self.take(key)
        if not isinstance(value, list) or not all(isinstance(x, bool) for x in value):
            raise Unreadable(f"{self.at(key)} is {value!r}; true or false in a list was expected.")
        pairs = enumerate(zip(value, computed.tolist(), strict=False))
        places = [i for i, (x, y) in pairs if x is not y]
        if places or len(value) != len(computed):
            self.report.problems.append(
                f"{self.at(key)} has {len(value)} entries, {len(computed)} were computed; those at "
                f"{places[:5]} differ."
            )
        self.compared.add(key)
        self.report.compared += len(value)

    def same_rows(self, key, computed):
        """Compare a list of lists, of whole numbers and of true and false, with one of the same."""
        value = self.take(key)
        places = [
            i
            for i, (x, y) in enumerate(zip(value, computed, strict=False))
            if x != y or list(map(type, x)) != list(map(type, y))
        ]
        if places or len(value) != len(computed):
            self.report.problems.append(
                f"{self.at(key)} has {len(value)} rows, {len(computed)} were computed; those at "
                f"{places[:5]} differ."
            )
        self.compared.add(key)
        self.report.compared += sum(map(len, value))

    def same_in(self, key, computed):
        """Compare the dictionary under a key with one of the same names."""
        child = self.part(key)
        for name, value in computed.items():
            child.same(name, value)

    def cannot_be_computed(self, key):
        """Read the finite numbers under a key, although the file lacks what they came from."""
        numbers = self.tensor(key)
        if not numbers.isfinite().all():
            raise Unreadable(f"{self.at(key)} holds numbers that are not finite.")
        self.report.unknown += numbers.numel()

    def close(self):
        """Say which keys nobody has read; text that only describes may stay unread."""
        if self.given_up:
            return
        for key, value in self.value.items():
            if key not in self.used and not describes(value):
                self.report.problems.append(f"{self.at(key)} is not known to the checker.")
        for child in self.children:
            child.close()


def _entries(place, rows):
    """Each entry of a list, and of lists in it, with its place."""
    for number, row in enumerate(rows):
        at = f"{place}[{number}]"
        yield from _entries(at, row) if isinstance(row, list) else [(at, row)]


def describes(value):
    """Whether there is nothing but words in it."""
    if isinstance(value, dict):
        return all(map(describes, value.values()))
    if isinstance(value, list):
        return all(map(describes, value))
    return isinstance(value, str) and value not in NOT_FINITE


def as_tensor(value, place):
    """Nested lists of numbers in float64; null stands for NaN."""

    def number(x):
        """One number, or a list of them."""
        if isinstance(x, list):
            return [number(y) for y in x]
        if x is None:
            return float("nan")
        if isinstance(x, bool) or not (isinstance(x, int | float) or x in NOT_FINITE):
            raise Unreadable(f"{place} holds {x!r}; numbers were expected.")
        return float(x)

    try:
        return torch.tensor(number(value), dtype=torch.float64)
    except (TypeError, ValueError) as error:
        raise Unreadable(f"{place} is no array of numbers: {error}.") from error


def difference(computed, expected):
    """None where both agree to the tolerance, else how they differ."""
    if not isinstance(computed, torch.Tensor):
        computed = torch.tensor(computed, dtype=torch.float64)
    computed = computed.detach()
    if computed.is_floating_point() and computed.dtype != torch.float64:
        return f"{computed.dtype} was computed, float64 was expected"
    if computed.shape != expected.shape:
        return f"shape {tuple(expected.shape)} there, {tuple(computed.shape)} was computed"
    computed = computed.to(torch.float64)
    alike = (computed == expected) | (computed.isnan() & expected.isnan())
    most = TOLERANCE * expected.abs().clamp_min(1)
    near = alike | (expected.isfinite() & ((computed - expected).abs() <= most))  # false for NaN
    if near.all():
        return None
    if expected.ndim == 0:
        return f"{computed.item()} was computed"
    first = tuple((~near).nonzero()[0].tolist())
    there, here = expected[first].item(), computed[first].item()
    count = int((~near).sum())
    return f"{count} differ, first {list(first)}: {there} there, {here} was computed"


def check(name, content, checkers):
    """Run each checker on the part that it is for, and report.

    name: of the file, for sentences.  checkers: function of one `Part` by the file's key; where a
    list stands under the key, each of its entries is handed over by itself; under `WHOLE` all is.
    """
    report = Report(name)
    try:
        top = Part(content, name, report)
        top.used.add("tolerance")  # ours is the same for all
        for key, checker in checkers.items():
            parts = [top] if key == WHOLE else top.parts(key) if key in top else []
            for part in parts:
                run(checker, part)
    except Unreadable as sentence:
        report.problems.append(str(sentence))
    else:
        top.close()
    if report.compared == 0 and not report.problems:
        report.problems.append(f"{name} holds nothing that could be compared.")
    return report


def run(checker, part):
    """One checker on one part; whatever it raises becomes a sentence that says where."""
    try:
        checker(part)
    except Exception as error:
        part.given_up = True
        place, kind = part.report.last, type(error).__name__
        sentence = str(error) if isinstance(error, Unreadable) else f"{place}: {kind}: {error}"
        part.report.problems.append(sentence)
