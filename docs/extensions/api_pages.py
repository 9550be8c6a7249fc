"""Pages of the public names, written at each build: one for each name, one for each module.

A page has the docstring with its example, and the gallery pages that use the name. The page of a
name stands under its shortest public path, `skltopo.LevelSet`; a reference to a longer one,
`skltopo.filtrations.LevelSet`, leads there, too.
"""

import inspect
import re
from functools import cache
from importlib import import_module
from pathlib import Path

import skltopo

USED_BY = "Gallery pages that use it"  # a heading that is left out where there is none
GROUPS = {
    "Data to diagrams": ["filtrations", "diagrams", "persistence_diagrams", "embedding"],
    "Diagrams to numbers": ["features", "energies", "vectorize", "kernels", "distances"],
    "Learning": ["regression", "classification", "penalties", "solvers", "nn"],
    "Points, signals and images that change": ["shaping", "denoising"],
    "Attacks and generators": ["attacks", "generative", "metrics"],
    "Pictures and data": ["plotting", "datasets", "streaming"],
}


def modules():
    """Return {name: module} of the public modules."""
    return {name: import_module(f"skltopo.{name}") for name in skltopo._MODULES}


@cache
def public_paths():
    """Return {path: page} of every path under which a public name can be imported."""
    page_of = {id(getattr(skltopo, name)): f"skltopo.{name}" for name in skltopo._HOMES}
    paths = {page: page for page in page_of.values()}
    for room, module in modules().items():
        for name in module.__all__:
            path = f"skltopo.{room}.{name}"
            paths[path] = page_of.setdefault(id(getattr(module, name)), path)
    return paths


def names_of(room):
    """Return the pages of the names of a public module, in the order of its __all__."""
    paths = public_paths()
    return [paths[f"skltopo.{room}.{name}"] for name in modules()[room].__all__]


def pages():
    """Return the names of all pages: public names, and public modules."""
    return sorted({*public_paths().values(), *(f"skltopo.{name}" for name in skltopo._MODULES)})


def find(path):
    """Return what a public path names."""
    value = skltopo
    for part in path.split(".")[1:]:
        value = getattr(value, part)
    return value


def aliases():
    """Return names in types of docstrings, and the pages they lead to."""
    return {
        page.rpartition(".")[2]: page
        for page in public_paths().values()
        if inspect.isclass(find(page)) and len(page.rpartition(".")[2]) > 3
    }


def directive(page):
    """Return the lines that document what a page is about."""
    value = find(page)
    if inspect.isclass(value):
        return [f".. autoclass:: {page}", "   :members:", "   :inherited-members:"]
    if callable(value):
        return [f".. autofunction:: {page}"]
    return [f".. autodata:: {page}"]


def table(names):
    """Return the lines of a table of names with their first sentences."""
    return [".. autosummary::", "   :nosignatures:", "", *(f"   {name}" for name in names), ""]


def links(names):
    """Return the lines of a hidden table of contents."""
    return [".. toctree::", "   :hidden:", "", *(f"   {name}" for name in names), ""]


def title(text, line="="):
    """Return the lines of a title."""
    return [text, line * len(text), ""]


def page_of_name(page):
    """Return the text of the page of one name."""
    paths = sorted(path for path, target in public_paths().items() if target == page)
    others = [f"``{path}``" for path in paths if path != page]
    lines = [*title(page.rpartition(".")[2]), *directive(page), ""]
    if others:
        lines += [f"Other paths to it: {', '.join(others)}.", ""]
    lines += [f".. minigallery:: {' '.join(paths)}", f"   :add-heading: {USED_BY}"]
    lines += ["   :heading-level: -", ""]
    return "\n".join(lines)


def page_of_module(room):
    """Return the text of the page of a module: its docstring, and a table of its names."""
    path = f"skltopo.{room}"
    own = [name for name in names_of(room) if room_of(name) == room]
    lines = [*title(path), f".. automodule:: {path}", "   :no-members:", ""]
    lines += [".. currentmodule:: None", ""]
    return "\n".join([*lines, *table(names_of(room)), *links(own)])


def room_of(page):
    """Return the module under which a page stands in the table of contents."""
    rooms = [room for some in GROUPS.values() for room in some]
    return next(room for room in rooms if page in names_of(room))


def page_of_contents():
    """Return the text of the page that lists all names."""
    lines = [*title("API reference"), "Every public name, with an example that runs.", ""]
    for group, rooms in GROUPS.items():
        lines += title(group, "-")
        for room in rooms:
            lines += [f":mod:`skltopo.{room}`", "", *table(names_of(room))]
    rooms = [f"skltopo.{room}" for some in GROUPS.values() for room in some]
    return "\n".join([*lines, *links(rooms)])


def write_pages(app):
    """Write all pages; what would stay the same is left alone, and not read again."""
    folder = Path(app.srcdir) / "api"
    folder.mkdir(exist_ok=True)
    texts = {page: page_of_name(page) for page in set(public_paths().values())}
    texts |= {f"skltopo.{room}": page_of_module(room) for room in skltopo._MODULES}
    texts["index"] = page_of_contents()
    for path in folder.glob("*.rst"):
        if path.stem not in texts:
            path.unlink()
    for name, text in texts.items():
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def page_of_target(target):
    """Return what a reference leads to: a name, by any path or by none, or a member of one."""
    paths = public_paths()
    by_name = {page.rpartition(".")[2]: page for page in paths.values()}
    head, rest = target, ""
    while head:
        page = paths.get(head) or by_name.get(head)
        if page:
            return page + rest
        head, _, last = head.rpartition(".")
        rest = f".{last}{rest}"
    return None


def resolve(app, env, node, contnode):
    """Resolve a reference to a public name by its page."""
    if node.get("refdomain") != "py":
        return None
    target = page_of_target(node["reftarget"])
    if target in (None, node["reftarget"]):
        return None
    domain = env.get_domain("py")
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", target, node, contnode)


def is_foreign(app, what, name, member, skip, options):
    """Skip members that other projects, or the private kernels, have defined."""
    home = getattr(getattr(member, "fget", None) or member, "__module__", "skltopo")
    if str(home).split(".")[0] != "skltopo" or isinstance(member, type):
        return True
    return None


def escape(app, what, name, member, options, lines):
    """Escape signs of docstrings that mean themselves: |d - b|, names that end with _, single *."""
    in_example, margin = False, None
    for i, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if margin is not None and line.strip() and indent <= margin:
            margin = None  # the formula has ended
        in_example = bool(line.strip()) and (in_example or line.lstrip().startswith(">>>"))
        if line.lstrip().startswith(".. math::"):
            margin = indent
        if margin is None and not in_example and not line.lstrip().startswith(".. "):
            lines[i] = "".join(
                part if part.startswith("`") else escaped(part)
                for part in re.split(r"(``[^`]+``|`[^`]+`_?)", line)
            )


def escaped(text):
    """Return text outside of literals with its signs escaped."""
    text = re.sub(r"(?<!\\)\|", r"\|", text)
    text = re.sub(r"(?<=[A-Za-z0-9])_(?=\W|$)", r"\_", text)
    return re.sub(r"(?<![\\*\w])\*(?=[^\s*][^*]*$)", r"\*", text)


def setup(app):
    """Connect to Sphinx."""
    app.connect("builder-inited", write_pages, priority=20)
    app.connect("missing-reference", resolve)
    app.connect("autodoc-skip-member", is_foreign)
    app.connect("autodoc-process-docstring", escape, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
