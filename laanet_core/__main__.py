"""Entry point of `python -m laanet_core`."""

import os
import sys

from laanet_core.cli import main

if __name__ == "__main__":
    status = main()
    # Unloading all libraries would take a second more, which matters for a single photo.
    if sys.argv[1:2] == ["predict"]:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)
