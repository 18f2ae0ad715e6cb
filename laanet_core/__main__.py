"""Entry point of `python -m laanet_core`."""

import os
import sys

from laanet_core.cli import main

if __name__ == "__main__":
    status = main()
    if sys.argv[1:2] == ["predict"]:
        # Unloading the libraries would delay the shell prompt by a second.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)
