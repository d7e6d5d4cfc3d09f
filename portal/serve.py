"""Serve the portal on one port: `portal serve`.

The front end is built when its sources changed; the server then starts on the finished files.
Reflex's own `run` would compile again at every start and ignore SIGTERM without a terminal.
"""

import errno
import os
import socket
import sys

from portal import build
from portal.config import ROOT, settings


class PortTaken(Exception):
    """Another program listens on the port."""


def check_port(host: str, port: int) -> None:
    """Raise PortTaken where something listens already, OSError where we may not listen.

    The server binds with SO_REUSEPORT: two portals on one port would silently share the traffic.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise OSError(f"cannot listen on {host}, port {port}: {error.strerror}") from error
            raise PortTaken(
                f"port {port} on {host} is taken by another program; choose another with --port"
            ) from error


def serve(host: str, port: int, workers: int = 1) -> None:
    """Serve until SIGTERM or Ctrl-C. The database is up and migrated, the port is free.

    Without PORTAL_PUBLIC_URL the portal believes to be `http://localhost:PORT`.
    """
    if workers > 1 and not os.environ.get("PORTAL_REDIS_URL"):
        raise ValueError("more than one worker needs PORTAL_REDIS_URL: they share the residents")
    check_port(host, port)
    os.environ.setdefault("PORTAL_PUBLIC_URL", f"http://localhost:{port}")
    os.environ["GRANIAN_WORKERS"] = str(workers)
    settings.cache_clear()
    build.ensure()
    os.environ["__REFLEX_SKIP_COMPILE"] = "true"  # not before: the build compiles
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)  # Reflex looks for its configuration in the working directory

    from reflex.utils.exec import run_backend_prod
    from reflex_base import constants
    from reflex_base.environment import environment

    import rxconfig  # noqa: F401 - sets PATH and Reflex's switches before Reflex is imported

    environment.REFLEX_ENV_MODE.set(constants.Env.PROD)
    environment.REFLEX_SKIP_COMPILE.set(True)
    run_backend_prod(host, port, mount_frontend_compiled_app=False)


def main() -> None:
    """Serve on the port named first, by so many workers: for the tests. `portal serve` is yours."""
    serve("127.0.0.1", *map(int, sys.argv[1:3]))


if __name__ == "__main__":
    main()
