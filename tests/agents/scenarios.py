"""What is run: one process each, wired as the operator wires a container."""
import dataclasses
import typing


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    language: str
    command: tuple
    server: str = "recorder"  # recorder, silent (takes connections, never answers) or refusing
    env: dict = dataclasses.field(default_factory=dict)
    without: tuple = ()
    until: typing.Optional[typing.Callable] = None  # end the process once such an upload came
    seconds: float = 60  # deadline


def holds(text):
    return lambda upload: text in upload.content()


PY, JS, JAVA = ("{python}", "{programs}/burn.py"), ("{node}", "{programs}/burn.js"), ("{java}", "-cp", "{programs}", "Burn")
RUNS = {"python": PY, "node": JS, "java": JAVA}
DEBUG = {"PROFILING_DEBUG": "1"}

SCENARIOS = [
    # Profiles arrive, from the applications of the end-to-end tests.
    Scenario("java profiles", "java", ("{java}", "-cp", "{programs}", "shop.Checkout"), until=holds(b"priceBasket")),
    Scenario("python profiles", "python", ("{python}", "{apps}/python/checkout.py"), until=holds(b"price_basket")),
    Scenario("node profiles", "node", ("{node}", "{apps}/node/checkout.js"), until=holds(b"priceBasket")),
    Scenario("node profiles modules", "node", ("{node}", "{programs}/burn.mjs"), until=holds(b"priceBasket")),
    Scenario("node profiles the heap", "node", ("{node}", "{apps}/node/checkout.js"),
             env={"PROFILING_NODE_HEAP": "true"}, until=holds(b"inuse_space")),
    Scenario("python profiles memory", "python", ("{python}", "{apps}/python/checkout.py"),
             env={"PROFILING_PYTHON_MEMORY": "true"}, until=holds(b"price_basket")),
    # The Java agent unpacks a library into the temp folder before it looks at anything else.
    *(Scenario(f"java no temp folder{suffix}", "java", ("{java}", "-Djava.io.tmpdir=/nonexistent", "-cp", "{programs}", "Burn", "0.1", "7"), env=env)
      for suffix, env in (("", {}), (", off", {"PYROSCOPE_AGENT_ENABLED": "false"}))),
    # Processes that fork.
    Scenario("python forks", "python", ("{python}", "{programs}/fork.py"), env=DEBUG),
    Scenario("python gunicorn", "python", ("{python}", "{programs}/gunicorn", "app:app"), env=DEBUG),
    Scenario("python main thread", "python", ("{python}", "{programs}/main_thread.py")),
    Scenario("python hidden", "python", ("{python}", "{programs}/burn.py", "0", "0"),
             env={"PYTHONPATH": "{agents}/python:{programs}/hidden"}),
    Scenario("python hidden, off", "python", ("{python}", "{programs}/burn.py", "0", "0"),
             env={"PYTHONPATH": "{agents}/python:{programs}/hidden"}, without=("PYROSCOPE_APPLICATION_NAME",)),
    Scenario("python pip", "python", ("{python}", "-m", "pip", "--version"), env={**DEBUG, "PROFILING_START_DELAY_MS": "0"}),
    # Node in particular.
    Scenario("node npm", "node", ("{node}", "{programs}/npm-cli.js", "1", "0"), env=DEBUG),
    Scenario("node -e", "node", ("{node}", "-e", "process.exitCode = 3"), env={"PROFILING_START_DELAY_MS": "1000"}),
    Scenario("node worker", "node", ("{node}", "{programs}/worker.js"), env=DEBUG),
    Scenario("node datadog", "node", (*JS, "1", "0"), env={**DEBUG, "DD_PROFILING_ENABLED": "true"}),
    Scenario("node odd intervals", "node", (*JS, "2.5", "3"),
             env={"PYROSCOPE_FLUSH_INTERVAL_MS": "soon", "PYROSCOPE_WALL_SAMPLING_INTERVAL_MICROS": "-1"}),
]
for _language, _command in RUNS.items():
    SCENARIOS += [
        # A script that ends before the profiler starts (the delay is the default one).
        Scenario(f"{_language} short", _language, (*_command, "0.1", "7"), env={"PROFILING_START_DELAY_MS": "1000"}),
        # The server is not what it should be; long enough for uploads to be tried. Twenty-five seconds
        # are less than a process would wait for two unanswered uploads.
        *(Scenario(f"{_language} {_kind}", _language, (*_command, "3", "5"), server=_kind, seconds=25) for _kind in ("silent", "refusing")),
        Scenario(f"{_language} no url", _language, (*_command, "2.5", "6"), env={"PYROSCOPE_SERVER_ADDRESS": "nowhere"}, seconds=25),
        Scenario(f"{_language} odd tenant", _language, (*_command, "2.5", "6"), env={"PYROSCOPE_TENANT_ID": "a\nb"}, seconds=25),
        Scenario(f"{_language} odd labels", _language, (*_command, "3", "6"),
                 env={"PYROSCOPE_LABELS": "good=1,,bad,=x,y=,z={},pod=p-1"}, seconds=25),
        Scenario(f"{_language} switched off", _language, (*_command, "2.5", "4"), env={"PYROSCOPE_AGENT_ENABLED": "false"}),
    ]
SCENARIOS += [
    Scenario(f"{language} without {name}", language, (*RUNS[language], "1", "4"), env=DEBUG, without=(f"PYROSCOPE_{name}",))
    for language in ("python", "node") for name in ("APPLICATION_NAME", "SERVER_ADDRESS")
]
