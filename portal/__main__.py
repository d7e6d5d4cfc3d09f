"""The command line: `python -m portal ...`. Exit 0 done, 1 refused or failed, 2 wrong use."""

import sys

from portal.commands import root
from portal.kit import lifeline


def main() -> int:
    """Run one command; turn what may go wrong into one clear line on standard error."""
    lifeline.hold()
    try:
        root.build()()  # leaves by SystemExit: 0, 1, or 2 for wrong use
    except Exception as error:
        words = root.explain(error)
        if words is None:
            raise
        print(words, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
