"""The shell blocks of a page, for tests that try what it says."""

import re

_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def shell_blocks(text: str) -> list[str]:
    """List the blocks marked `sh`, without their fences."""
    return _BLOCK.findall(text)
