"""What people see of a training run: the dashboard, the text bar, their parts.

IPython and matplotlib are imported here only, and only once they are needed.
"""
