"""Switch Polaris on in every new kernel.

The wheel installs this file to ``etc/ipython/startup``. It may outlive the package,
must never keep a kernel from starting, and runs in the namespace of the user, where
it leaves no name behind.
"""

try:
    if hasattr(get_ipython(), "kernel"):  # noqa: F821 - IPython provides it
        __import__("kernel_ext.extension").extension.load_ipython_extension(
            get_ipython()  # noqa: F821
        )
except ImportError:
    pass
except Exception:
    get_ipython().log.debug("Polaris could not be loaded.", exc_info=True)  # noqa: F821
