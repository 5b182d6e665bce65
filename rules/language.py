"""How does a guest's language write money, numbers, dates and times?

A few small tables of our own: a message needs four forms, and they must not change with a release of somebody's data.
A language that is not here writes as English does; to add one is one row of MANNERS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from liquid import RenderContext
from liquid.exceptions import FilterArgumentError
from liquid.filter import with_context

LOCALE: Final = "locale"  # the name under which a text's filters find it

_NBSP: Final = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How one language writes."""

    thousands: str
    decimal: str
    sign_first: bool  # €189, or 189 €
    months: tuple[str, ...]
    date: str  # with {day}, {month}, {year}
    group_from: int = 4  # digits of the whole part from which thousands are parted
    unsubscribe: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Locale:
    """For whom a text is rendered."""

    language: str
    currency: str
    zone: ZoneInfo

    @property
    def manner(self) -> Manner:
        """How her language writes."""
        return MANNERS.get(self.language) or MANNERS.get(self.language.split("-")[0].lower()) or MANNERS["en"]


MANNERS: Final[Mapping[str, Manner]] = {
    "en": Manner(
        thousands=",", decimal=".", sign_first=True, date="{day} {month} {year}",
        months=("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
                "November", "December"),
        unsubscribe="To get no more of these messages: {link}",
    ),
    "pt": Manner(
        thousands=_NBSP, decimal=",", sign_first=False, date="{day} de {month} de {year}", group_from=5,
        months=("janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro",
                "novembro", "dezembro"),
        unsubscribe="Para deixar de receber estas mensagens: {link}",
    ),
    "es": Manner(
        thousands=_NBSP, decimal=",", sign_first=False, date="{day} de {month} de {year}", group_from=5,
        months=("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
                "noviembre", "diciembre"),
        unsubscribe="Para dejar de recibir estos mensajes: {link}",
    ),
    "fr": Manner(
        thousands="\N{NARROW NO-BREAK SPACE}", decimal=",", sign_first=False, date="{day} {month} {year}",
        months=("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
                "novembre", "décembre"),
        unsubscribe="Pour ne plus recevoir ces messages : {link}",
    ),
    "de": Manner(
        thousands=".", decimal=",", sign_first=False, date="{day}. {month} {year}",
        months=("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
                "November", "Dezember"),
        unsubscribe="Diese Nachrichten abbestellen: {link}",
    ),
}  # fmt: skip

SIGNS: Final[Mapping[str, str]] = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "BRL": "R$", "CHF": "CHF"}
CENTLESS: Final = frozenset({"JPY", "KRW", "ISK"})


def number(value: float, manner: Manner, *, decimals: int | None = None) -> str:
    """1234.5 as the language writes it; `decimals` None keeps what there is, two at most."""
    text = f"{value:.2f}".rstrip("0").rstrip(".") if decimals is None else f"{value:.{decimals}f}"
    whole, _, rest = text.lstrip("-").partition(".")
    if len(whole) >= manner.group_from:
        whole = f"{int(whole):,}".replace(",", manner.thousands)
    return ("-" if value < 0 else "") + whole + (manner.decimal + rest if rest else "")


def money(value: float, locale: Locale) -> str:
    """189 as `€189` or `189 €`; cents only where there are any."""
    whole = locale.currency in CENTLESS or float(value).is_integer()
    text = number(value, locale.manner, decimals=0 if whole else 2)
    sign = SIGNS.get(locale.currency, locale.currency)
    if not locale.manner.sign_first:
        return f"{text}{_NBSP}{sign}"
    return f"{sign}{_NBSP if sign.isalpha() else ''}{text}"


def day(value: datetime | date, locale: Locale) -> str:
    """`5 January 2026`, on the venue's calendar."""
    there = value.astimezone(locale.zone) if isinstance(value, datetime) else value
    manner = locale.manner
    return manner.date.format(day=there.day, month=manner.months[there.month - 1], year=there.year)


def clock(value: datetime, locale: Locale) -> str:
    """`09:00`, on the venue's clock: the same in all of these languages."""
    return f"{value.astimezone(locale.zone):%H:%M}"


WRITTEN: Final[Mapping[str, Callable[[object, Locale], str]]] = {
    "money": lambda value, locale: money(_number(value), locale),
    "number": lambda value, locale: number(_number(value), locale.manner),
    "date": lambda value, locale: day(_moment(value), locale),
    "time": lambda value, locale: clock(_moment(value), locale),
}
# What our own filters write. They raise LiquidError for what they cannot.


def _as_filter(written: Callable[[object, Locale], str]) -> Callable[..., str]:
    @with_context
    def filtered(value: object, *, context: RenderContext) -> str:
        return written(value, _locale(context))

    return filtered


FILTERS: Final[Mapping[str, Callable[..., str]]] = {name: _as_filter(written) for name, written in WRITTEN.items()}


def _locale(context: RenderContext) -> Locale:
    found = context.globals[LOCALE]
    if not isinstance(found, Locale):
        raise FilterArgumentError("no locale to write in", token=None)
    return found


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise FilterArgumentError("not a number", token=None)
    try:
        found = float(value)
    except (ValueError, OverflowError) as exc:
        raise FilterArgumentError("not a number", token=None) from exc
    if not abs(found) < 1e15:  # noqa: PLR2004  beyond it a float has no cents; also catches nan
        raise FilterArgumentError("not a number that can be written", token=None)
    return found


def _moment(value: object) -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise FilterArgumentError("not a time", token=None)
    return found
