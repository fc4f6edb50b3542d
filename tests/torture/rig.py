"""One run: fill, start, torment, calm down, let everything end, compare, report."""

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from django.db import connection
from rich.console import Console

from drsorch.simulator.control import ControlError
from tests.queue import processes
from tests.torture import report, victims, witness, world
from tests.torture.fault_rules import Rules
from tests.torture.faults import Weather
from tests.torture.figures import Figures, collect
from tests.torture.freezer import Freezer
from tests.torture.installation import ROOT, Installation
from tests.torture.killer import ORPHANS_GO_WITHIN, Killer
from tests.torture.machine import Machine
from tests.torture.options import Options
from tests.torture.people import People
from tests.torture.times import Times
from tests.torture.traffic import Traffic
from tests.torture.troubles import Troubles
from tests.torture.visitor import Visitor

STEP = 0.1
SAY_EVERY = 15.0
# A job without end is asked about when its wave has timed out, in five minutes at the soonest: not for short runs.
LASTING_FROM_MINUTES = 5
CONTROL_MINUTES = "1.5"
PASSWORD = "a-long-password"


def main(installation: Installation, times: Times, options: Options) -> int:
    """Run once and return the exit code: 0 only when nothing was launched twice, stuck or lost."""
    console = Console(soft_wrap=True)
    broken = [rule for rule, holds in times.rules().items() if not holds]
    if broken:
        console.print(f"These times would prove nothing: not true is {'; '.join(broken)}.")
        return 2
    figures = Run(installation, times, options, console).run()
    report.show(console, figures)
    if options.result:
        figures.save(options.result)
    if options.write:
        report.write(figures, run_negative_control(console, options))
    return 0 if figures.is_good else 1


