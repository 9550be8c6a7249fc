"""llms.txt: the title and the first sentence of every page, for readers that are programs."""

import re
from pathlib import Path

from docutils import nodes

HEAD = """# skltopo

> Persistent homology as scikit-learn estimators: computed fast, and differentiable through torch.

"""
SECTIONS = {"auto_examples/": "Examples", "api/": "API", "": "Pages"}


def first_sentence(doctree):
    """Return the first sentence of the first paragraph in a page."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if len(text) > 30 and not text.startswith(("Go to the end", "Bases:", "Download")):
            return re.split(r"(?<=[.?!]) ", text)[0]
    return ""


def write(app, exception):
    """Write the file beside the pages."""
    if exception or app.builder.format != "html":
        return
    lines = {section: [] for section in ("Pages", "Examples", "API")}
    for name in sorted(app.env.found_docs):
        section = next(s for prefix, s in SECTIONS.items() if name.startswith(prefix))
        title = app.env.titles[name].astext()
        sentence = first_sentence(app.env.get_doctree(name))
        lines[section].append(f"- [{title}]({app.config.html_baseurl}{name}.html): {sentence}")
    parts = [f"## {section}\n\n" + "\n".join(found) for section, found in lines.items()]
    (Path(app.outdir) / "llms.txt").write_text(HEAD + "\n\n".join(parts) + "\n")


def setup(app):
    """Connect to Sphinx."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
