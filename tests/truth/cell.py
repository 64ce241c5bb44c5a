"""One cell of the table: a program of a language under a condition, and what has to be true of it."""
from dataclasses import dataclass

INTERVAL = 15  # the operator's default, in seconds
SHORT = 5      # where the interval is not what is asked; each of Java's uploads costs a moment without samples
FAULT_SECONDS = 30


@dataclass(frozen=True)
class Cell:
    language: str
    program: str
    functions: tuple = ()          # names whose shares are compared
    argument: str = ""
    condition: str = "alone"       # alone, quota-200m, quota-500m, busy
    hz: int = 100
    fault: str = ""                # of forwarder.Forwarder, for FAULT_SECONDS; or restart, of the application
    life: float = 0                # seconds; 0: until enough has been seen
    end: str = ""                  # self, SIGTERM or SIGKILL, of a program with a life
    floor: float = 0               # the part of a life's CPU that has to arrive
    measure: str = "cpu"           # cpu, alloc, kept or lock
    profiles: tuple = ()           # of spec.profiles
    seconds: int = 0               # the upload interval; 0: SHORT
    cpu: float = 6                 # CPU seconds that uploads have to cover before the program may end
    uploads: int = 2               # and this many of them,
    wall: float = 200              # or this many seconds have passed
    duty: float = 0.5
    block: float = 1               # length of the blocks of work, so that few samples a second suffice
    requests: float = 0            # per second
    exact_total: bool = True       # whether the total is compared

    @property
    def name(self):
        what = self.program + (f"-{self.argument}" if self.argument else "")
        how = [self.condition] + [f"{self.hz}hz"] * (self.hz != 100) + [self.fault] * bool(self.fault)
        if self.life:
            how.append(f"{self.life:g}s-{self.end}")
        return "/".join((self.language, what, "-".join(how)))

    @property
    def upload_seconds(self):
        return self.seconds or (INTERVAL if self.fault or self.life or self.language in ("go", "java") else SHORT)

    @property
    def millicores(self):
        return int(self.condition[6:-1]) if self.condition.startswith("quota-") else 0

    @property
    def strained(self):
        return self.condition != "alone"