class Run:
    """The parts of one run."""

    def __init__(self, installation: Installation, times: Times, options: Options, console: Console) -> None:
        seeds = random.Random(options.seed)  # noqa: S311 (dice, not secrets)
        dice = [random.Random(seeds.random()) for _ in range(6)]  # noqa: S311
        control = installation.control
        self.installation, self.times, self.options, self.console = installation, times, options, console
        control.settings(signature_window_seconds=times.signature_window)
        self.world = world.build(control)
        witness.install()
        port = installation.start_web()
        self.people = People(self.world, dice[0])
        self.visitor = Visitor(port, dice[1], self.world.olga.name, PASSWORD)
        self.freezer = Freezer(installation, dice[3], times)
        places = sorted({(account, region) for account, region, _ in self.world.servers})
        is_long = options.minutes >= LASTING_FROM_MINUTES
        rules = Rules(times, dice[4], self.world.servers, self.world.expendable if is_long else [])
        self.weather = Weather(control, times, dice[4], rules, Troubles(control, places, dice[5]))
        self.traffic = Traffic(control)
        self.machine = Machine()
        installation.start_worker()
        self.killer = Killer(self._victims(port), dice[2], options.pace)
        self.began = self.said_at = time.monotonic()

    def run(self) -> Figures:
        """Do all of it."""
        self.console.print(f"[bold]{self.options.command}[/bold], {self.installation.database.label}")
        for rule in self.times.rules():
            self.console.print(f"  {rule}", style="bright_black", highlight=False)
        self.people.start()
        self.visitor.start()
        try:
            self.torment()
            stop_seconds = self.calm_down()
            calm_since = time.monotonic()
            ended = self.let_everything_end()
            settled = round(time.monotonic() - calm_since)
        finally:  # a rig that fails must end, too
            self.people.leave()
            self.visitor.leave()
        for name in ("worker", "web"):
            self.installation.stop(name)
        processes.wait_for(lambda: not self.left_over(), ORPHANS_GO_WITHIN)
        figures = collect(self)
        figures.seconds = round(time.monotonic() - self.began)
        figures.stop_seconds, figures.settle_seconds = round(stop_seconds, 1), settled
        figures.orphans += len(self.left_over())
        if not ended:
            figures.wrong.append(f"Not everything had ended {self.options.ends_within:g} s after the last kill.")
        connection.close()
        return figures

    @property
    def problem(self) -> str:
        """Why going on makes no sense, or nothing."""
        return self.people.problem or self.visitor.problem or self.killer.problem

    def torment(self) -> None:
        """Kill, freeze and spoil until there was enough of it."""
        if self.options.blind:
            self.weather.lose_answers()
        until = self.began + self.options.minutes * 60
        while not self.problem and (time.monotonic() < until or self._wants_more()):
            if self.options.has("freezes"):
                self.freezer.step()
            self.killer.step(spare="worker" if self.freezer.is_holding else "")
            self.traffic.step()
            try:
                if self.options.has("faults"):
                    self.weather.step()
                if self.options.has("jumps"):
                    self.weather.jump()
            except ControlError as refused:
                self.killer.problem = f"The endpoint refused a fault: {refused}"
            self.say()
            time.sleep(STEP)

    def calm_down(self) -> float:
        """No more kills, faults or deaths: a worker that does not die takes over. Return how long the old one took."""
        self.freezer.let_go()
        if not processes.wait_for(self.killer.bring_back, ORPHANS_GO_WITHIN * 2):
            self.killer.problem = self.killer.problem or "Not everything that was killed came back."
        self.weather.clear()
        self.weather.troubles.mend()
        connection.close()  # whatever it was connected to may have been killed
        self.people.finish_up()
        self.visitor.is_finishing = True
        seconds = self.installation.stop("worker")
        self.installation.start_worker(ENGINE_CRASH_PROBABILITY="0")
        return seconds

    def let_everything_end(self) -> bool:
        """Wait for the end of all executions and terminations; tell whether it came in time."""
        until = time.monotonic() + self.options.ends_within
        while time.monotonic() < until and not self.problem:
            if self.people.all_ended():
                return True
            self.traffic.step()
            self.say()
            time.sleep(STEP * 5)
        return False

    def left_over(self) -> list[int]:
        """Processes of worker and web server that outlived them."""
        kept = {self.installation.pid("simulator")}
        return [pid for pid in self.installation.processes() if pid not in kept]

    def say(self) -> None:
        """Show now and then that we live."""
        if time.monotonic() - self.said_at >= SAY_EVERY:
            self.said_at = time.monotonic()
            counts, hits = self.people.counts, self.weather.hits
            started = sum(number for what, number in counts.items() if what.endswith(" started"))
            self.console.print(
                f"  {self.said_at - self.began:4.0f} s: {self.killer.total} kills, {hits.total()} faults, "
                f"{started} executions started",
                style="bright_black",
                highlight=False,
            )

    def _wants_more(self) -> bool:
        return self.killer.total < self.options.kills or self.weather.hits.total() < self.options.faults

    def _victims(self, port: int) -> list[victims.Victim]:
        made: dict[str, victims.Victim] = {
            "worker": victims.Worker(self.installation),
            "web": victims.Web(self.installation, port),
            "endpoint": victims.Endpoint(self.installation),
        }
        if self.installation.database.kinds:
            made["database"] = victims.Database(self.installation)
        return [victim for part, victim in made.items() if self.options.has(part)]


def run_negative_control(console: Console, options: Options) -> Figures:
    """Run the rig against an engine that sends again without looking, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="drsorch-torture-control-") as folder:
        result = Path(folder) / "result.json"
        command = ["--blind", "--minutes", CONTROL_MINUTES, "--seed", str(options.seed), "--result", str(result)]
        command += ["--postgresql"] if options.postgresql else []
        console.print("\nNegative control: the same rig, and an engine that sends again without looking.")
        subprocess.run([sys.executable, "-m", "tests.torture", *command], cwd=ROOT, check=False)
        return Figures.load(result)
