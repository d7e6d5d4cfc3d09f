"""Build the front ends that the browser tests ask for: `python -m tests.browser.front`.

`make test` runs this beside lint and types, which leave a processor idle. Tests that come first
wait for it; without it they would build for themselves.
"""

import subprocess
import sys

from portal.config import ROOT
from tests.browser.conftest import environment

if __name__ == "__main__":
    for city in ("pleasanton", "leesburg", "minot"):
        subprocess.run(
            [sys.executable, "-c", "from portal import build; build.ensure(quiet=False)"],
            cwd=ROOT,
            env=environment(city),
            check=True,
        )
