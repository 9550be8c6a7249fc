"""The documentation site: ``make docs`` builds it into build/site, and warnings are errors."""

import os
import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS.parent), str(DOCS.parent / "examples"), str(DOCS / "extensions")]
os.environ.setdefault("SKLTOPO_EXAMPLES", "quick")

import api_pages  # noqa: E402
import numpydoc.xref  # noqa: E402

import skltopo  # noqa: E402
from skltopo._utils.links import SITE  # noqa: E402

project = "skltopo"
author = "The skltopo developers"
copyright = "the skltopo developers, BSD 3-Clause"
version = release = skltopo.__version__
language = "en"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "api_pages",
    "pages_outside",
    "llms_text",
    "mathml",
]
exclude_patterns = ["results", "extensions", "images/**/*.py", "guide/*.py", "README.md"]
root_doc = "index"
nitpicky = True
# The link from examples/paper/ to the helper of all examples has its name; tests/test_examples.py
# finds gallery pages of equal names.
suppress_warnings = ["sphinx_gallery.duplicate_filename"]

# Pages in Markdown; the convention of code blocks is in CONTRIBUTING.md.
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist", "attrs_inline"]
myst_heading_anchors = 4
myst_dmath_double_inline = True

# Docstrings. Types become links where they name something of skltopo.
autosummary_generate = False
default_role = "literal"
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = True
numpydoc_xref_ignore = "all"
numpydoc_xref_aliases = api_pages.aliases()
numpydoc_validation_checks = set()

# Inventories of other projects are fetched only where the variable says so: a build offline, or on
# a day on which one of these sites does not answer, must not fail.
intersphinx_mapping = {}
if os.environ.get("SKLTOPO_INTERSPHINX"):
    intersphinx_mapping = {
        "python": ("https://docs.python.org/3", None),
        "numpy": ("https://numpy.org/doc/stable", None),
        "scipy": ("https://docs.scipy.org/doc/scipy", None),
        "sklearn": ("https://scikit-learn.org/stable", None),
        "matplotlib": ("https://matplotlib.org/stable", None),
        "torch": ("https://docs.pytorch.org/docs/stable", None),
    }
else:
    numpydoc.xref.DEFAULT_LINKS.clear()  # links to them
nitpick_ignore_regex = [(r".*", r"(numpy|np|scipy|sklearn|torch|matplotlib|pandas|polars)\..*")]

# Examples, in quick size; see examples/sizes.py.
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"plot_",
    "ignore_pattern": r"(^|/)(?!plot_)[^/]*\.py$",
    "within_subsection_order": "gallery_order.ByNumber",
    "nested_sections": True,
    "backreferences_dir": "api/backreferences",
    "doc_module": ("skltopo",),
    "reference_url": {"skltopo": None},
    "abort_on_example_error": False,
    "plot_gallery": True,
    "image_scrapers": ("matplotlib",),
    "matplotlib_animations": False,
    "capture_repr": (),
    "remove_config_comments": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 1e9,
    "write_computation_times": False,
    "reset_modules_order": "before",
    "parallel": int(os.environ.get("SKLTOPO_DOCS_JOBS", "1")),
}

html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = "skltopo"
toc_object_entries_show_parents = "hide"
html_baseurl = SITE + "/"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "skltopo"},
    "header_links_before_dropdown": 7,
    "navbar_align": "left",
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "back_to_top_button": True,
    "navigation_with_keys": False,
}
html_sidebars = {"index": [], "glossary": [], "getting_started": []}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
