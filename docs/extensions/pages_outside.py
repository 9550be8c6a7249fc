"""Pages of the repository that lie outside of docs/, taken in with their links turned.

Markdown pages link to each other as files, so that they can be read on a code host, too. A link
to a file that is no page (an example, a module) leads to the gallery where there is such a page,
and is plain text otherwise.
"""

import re
from pathlib import Path

from docutils import nodes

PAGES = {"contributing": "CONTRIBUTING.md", "changes": "CHANGES.md"}
LINK = re.compile(r"\]\((?!https?:|#)([^)\s]+)\)")


def turned(target):
    """Return the link from docs/ to what the root links to as target."""
    path, hash_sign, anchor = target.partition("#")
    by_file = {name: f"{page}.md" for page, name in PAGES.items()}
    path = by_file.get(path) or (path[5:] if path.startswith("docs/") else f"../{path}")
    return path + hash_sign + anchor


def write_pages(app):
    """Write the pages that lie outside into docs/."""
    for page, name in PAGES.items():
        source = Path(app.srcdir).parent / name
        text = LINK.sub(lambda match: f"]({turned(match[1])})", source.read_text())
        path = Path(app.srcdir) / f"{page}.md"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def drop_empty_patterns(app, docname, source):
    """Leave out the patterns of the tables of contents that no page has yet."""
    if docname in ("topics", "development"):
        lines = source[0].split("\n")
        source[0] = "\n".join(
            line
            for line in lines
            if not re.fullmatch(r"[\w/]+\*", line) or list(Path(app.srcdir).glob(f"{line}.md"))
        )


def gallery_page(path):
    """Return the document of an example, if the path is that of one."""
    parts = Path(path).parts
    if "examples" not in parts or not parts[-1].startswith("plot_"):
        return None
    inside = parts[parts.index("examples") + 1 :]
    return "/".join(["auto_examples", *inside]).removesuffix(".py")


def link_files(app, doctree):
    """Turn links to files of the repository: to the gallery, or to plain text."""
    from sphinx.addnodes import download_reference, pending_xref

    if app.env.docname.startswith("auto_examples/"):
        return  # its files are beside it: what a reader downloads
    for node in list(doctree.findall(lambda n: isinstance(n, (download_reference, pending_xref)))):
        target = node.get("reftarget", "")
        if not target.endswith(".py"):
            continue
        document = gallery_page(target)
        if document is None:
            node.replace_self(node.children)
            continue
        link = pending_xref(
            "", refdomain="std", reftype="doc", reftarget=f"/{document}", refexplicit=True,
            refdoc=app.env.docname, refwarn=True,
        )  # fmt: skip
        link += nodes.inline("", node.astext(), classes=["doc"])
        node.replace_self(link)


def setup(app):
    """Connect to Sphinx."""
    app.connect("builder-inited", write_pages, priority=20)
    app.connect("source-read", drop_empty_patterns)
    app.connect("doctree-read", link_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
