"""Run the measurements: `python -m tests.bench [NAME ...]`; prints one JSON object a line."""

import json
import os
import platform
import sys
from importlib import import_module
from pathlib import Path


def main() -> int:
    """Run all, or those whose names are given; 1 where one fails."""
    here = Path(__file__).parent
    known = sorted(path.stem.removeprefix("bench_") for path in here.glob("bench_*.py"))
    wanted = sys.argv[1:] or known
    unknown = set(wanted) - set(known)
    if unknown:
        print(f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(known)}", file=sys.stderr)
        return 2
    machine = {"cpus": os.cpu_count(), "python": platform.python_version()}
    print(json.dumps({"bench": "machine", **machine}), flush=True)
    failed = 0
    for name in wanted:
        try:
            for figure in import_module(f"tests.bench.bench_{name}").run():
                print(json.dumps({"bench": name, **figure}), flush=True)
        except Exception as error:
            print(json.dumps({"bench": name, "failed": repr(error)}), flush=True)
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
