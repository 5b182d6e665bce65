"""How does a hub that does not run get its backup back? Under its lock, so that none starts meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hub.app.secret import known_secrets
from hub.clock import SystemClock
from hub.config.hub_toml import HubConfig
from hub.identity.keys import REPLACED
from hub.store.backup import restore
from hub.store.fence import History
from hub.store.lock import hold

_UNKNOWN: Final = {
    History.UNREADABLE: "the database that was there could not be read",
    History.UNRELATED: "the database that was there is new, another's, or older than the backup",
}


def restore_from(config: HubConfig, file: Path) -> list[str]:
    """What was done, in lines for a person.

    Raises:
        StoreInUse: a hub runs.
        BadRequest, StoreOutOfDate, StoreFailed: of the file, and of the disk.
    """
    data_dir, database = config.hub.data_dir, config.database
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with hold(data_dir):
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        done = restore(file, database, data_dir, known_secrets, SystemClock().now())
    fenced = done.fenced
    lines = [
        f"restored the backup of {done.made_at.isoformat(timespec='seconds')}",
        f"{fenced.doubtful} messages may have been sent since: they count as possibly delivered and are not sent",
        f"erased again: {fenced.erased} guests who were erased since; withdrawn again: {fenced.withdrawn} consents",
    ]
    if fenced.history is not History.KNOWN:
        lines += [
            f"{_UNKNOWN[fenced.history]}, so nobody knows what was sent since: no journey goes on,",
            "and nothing is sent until `innkeeper outbox resume`; revoked tokens may hold again: revoke them anew",
        ]
    if fenced.history is not History.UNREADABLE:
        lines.append(f"the database that was there is {database.name}{REPLACED}; delete it when you need it no more")
    return lines
