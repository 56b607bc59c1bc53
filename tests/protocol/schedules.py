"""Random schedules: attempts interleave, die, pause, repeat and come late, all by one seed.

`python -m tests.protocol.schedules SEED` tells the story of one.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.protocol.guards import Guards
from tests.protocol.reference import Attempt, Call, Steps, UnansweredError
from tests.protocol.servers import Life, Said, Servers
from tests.protocol.state import Scenario

_STEPS = 250
_BURSTS = (0.0, 0.5, 0.9, 0.97)
"""How likely it is that the same attempt goes on; a history has one of these throughout."""
_FAULTS = (0.0, 0.02, 0.1, 0.3)
_WORLD = (0.02, 0.1, 0.3)


@dataclass
class Story:
    """What happened, and the verdict: None where every promise held."""

    seed: int
    verdict: str | None = None
    told: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        replay = f"replay: python -m tests.protocol.schedules {self.seed}"
        return "\n".join([*self.told, f"verdict: {self.verdict or 'kept'}", replay])


class Schedule:
    """One history, from an empty table to convergence."""

    def __init__(self, seed: int, guards: Guards, scenario: Scenario) -> None:
        self.story = Story(seed)
        self._random = Random(seed)  # noqa: S311 - a schedule, not a secret
        self._guards = guards
        self._scenario = scenario
        self._servers = Servers(guards.stream_commits_once)
        self._late: list[tuple[str, Call]] = []
        self._burst, self._fault, self._world = map(self._random.choice, (_BURSTS, _FAULTS, _WORLD))
        self._keys = "xyz"[: self._random.randint(1, 3)]
        self._events = self._random.randint(0, 4)
        self._running = self._attempts()

    def play(self) -> Story:
        """Run to the end, or to the first broken promise."""
        for key in self._keys:
            if self._random.random() < 0.7:
                self._servers.write(key)
        current = next(iter(self._running))
        for _ in range(_STEPS):
            if not self._running:
                break
            if self._random.random() < self._world:
                self._happen()
            if current not in self._running or self._random.random() > self._burst:
                current = self._random.choice(list(self._running))
            self._step(current, *self._running[current])
            if self._broken():
                return self.story
        return self._converge()

    def _attempts(self) -> dict[str, tuple[Steps, Call | None]]:
        executions = self._scenario.executions or tuple(self._random.randint(0, 2) for _ in range(4))
        count = self._random.randint(2, max(2, len(executions)))
        leases = self._scenario.leases or (0,)
        made = (
            Attempt(
                "ABCD"[n],
                executions[n % len(executions)],
                self._guards,
                leases[n % len(leases)],
                retries=self._scenario.retries_in_process,
                revises_first=self._scenario.revises_first or self._random.random() < 0.3,
            )
            for n in range(count)
        )
        return {one.name: (one.run(), None) for one in made}

    def _step(self, name: str, steps: Steps, call: Call | None) -> None:
        """Let an attempt make its next call, and answer it in one of the ways in which calls are answered."""
        if call is None:
            self._go_on(name, steps, lambda: next(steps))
            return
        if self._random.random() < self._fault:
            self._fail(name, steps, call)
        else:
            self._tell(name, call.name)
            answer = call.act(self._servers)
            self._go_on(name, steps, lambda: steps.send(answer))

    def _fail(self, name: str, steps: Steps, call: Call) -> None:
        happens, dies, lies = (self._random.random() < chance for chance in (0.5, 0.4, 0.3))
        if lies and call.name == "commit":
            self._tell(name, "commit, answered not found")
            self._go_on(name, steps, lambda: steps.send(Said.NOT_FOUND))
            return
        self._tell(
            name, f"{call.name}, {'which happens' if happens else 'lost'}, {'and dies' if dies else 'no answer'}"
        )
        if call.repeats or (call.lingers and not happens):
            self._late.append((name, call))
        if happens:
            call.act(self._servers)
        if dies:
            del self._running[name]
        else:
            self._go_on(name, steps, lambda: steps.throw(UnansweredError()))

    def _go_on(self, name: str, steps: Steps, resume: Callable[[], Call]) -> None:
        try:
            self._running[name] = steps, resume()
        except StopIteration:
            del self._running[name]

    def _happen(self) -> None:
        """Something that no attempt does."""
        servers, key = self._servers, self._random.choice(self._keys)
        match self._random.randrange(6):
            case 0 | 1 if self._events:
                self._events -= 1
                edits = key not in servers.live or self._random.random() < 0.8
                self._tell("the hot side", f"{'writes' if edits else 'deletes'} {key}")
                servers.write(key) if edits else servers.live.pop(key)
            case 2:
                self._tell("retire", key)
                servers.retire(key, checks_revision=self._guards.retire_has_precondition)
            case 3 if servers.streams:
                self._lose(self._random.choice(list(servers.streams)))
            case 4 if self._random.random() < 0.2:
                self._tell("a day", "passes")
                servers.pass_a_day()
            case _:
                self._deliver()

    def _lose(self, name: str) -> None:
        """The server drops a stream: rows that were not committed, or the memory of one that was."""
        stream = self._servers.streams[name]
        if stream.life is Life.COMMITTED:
            stream.life = Life.FORGOTTEN
        elif self._random.random() < 0.3:
            stream.life = Life.GONE
        self._tell("the server", f"drops stream {name}")

    def _deliver(self) -> None:
        if self._late:
            name, call = self._late[self._random.randrange(len(self._late))]
            self._tell(name, f"{call.name} arrives late")
            call.act(self._servers)
            if not call.repeats:
                self._late.remove((name, call))

    def _converge(self) -> Story:
        """Kill everybody; a clean run, or one a day later, must put all right, whatever old requests still arrive."""
        self._running.clear()
        for day in range(2):
            if self._clean(f"the clean run of day {day}"):
                break
            self._servers.pass_a_day()
        else:
            self.story.verdict = "STUCK"
            return self.story
        self._random.shuffle(self._late)
        for _, call in self._late:
            call.act(self._servers)
        if not self._broken() and self._servers.misses():
            self.story.verdict = "LOST"
        return self.story

    def _clean(self, name: str) -> bool:
        """Run one attempt alone; whether it came to its end."""
        answer = None
        steps = Attempt(name, 99, self._guards).run()
        while True:
            try:
                call = steps.send(answer)
            except StopIteration as end:
                return bool(end.value)
            answer = call.act(self._servers)
            self._tell(name, call.name)

    def _broken(self) -> bool:
        self.story.verdict = self._servers.violation()
        return self.story.verdict is not None

    def _tell(self, who: str, what: str) -> None:
        self.story.told.append(f"{who}: {what}")


def story_of(seed: int, guards: Guards | None = None, scenario: Scenario | None = None) -> Story:
    """Play the history of a seed."""
    return Schedule(seed, guards or Guards(), scenario or Scenario()).play()


def first_broken(seeds: range, guards: Guards, scenario: Scenario) -> Story | None:
    """The first of some histories that breaks a promise."""
    return next((story for seed in seeds if (story := story_of(seed, guards, scenario)).verdict), None)


def main(arguments: list[str]) -> Any:
    """Tell the stories of the seeds named."""
    for seed in arguments:
        sys.stdout.write(f"{story_of(int(seed))}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
