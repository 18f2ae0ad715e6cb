"""`python -m laanet_core`."""

import os
import sys

from laanet_core.cli import main

if __name__ == "__main__":
    status = main()
    if sys.argv[1:2] == [
        "predict"
    ]:  # who asks about one photo would wait a second more until all libraries are taken apart
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)
