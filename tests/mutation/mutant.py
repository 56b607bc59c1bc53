"""A mutant, as it is told and listed; what writes them is not needed to speak of them."""

from dataclasses import dataclass

_INSIDE = "\N{LATIN LETTER LATERAL CLICK}"
"""What mutmut writes between a class and its method."""


@dataclass(frozen=True)
class Mutant:
    """One small change of one function."""

    name: str
    """Module, function and number, as the trampolines know it."""
    change: str
    """The lines that differ."""

    @property
    def function(self) -> str:
        """Module and function, as its source names them."""
        module, _, name = self.name.partition("__mutmut_")[0].rpartition(".")
        return f"{module}.{name[2:].replace(_INSIDE, '.')}"

    @property
    def in_case_only(self) -> bool:
        """Whether letters became small or capital, and nothing else."""
        before, after = ([line[1:] for line in self.change.splitlines() if line[0] == sign] for sign in "-+")
        return [line.lower() for line in before] == [line.lower() for line in after]
