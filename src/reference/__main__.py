"""``python -m reference``: the command line."""

import sys

from reference.cli import main

sys.exit(main())
