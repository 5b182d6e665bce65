"""Which pages are there? All of them are listed here."""

from __future__ import annotations

from fastapi import FastAPI

from hub.pages import house, outbox, signin, tasks
from hub.pages.deps import PagesDeps, make_site


def add_pages(app: FastAPI, deps: PagesDeps) -> None:
    """Put the pages on the hub's web application."""
    app.state.pages = make_site(deps)
    for router in (signin.public, house.router, outbox.router, tasks.router):
        app.include_router(router)
