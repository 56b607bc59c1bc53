"""What a symbol of each asset class looks like at the broker."""

import re

_PATTERNS = {
    "CRYPTO": re.compile(r"[A-Z0-9]{1,16}/[A-Z]{2,8}", re.ASCII),
    "EQUITY": re.compile(r"[A-Z][A-Z0-9.\-]{0,11}", re.ASCII),
    "OPTION": re.compile(r"[A-Z0-9]{1,6}\d{6}[CP]\d{8}", re.ASCII),
}


def is_symbol(symbol: str, asset_class: str) -> bool:
    """Tell whether the broker could know the symbol. Crypto pairs carry a slash; options are OCC symbols."""
    return bool(_PATTERNS[asset_class].fullmatch(symbol))
