"""The last touch to a page that Sphinx made: Further folded, words explained, tables to sort."""

import re
from collections.abc import Iterable, Iterator, Mapping

from bs4 import BeautifulSoup, NavigableString, Tag

FURTHER = "Further"
# Where a word is not explained: it stands in a link, a heading, code, a formula or an output.
NOT_IN = ("a", "code", "pre", "h1", "h2", "h3", "h4", "math", "button", "label", "summary",
          "table", "textarea", "script", "strong", "em", "footer")  # fmt: skip


def finished(body: str, meanings: Mapping[str, str], glossary: str) -> str:
    """The page's body.

    meanings: term → what it means.  glossary: address of the glossary's page, relative to this one.
    """
    soup = BeautifulSoup(body, "html.parser")
    for section in soup.find_all("section"):
        heading = section.find(["h2", "h3"], recursive=False)
        if isinstance(heading, Tag) and heading.get_text().startswith(FURTHER):
            fold(soup, section, heading)
    explain(soup, meanings, glossary)
    for table in soup.select(".ck-table table"):
        if _is_plain(table):
            table["class"] = "ck-sortable"
    for table in soup.find_all("table", class_="docutils"):
        table["class"] = "docutils ck-sortable"
        frame = soup.new_tag("div", attrs={"class": "ck-table", "tabindex": "0"})
        table.wrap(frame)
    for foot in soup.find_all("footer", class_="ck-credits"):
        soup.append(foot.extract())  # below everything, folded or waiting for a guess
    for title in soup.find_all(["h1", "h2", "h3", "h4"]):
        for link in title.find_all("a", class_="headerlink"):
            link["aria-label"] = f"Link to {title.get_text().strip().removesuffix('#')}"
    return str(soup)


def fold(soup: BeautifulSoup, section: Tag, heading: Tag) -> None:
    """What a section has goes into ``<details>``; its heading is what opens them."""
    details = soup.new_tag("details", attrs={"class": "ck-further"})
    summary = soup.new_tag("summary")
    rest = list(section.children)
    section.append(details)
    details.append(summary)
    summary.append(heading.extract())
    for child in rest:
        if child is not heading:
            details.append(child.extract())


def explain(soup: BeautifulSoup, meanings: Mapping[str, str], glossary: str) -> None:
    """The first time that a term stands in the page, its meaning opens on hover and on focus."""
    if not meanings:
        return
    names = sorted(meanings, key=len, reverse=True)
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, names))})(?:e?s)?\b", re.IGNORECASE)
    by_name = {name.lower(): name for name in meanings}
    seen: set[str] = set()
    for text in _texts(soup.find_all(["p", "li"])):
        rest = text
        while match := pattern.search(rest):
            name = by_name[match[1].lower()]
            if name in seen:
                after = NavigableString(rest[match.end() :])
                rest.replace_with(NavigableString(rest[: match.end()]), after)
                rest = after
                continue
            seen.add(name)
            rest = _linked(rest, match, _term(soup, match[0], name, meanings[name], glossary))


def _texts(blocks: Iterable[Tag]) -> Iterator[NavigableString]:
    """Pieces of text outside of what is left alone."""
    for block in blocks:
        for text in list(block.find_all(string=True)):
            outside = text.find_parent(class_=["ck-cell", "ck-card", "ckx", "ck-box"])
            section = text.find_parent("section")
            head = section is not None and section.find("h1", recursive=False) is not None
            if text.find_parent(["p", "li"]) is block and not (
                head or outside or text.find_parent(list(NOT_IN))
            ):
                yield text


def _linked(text: NavigableString, match: re.Match[str], term: Tag) -> NavigableString:
    """Put ``term`` in the place of the match; returns the text behind it."""
    before, after = NavigableString(text[: match.start()]), NavigableString(text[match.end() :])
    text.replace_with(before)
    before.insert_after(term)
    term.insert_after(after)
    return after


def _term(soup: BeautifulSoup, shown: str, name: str, meaning: str, glossary: str) -> Tag:
    wrap = soup.new_tag("span", attrs={"class": "ck-term"})
    link = soup.new_tag("a", href=f"{glossary}#{anchor(name)}")
    link["aria-describedby"] = f"meaning-{anchor(name)}"
    link.string = shown
    tip = soup.new_tag("span", attrs={"role": "tooltip", "id": f"meaning-{anchor(name)}"})
    tip.string = meaning
    wrap.append(link)
    wrap.append(tip)
    return wrap


def anchor(name: str) -> str:
    """The place of a term on the glossary's page."""
    return "term-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _is_plain(table: Tag) -> bool:
    """Whether rows can change places: one row of headings, no cell over several rows."""
    heads = table.select("thead > tr")
    spans = any(cell.get("rowspan") or cell.get("colspan") for cell in table.find_all(["td", "th"]))
    return len(heads) == 1 and not spans
