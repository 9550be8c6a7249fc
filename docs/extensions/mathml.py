"""Mathematics as MathML, which browsers draw by themselves: no script, and nothing from elsewhere.

docutils translates TeX. What it does not know is a warning, and a warning fails the build.
"""

import re

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from sphinx.util import logging

# What docutils does not know under this name: the sizes of delimiters, which MathML finds by
# itself, dots, and names of the code.
KNOWN = {
    r"\\[bB]igg?(?![a-zA-Z])": "",
    r"\\dots(?![a-zA-Z])": r"\\ldots",
    r"\\texttt\b": r"\\mathtt",
}

logger = logging.getLogger(__name__)


def translate(text, node, as_block):
    """Return the MathML of a formula in TeX."""
    for pattern, known in KNOWN.items():
        text = re.sub(pattern, known, text)
    try:
        return latex2mathml.tex2mathml(text, as_block=as_block)
    except MathError as error:
        logger.warning("%s: %s", error, text, location=node)
        return f"<code>{text}</code>"


def visit_inline(self, node):
    """Write a formula in a line."""
    self.body.append(translate(node.astext(), node, as_block=False))
    raise nodes.SkipNode


def visit_block(self, node):
    """Write a formula of its own."""
    anchors = "".join(f' id="{name}"' for name in node.get("ids", [])[:1])
    formula = translate(node.astext(), node, as_block=True)
    self.body.append(f'<div class="math-block"{anchors}>{formula}</div>\n')
    raise nodes.SkipNode


def setup(app):
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
