"""Broken links of a finished site: files and places that pages lead to and that are not there."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

# Elements that lead somewhere or load something, and where they say it.
LEADS = {"a": "href", "link": "href", "img": "src", "script": "src", "source": "src"}


def broken_links(site: Path) -> list[str]:
    """A sentence for every link of every page that leads to nothing inside the site.

    Links to other sites are not followed; a script or a style from one is broken by definition. So
    is a place whose name another place of the page has.
    """
    pages = {path.resolve(): _read(path) for path in sorted(site.rglob("*.html"))}
    places = {path: {str(e["id"]) for e in soup.find_all(id=True)} for path, soup in pages.items()}
    return [
        f"{path.relative_to(site.resolve())}: {problem}"
        for path, soup in pages.items()
        for problem in _problems(path, soup, places)
    ]


def _read(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def _problems(path: Path, soup: BeautifulSoup, places: dict[Path, set[str]]) -> Iterator[str]:
    for place, count in Counter(str(e["id"]) for e in soup.find_all(id=True)).items():
        if count > 1:
            yield f"{count} places have the id {place!r}"
    for name, attribute in LEADS.items():
        for element in soup.find_all(name, attrs={attribute: True}):
            address = str(element[attribute])
            parts = urlsplit(address)
            if parts.scheme in ("http", "https") or address.startswith("//"):
                outside = name == "a" or "canonical" in (element.get("rel") or ())
                if not outside:
                    yield f"{name} loads {address}, which is another site's"
            elif parts.scheme in ("data", "mailto"):
                continue
            else:
                yield from _inside(path, parts.path, unquote(parts.fragment), address, places)


def _inside(
    path: Path, target: str, place: str, address: str, places: dict[Path, set[str]]
) -> Iterator[str]:
    to = (path.parent / unquote(target)).resolve() if target else path
    if not to.exists():
        yield f"{address} is no file of the site"
    elif place and to in places and place not in places[to]:
        yield f"{address}: the page has no place {place!r}"
