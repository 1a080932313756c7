"""Parts of a model by the names of its parameters: "encoders.A" is all whose names begin so."""


def belongs(name: str, part: str) -> bool:
    """Whether the parameter ``name`` is the part, or in it; everything is in ""."""
    return part in ("", name) or name.startswith(f"{part}.")
