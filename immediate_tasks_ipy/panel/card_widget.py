"""A card as a widget, for notebooks whose outputs can't be updated by a display id (marimo)."""

from __future__ import annotations

import anywidget
import traitlets

#: The card is a document of its own making, escaped in Python; it is parsed, scripts never run.
_SCRIPT = """
export default {
  render({ model, el }) {
    const draw = () => {
      const open = [...el.querySelectorAll("details")].map((one) => one.open);
      const parsed = new DOMParser().parseFromString(model.get("html"), "text/html");
      el.replaceChildren(...parsed.body.childNodes);
      el.querySelectorAll("details").forEach((one, index) => {
        if (index in open) one.open ||= open[index];
      });
    };
    model.on("change:html", draw);
    draw();
    return () => model.off("change:html", draw);
  },
};
"""


class CardWidget(anywidget.AnyWidget):
    """Shows `html`, and whatever it is changed to, from any thread."""

    _esm = _SCRIPT

    #: A card, as `display` draws it.
    html = traitlets.Unicode().tag(sync=True)
