"""Answers to lesson 15's exercises, as learners might write them."""

RIGHT, WRONG = {}, {}


# ---- 15-share-of ----
# TODO(author): five wrong answers or more with a piece of the hint each deserves, three right ones.


def share_of_counted_wrong(throws, face):
    hits = 0
    for one in throws:
        if one != face:
            hits += 1
    return hits / len(throws)


RIGHT["15-share-of"] = {
    "sum": lambda throws, face: sum(one == face for one in throws) / len(throws),
    "list": lambda throws, face: len([one for one in throws if one == face]) / len(throws),
    "rest": lambda throws, face: 1 - sum(one != face for one in throws) / len(throws),
}
WRONG["15-share-of"] = {
    "sum only": (lambda throws, face: sum(one == face for one in throws), "how many throws"),
    "in percent": (lambda throws, face: throws.count(face) / len(throws) * 100, "the unit"),
    "loop": (share_of_counted_wrong, "another face"),
    "ratio": (
        lambda throws, face: throws.count(face) / sum(one != face for one in throws),
        "Divide by all throws",
    ),
    "rounded sixth": (lambda throws, face: 0.166667, "in the long run"),
    "by six": (lambda throws, face: sum(one == face for one in throws) / 6, "number of faces"),
}
