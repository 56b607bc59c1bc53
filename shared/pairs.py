"""Symbols as account activities write them: pairs lose their slash."""

from schemas.symbols import is_symbol

_QUOTES = ("USDT", "USDC", "USD", "BTC")
"""Currencies a pair may be quoted in, the longest spelling first."""
_DOLLARS = frozenset({"USD", "USDT", "USDC"})
"""Of these, US dollars and what stands for them one to one."""
_LONGEST_TICKER = 5


def pair(symbol: str) -> tuple[str, str]:
    """Take a crypto symbol without slash apart: base and quote. The longest known quote wins."""
    for quote in _QUOTES:
        if symbol.endswith(quote) and len(symbol) > len(quote):
            return symbol.removesuffix(quote), quote
    return symbol, ""


def bare(symbol: str) -> str:
    """Write a pair as positions and fees do: without its slash."""
    return symbol.replace("/", "")


def in_dollars(symbol: str) -> bool:
    """Tell whether a symbol's prices are US dollars: all are but those of pairs that are quoted in something else."""
    _, slash, quote = symbol.partition("/")
    return not slash or quote in _DOLLARS


def asset_class_of(symbol: str) -> str:
    """Tell what a symbol of an activity is; pairs may come without their slash, and no ticker is that long."""
    if is_symbol(symbol, "OPTION"):
        return "OPTION"
    coin = "/" in symbol or (len(symbol) > _LONGEST_TICKER and pair(symbol)[1] != "")
    return "CRYPTO" if coin else "EQUITY"
