"""What objects show of themselves at the end of a notebook cell.

Each function returns a bundle of MIME types: text always, and HTML that needs
neither scripts nor anything from outside, stays under 50 KB and follows the theme of
the page. Nothing here imports IPython.
"""
