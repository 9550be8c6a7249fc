"""Where the documentation is, and the link to it in the HTML view of an estimator."""

# The site has no address of its own yet: this one is its place once it is published, and the only
# one in the code. pyproject.toml names it, too.
SITE = "https://skltopo.readthedocs.io/en/latest"


class DocumentationLink:
    """Gives an estimator's HTML view the link to its page.

    It stands before scikit-learn's BaseEstimator, which has the address of scikit-learn's pages.
    All estimators are names of the package itself, and so are their pages.
    """

    _doc_link_module = "skltopo"

    @property
    def _doc_link_template(self):
        """Return the address, in which scikit-learn has nothing left to fill in."""
        return f"{SITE}/api/skltopo.{type(self).__name__}.html"
