"""Reflex's configuration. Importing it also puts the wheel's node on PATH: nothing is exported."""

import os
import sys
from pathlib import Path

_BIN = str(Path(sys.executable).parent)
if _BIN not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = _BIN + os.pathsep + os.environ.get("PATH", "")
for _name, _value in {
    "REFLEX_USE_NPM": "1",
    "REFLEX_TELEMETRY_ENABLED": "false",
    "REFLEX_CHECK_LATEST_VERSION": "false",
    # The lock is written without registry addresses, so that every city's mirror can serve it.
    "npm_config_omit_lockfile_registry_resolved": "true",
    "npm_config_fund": "false",
    "npm_config_audit": "false",
}.items():
    os.environ.setdefault(_name, _value)

import reflex as rx

from portal.config import settings
from portal.http.origins import our_origins

# Baked into the bundle and replaced after the build by "the origin this page came from", so that
# one build serves every host and port (portal/build.py). Port 9 is "discard": never ours.
API_PLACEHOLDER = "http://localhost:9"

config = rx.Config(
    app_name="portal",
    api_url=API_PLACEHOLDER,
    telemetry_enabled=False,
    show_built_with_reflex=False,
    cors_allowed_origins=our_origins(),
    trusted_proxy_hops=settings().trusted_proxy_hops,
    plugins=[],
    disable_plugins=[rx.plugins.SitemapPlugin],
    state_manager_mode=(
        rx.constants.StateManagerMode.REDIS
        if settings().redis_url
        else rx.constants.StateManagerMode.MEMORY
    ),
    redis_url=settings().redis_url or None,
    frontend_compression_formats=["brotli", "gzip"],
    frontend_packages=["@fontsource-variable/public-sans@5.3.0", "axe-core@4.14.1"],
    loglevel=rx.constants.LogLevel.ERROR,
)
