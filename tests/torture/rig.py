"""One run: fill, start, kill, calm down, let everything end, compare, report."""

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from django.db import connection
from rich.console import Console

from tests.queue import processes
from tests.torture import report, world
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

STEP = 0.1
SAY_EVERY = 15.0
ENDS_WITHIN = 180.0
CONTROL_MINUTES = "0.4"


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
        dice = [random.Random(seeds.random()) for _ in range(4)]  # noqa: S311
        self.installation, self.times, self.options, self.console = installation, times, options, console
        installation.control.settings(signature_window_seconds=times.signature_window)
        self.people = People(*world.build(), dice[0])
        self.killer = Killer(installation, dice[1], options.kill_every)
        self.freezer = Freezer(installation, dice[3], times.lease)
        self.weather = Weather(installation.control, times, dice[2])
        self.traffic = Traffic(installation.control)
        self.machine = Machine()
        self.began = time.monotonic()
        self.said_at = self.began

    def run(self) -> Figures:
        """Do all of it."""
        self.console.print(f"[bold]{self.options.command}[/bold]")
        for rule in self.times.rules():
            self.console.print(f"  {rule}", style="bright_black", highlight=False)
        self.installation.start_worker()
        self.people.start()
        self.torment()
        stop_seconds = self.calm_down()
        ended = self.let_everything_end()
        self.people.leave()
        self.installation.stop("worker")
        processes.wait_for(lambda: not self.left_over(), ORPHANS_GO_WITHIN)
        figures = collect(
            killer=self.killer,
            freezer=self.freezer,
            weather=self.weather,
            people=self.people,
            traffic=self.traffic,
            installation=self.installation,
            options=self.options,
            times=self.times,
            machine=self.machine,
        )
        figures.seconds = round(time.monotonic() - self.began)
        figures.stop_seconds = round(stop_seconds, 1)
        figures.orphans += len(self.left_over())
        if not ended:
            figures.wrong.append(f"Not everything had ended {ENDS_WITHIN:g} s after the last kill.")
        connection.close()
        return figures

    @property
    def problem(self) -> str:
        """Why going on makes no sense, or nothing."""
        return self.people.problem or self.killer.problem

    def torment(self) -> None:
        """Kill, freeze and spoil until there was enough of it."""
        if self.options.blind:
            self.weather.lose_answers()
        until = self.began + self.options.minutes * 60
        while not self.problem and (time.monotonic() < until or self.killer.total < self.options.kills):
            if self.options.freeze:
                self.freezer.step()
            if not self.freezer.is_holding:
                self.killer.step()
            self.traffic.step()
            if self.options.faults:
                self.weather.step()
            self.say()
            time.sleep(STEP)

    def calm_down(self) -> float:
        """No more kills, faults or deaths: a worker that does not die takes over. Return how long the old one took."""
        self.freezer.let_go()
        self.weather.clear()
        self.people.finish_up()
        seconds = self.installation.stop("worker")
        self.installation.start_worker(ENGINE_CRASH_PROBABILITY="0")
        return seconds

    def let_everything_end(self) -> bool:
        """Wait for the end of all drills and terminations; tell whether it came in time."""
        until = time.monotonic() + ENDS_WITHIN
        while time.monotonic() < until and not self.problem:
            if self.people.all_ended():
                return True
            self.traffic.step()
            self.say()
            time.sleep(STEP * 5)
        return False

    def left_over(self) -> list[int]:
        """Processes of the worker that outlived it."""
        return [pid for pid in self.installation.processes() if pid != self.installation.pid("simulator")]

    def say(self) -> None:
        """Show now and then that we live."""
        if time.monotonic() - self.said_at >= SAY_EVERY:
            self.said_at = time.monotonic()
            drills = self.people.counts["drills started"]
            self.console.print(
                f"  {self.said_at - self.began:4.0f} s: {self.killer.total} kills, {drills} drills started",
                style="bright_black",
                highlight=False,
            )


def run_negative_control(console: Console, options: Options) -> Figures:
    """Run the rig against an engine that sends again without looking, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="drsorch-torture-control-") as folder:
        result = Path(folder) / "result.json"
        command = ["--blind", "--minutes", CONTROL_MINUTES, "--seed", str(options.seed), "--result", str(result)]
        console.print("\nNegative control: the same rig, and an engine that sends again without looking.")
        subprocess.run([sys.executable, "-m", "tests.torture", *command], cwd=ROOT, check=False)
        return Figures.load(result)
