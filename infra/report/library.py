"""The JavaScript that draws: Vega, Vega-Lite and Vega-Embed (BSD-3-Clause), out of the package vl-convert-python."""

import vl_convert

VEGA_LITE = "6.4"


def bundle() -> str:
    """Bundle the libraries as one script without imports, which sets `vegaEmbed` of the window; about 900 kB.

    Raises:
        ValueError: The script could not stand inside a page.
    """
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    if "</script" in script.lower() or "<!--" in script:
        raise ValueError("the bundle of vl-convert cannot stand in a script element of a page")
    return script


def about() -> str:
    """Name the libraries with their versions."""
    return (
        f"Vega {vl_convert.get_vega_version()}, Vega-Lite {VEGA_LITE}, Vega-Embed {vl_convert.get_vega_embed_version()}"
    )
