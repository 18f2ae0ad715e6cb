"""`python -m laanet_core`."""

import sys

from laanet_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
