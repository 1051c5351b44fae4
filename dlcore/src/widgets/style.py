"""The look of everything shown as HTML: one style sheet, scoped to ``.dl``.

Text takes the colour of the page, lines and tints are half transparent, so the same
output reads well in light and dark themes, in a saved notebook and in exported HTML.
JupyterLab's CSS variables are used where they are there.
"""

from __future__ import annotations

import re

# Okabe and Ito's blue and vermilion, moved to a middle lightness: at least 3:1
# against white and against JupyterLab's dark background, and apart for every eye.
TRAIN, VALID = "#2b83ba", "#d9631e"
INK = "#808080"

_SHEET = """
.dl {
  --dl-line: var(--jp-border-color2, rgba(128, 128, 128, .35));
  --dl-font: var(--jp-ui-font-family, system-ui, sans-serif);
  font: 13px/1.45 var(--dl-font);
  font-variant-numeric: tabular-nums;
  max-width: 900px;
  padding: 4px 0;
}
.dl .q { opacity: .68; }
.dl .chip {
  border: 1px solid var(--dl-line);
  border-radius: 9px;
  font-size: 11px;
  padding: 1px 8px;
}
.dl table {
  border-collapse: collapse;
  border: 0;
  font-size: 12px;
  margin: 0;
}
.dl table th, .dl table td {
  background: none;
  border: 0;
  padding: 2px 14px 2px 0;
  text-align: right;
  white-space: nowrap;
}
.dl table th { font-weight: 500; opacity: .68; }
.dl table thead tr { border-bottom: 1px solid var(--dl-line); }
.dl.dl.dl tr { background: none; }
"""


def sheet(*parts: str) -> str:
    """Return a ``<style>`` element: the common rules, then those of a view.

    Parameters
    ----------
    *parts : str
        Rules that begin with ``.dl``.
    """
    text = re.sub(r"\s+", " ", "".join((_SHEET, *parts)))
    return f"<style>{text.strip()}</style>"
