"""The documentation: `sphinx-build -W docs docs/_build/html`, warnings as errors, offline.

The notebooks are copied here and shown with the outputs they were saved with; nothing is run.
What docstrings say comes from docstrings. `sphinx-build -W -t lite …`, with the extra `lite`
installed, builds the notebooks' own site, too (`lite.py`), and opens it in their pages.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))

from immediate_tasks_ipy import __version__  # noqa: E402

project = "immediate_tasks_ipy"
author = copyright = "The immediate_tasks_ipy developers"  # noqa: A001
release = version = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc"]
exclude_patterns = ["_build", "notebooks/.ipynb_checkpoints"]
html_theme = "furo"
html_title = "immediate_tasks_ipy"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "../immediate_tasks_ipy/logo/logo-svg.svg"
html_logo = "../immediate_tasks_ipy/logo/logo-svg.svg"
html_copy_source = False
html_show_sourcelink = False

nb_execution_mode = "off"
# No script from elsewhere: a panel needs a kernel, and the cards need no script.
nb_ipywidgets_js: dict[str, dict[str, str]] = {}
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
suppress_warnings = [
    "mystnb.unknown_mime_type",  # the live panel, which a page can't show
    "misc.highlighting_failure",  # cells are highlighted as IPython, whatever a magic makes of them
]

# Options begin with two hyphens, also where they are not marked as code.
smartquotes_action = "qe"

autodoc_member_order = "bysource"
autodoc_typehints = "none"
python_use_unqualified_type_names = True

#: Where `lite.py` builds the site of the notebooks, which with `-t lite` is a part of this one.
LITE = HERE / "_build" / "lite"
#: Nothing of it is loaded before it is opened.
LIVE = """\
<details class="live-notebook">
<summary>Run this notebook here</summary>
<p>Python runs in your browser, with no server: the first start takes some seconds.
<a href="../lite/lab/index.html?path={name}">Open it in JupyterLab</a> for more room.</p>
<iframe src="../lite/notebooks/index.html?path={name}" title="The notebook, live" loading="lazy">
</iframe>
</details>
"""


def build_lite_site() -> None:
    """Build the site of the notebooks, as a command of its own: its packages are an extra."""
    subprocess.run([sys.executable, HERE / "lite.py"], check=True)  # noqa: S603


def add_lite_site(app, error: Exception | None) -> None:  # noqa: ANN001
    """Copy the notebooks' own site below this one's."""
    if error is None:
        shutil.copytree(LITE, Path(app.outdir) / "lite", dirs_exist_ok=True)


def add_live_notebook(notebook: Path) -> None:
    """Let a notebook's page open the notebook, live."""
    if not (LITE / "files" / notebook.name).exists():
        return
    content = json.loads(notebook.read_text("utf-8"))
    source = LIVE.format(name=notebook.name)
    content["cells"].insert(
        1, {"cell_type": "markdown", "metadata": {}, "source": source, "id": "live"}
    )
    notebook.write_text(json.dumps(content), "utf-8")


def copy_notebooks(*, live: bool) -> None:
    """Put the notebooks where Sphinx looks for pages; they stay in one place in the repository."""
    target = HERE / "notebooks"
    target.mkdir(exist_ok=True)
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        shutil.copy2(notebook, target)
        if live:
            add_live_notebook(target / notebook.name)


def markdown_to_rst(_app, _what, _name, _obj, _options, lines: list[str]) -> None:  # noqa: ANN001
    """Docstrings mark code as Markdown does, with single backticks; Sphinx reads two."""
    text, literal = [], False
    for paragraph in "\n".join(lines).split("\n\n"):
        literal = paragraph.startswith(" ") and (literal or bool(text and text[-1].endswith("::")))
        text.append(paragraph if literal else _convert(paragraph))
    lines[:] = "\n\n".join(text).split("\n")


def _convert(paragraph: str) -> str:
    parts = re.split(r"(`[^`]+`)", paragraph)
    for n, part in enumerate(parts):
        if n % 2:
            after = parts[n + 1][:1]
            parts[n] = f"`{part}`" + ("\\ " if after.isalnum() else "")
        else:
            parts[n] = re.sub(r"(?<!\*)\*(?!\*)|(?<=\w)_(?=\W|$)", lambda m: "\\" + m[0], part)
    return "".join(parts)


def setup(app) -> None:  # noqa: ANN001
    """Connect what is above to the build."""
    is_live = app.tags.has("lite")
    if is_live:
        build_lite_site()
    copy_notebooks(live=is_live)
    if is_live:
        app.connect("build-finished", add_lite_site)
    app.connect("autodoc-process-docstring", markdown_to_rst)
