"""Check that every link inside a built site leads to a page, a file or an anchor that exists.

``python docs/extensions/check_links.py build/site`` prints the broken ones, and fails if there are
any. Links to other sites are not fetched.
"""

import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The links and the anchors of one page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Collect one tag's."""
        attrs = dict(attrs)
        self.anchors |= {attrs[key] for key in ("id", "name") if attrs.get(key)}
        self.links += [attrs[key] for key in ("href", "src") if attrs.get(key)]


@cache
def read(path):
    """Return a page, parsed."""
    return Page(path.read_text())


def is_broken(site, path, link):
    """Return whether a link of the page at path leads nowhere."""
    scheme, host, target, _, anchor = urlsplit(link)
    if scheme or host:
        return False
    base = site if target.startswith("/") else path.parent
    found = (base / unquote(target).lstrip("/")) if target else path
    if found.is_dir():
        found = found / "index.html"
    if not found.exists():
        return True
    is_page = found.suffix == ".html" and anchor not in ("", "#")
    return is_page and unquote(anchor) not in read(found).anchors


def broken_links(site):
    """Return (page, link) of all links inside a site that lead nowhere."""
    site = Path(site)
    return [
        (str(path.relative_to(site)), link)
        for path in sorted(site.rglob("*.html"))
        if "_static" not in path.relative_to(site).parts
        for link in dict.fromkeys(read(path).links)
        if is_broken(site, path, link)
    ]


if __name__ == "__main__":
    found = broken_links(sys.argv[1])
    for page, link in found:
        print(f"{page}: {link} leads nowhere")
    n_pages = len(list(Path(sys.argv[1]).rglob("*.html")))
    print(f"{len(found)} broken links in {n_pages} pages")
    sys.exit(bool(found))
