"""A kernel without Polaris: what its startup file has registered is taken back."""

from IPython import get_ipython

get_ipython().kernel.comm_manager.targets.pop("polaris.completion", None)
