"""What a stored cell shows, as HTML for a page: pictures become files, tables get a frame."""

import base64
import hashlib
import html
import re
from dataclasses import dataclass, field

from bs4 import BeautifulSoup, Tag
from nbformat import NotebookNode

from coursekit.course.site.web_picture import webp

INLINE = "data:image/png;base64,"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Pictures:
    """Pictures taken out of the outputs.

    folder: where they will lie, relative to the page.  files: name → WebP bytes.
    """

    folder: str
    files: dict[str, bytes] = field(default_factory=dict)

    def keep(self, png: bytes) -> str:
        """The address of a picture, relative to the page; equal pictures are one file."""
        name = hashlib.sha256(png).hexdigest()[:16] + ".webp"
        if name not in self.files:
            self.files[name] = webp(png)
        return f"{self.folder}/{name}"


def output_html(output: NotebookNode, pictures: Pictures) -> str:
    """One output of a cell. Errors: ValueError for a kind that no lesson has stored so far."""
    if output.output_type == "stream":
        return _printed(output.text)
    if output.output_type not in ("display_data", "execute_result"):
        raise ValueError(f"output is of type {output.output_type!r}; what a cell shows or prints "
                         "was expected.")  # fmt: skip
    data = output.data
    if "text/html" in data:
        return framed(data["text/html"], pictures)
    if "text/plain" in data:
        return _printed(data["text/plain"])
    raise ValueError(f"output has {sorted(data)}; text/html or text/plain was expected.")


def _printed(text: str) -> str:
    """Printed lines; those of a claim that was checked get a class."""
    lines = COLOUR.sub("", text).rstrip("\n").split("\n")
    marked = [
        f'<span class="ck-claim">{html.escape(line)}</span>' if line.startswith("✓") else
        html.escape(line) for line in lines
    ]  # fmt: skip
    return f'<pre class="ck-printed" tabindex="0">{chr(10).join(marked)}</pre>'


def framed(markup: str, pictures: Pictures) -> str:
    """HTML of an output with its pictures as files and its tables in frames that scroll."""
    soup = BeautifulSoup(markup, "html.parser")
    for style in soup.find_all("style"):
        style.decompose()
    for image in soup.find_all("img"):
        _outside(image, pictures)
        width = image.get("width", "720")
        frame = {"class": "ck-frame", "tabindex": "0", "style": f"--ck-width: {width}px"}
        image.wrap(soup.new_tag("div", attrs=frame))
    for table in soup.find_all("table"):
        _in_frame(soup, table)
    return str(soup).strip()


def _outside(image: Tag, pictures: Pictures) -> None:
    source = str(image["src"])
    if source.startswith(INLINE):
        image["src"] = pictures.keep(base64.b64decode(source.removeprefix(INLINE)))
    for name in ("style", "decoding"):
        image.attrs.pop(name, None)
    image["class"] = "ck-figure"
    image["loading"] = "lazy"


def _in_frame(soup: BeautifulSoup, table: Tag) -> None:
    for name in ("border", "class"):
        table.attrs.pop(name, None)
    for row in table.find_all("tr"):
        row.attrs.pop("style", None)
    for caption in table.find_all("caption"):
        if not caption.get_text(strip=True):
            caption.decompose()
    for cell in table.find_all("th"):
        if not cell.get_text(strip=True):
            cell.name = "td"  # a heading without words is no heading
        else:
            cell["scope"] = "col" if cell.find_parent("thead") else "row"
        cell.attrs.pop("valign", None)
    frame = soup.new_tag("div", attrs={"class": "ck-table", "tabindex": "0"})
    table.wrap(frame)
