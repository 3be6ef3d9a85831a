"""Load the extension in every IPython kernel of a profile: opt in by copying this file.

    cp jupyter-config/ipython_kernel_config.py "$(ipython locate profile)"

or, where that file exists already, add its last line. No installation puts it
anywhere by itself, for two reasons:

- IPython reads one `ipython_kernel_config.py` (and `.json`) per directory. Two
  packages that brought one would overwrite each other's.
- A list that is *assigned* (`c.InteractiveShellApp.extensions = ["other"]`, and
  any list in a `.json` file) replaces what files read before it said, without a word; only
  `append` and `extend` add to it. If the extension is not loaded although this
  file is in place, look for such an assignment in the files that
  `ipython --debug -c ''` names.

`%load_ext immediate_tasks_ipy` in the notebook's first cell always works, and
tells the notebook's readers what it needs. The kernel "Python 3 (tasks)" that the
package installs loads the extension by its command line: neither trap touches it.
"""

c = get_config()  # noqa: F821 - IPython defines it for its configuration files
c.InteractiveShellApp.extensions.append("immediate_tasks_ipy")
