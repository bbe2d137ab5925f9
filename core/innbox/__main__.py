"""`python -m innbox`: the command line."""

import sys

from innbox.cli import main

sys.exit(main())
