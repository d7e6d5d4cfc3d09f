"""Make the first migration again from the models: until the first release there is only one.

Run by `make migration`. After the release, write a new one instead (docs/operations.md).
"""

import hashlib
import re
import tempfile
from pathlib import Path

from sqlalchemy import create_engine

from portal import migrations
from portal.kit import postgres

_REVISION = "to_be_named"
_FIRST = "2026_11_21_first.py"


def remake() -> Path:
    """Replace the first migration by one that makes every table of the models; return its file."""
    versions = migrations.SCRIPTS / "versions"
    for old in versions.glob("*.py"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        server = postgres.start(Path(folder), durable=False)
        try:
            engine = create_engine(server.url("postgres"))
            with engine.begin() as connection:
                migrations.new_revision(connection, "first", _REVISION)
            engine.dispose()
        finally:
            server.stop()
    (made,) = versions.glob("*.py")
    text = made.read_text()
    text = re.sub(r"\n    # ### .*", "", text)
    text = text.replace('"""first"""', '"""Make every table, and the job queue\'s."""')
    text = text.replace(
        "from alembic import op\n", "from alembic import op\n\nfrom portal import database\n"
    )
    text = text.rstrip() + "\n    database.run_sql(op.get_bind(), database.queue_sql())\n"
    # Named by its content: a database made by an earlier form of it is told from one of this form.
    text = text.replace(_REVISION, hashlib.sha256(text.encode()).hexdigest()[:12])
    made.unlink()
    target = versions / _FIRST
    target.write_text(text)
    return target


if __name__ == "__main__":
    print(f"Wrote {remake().name}")
