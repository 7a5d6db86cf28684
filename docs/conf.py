"""Sphinx configuration. ``make docs`` builds into ``docs/_build/html``, without the network."""

import os
import re
import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))
import generated

from gradshift import __version__

project = "gradshift"
author = "The gradshift developers"
project_copyright = author
release = version = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx-mathjax-offline",
    "sphinx_copybutton",
]
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
smartquotes = False  # they would turn the two hyphens of an option into a dash
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # pandas and matplotlib, whose indices are on the network

autodoc_typehints = "none"  # the types are in the text
napoleon_use_param = napoleon_use_rtype = False

nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
os.environ["GRADSHIFT_DEMO"] = str(generated.demo())

html_theme = "furo"
html_title = f"gradshift {release}"
html_static_path = ["images", "static"]
html_js_files = [("access.js", {"defer": "defer"})]
html_css_files = ["pages.css"]
html_theme_options = {"top_of_page_buttons": []}
html_show_sphinx = False
copybutton_exclude = ".linenos, .gp"


def _fill_in(_: Sphinx, __: str, source: list[str]) -> None:
    """Put what the code says of itself in the place of its marker."""
    source[0] = re.sub(
        r"^<!-- generated: (\w+) -->$",
        lambda found: generated.PAGES[found[1]](),
        source[0],
        flags=re.MULTILINE,
    )


def _dashes(_: Sphinx, tree: nodes.document, __: str) -> None:
    """Set the dashes between a parameter and what it is, which smart quotes would have set."""
    for text in list(tree.findall(nodes.Text)):
        if " -- " in text and not isinstance(text.parent, nodes.literal | nodes.literal_block):
            text.parent.replace(text, nodes.Text(text.replace(" -- ", " – ")))


def setup(app: Sphinx) -> None:
    """Register what this file adds to Sphinx."""
    app.connect("source-read", _fill_in)
    app.connect("doctree-resolved", _dashes)
