"""The scenarios: one process each, set up as the operator sets up a container."""
import dataclasses
import re
import typing


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    language: str
    command: tuple
    server: str = "recorder"  # or another one of conftest.SERVERS
    injected: bool = True  # False: the same without the agent
    env: dict = dataclasses.field(default_factory=dict)
    without: tuple = ()
    until: typing.Optional[typing.Callable] = None  # end the process after such an upload
    logged: str = ""  # end the process two upload intervals after this is on stderr
    by_stdin: bool = False  # end it by closing its stdin, not by a signal
    seconds: float = 60  # deadline


def holds(text):
    return lambda upload: text in upload.content()


def from_all(pattern, count):
    """True after uploads with `count` different matches, from processes that each have a function named after them."""
    seen = set()

    def came(upload):
        seen.update(re.findall(pattern, upload.content()))
        return len(seen) >= count
    return came


PY, JS, JAVA = ("{python}", "{programs}/burn.py"), ("{node}", "{programs}/burn.js"), ("{java}", "-cp", "{programs}", "Burn")
RUNS = {"python": PY, "node": JS, "java": JAVA}
DEBUG = {"PROFILING_DEBUG": "1"}
# A read-only root file system with one writable folder, like a volume of a pod.
READ_ONLY = ("unshare", "-m", "sh", "-c", 'mount -t tmpfs none {programs}/temp && mount -o remount,bind,ro / && ! touch {programs}/x && exec "$@"', "sh")
OTHER_AGENT = "-javaagent:{programs}/other-agent.jar"
AT_ONCE = {**DEBUG, "PROFILING_START_DELAY_MS": "0"}
NPM = {**DEBUG, "npm_config_cache": "{programs}/npm-cache"}
ANSWERS = ("slow", "401", "429", "500")

SCENARIOS = [
    # Profiles arrive, from the applications of the end-to-end tests.
    Scenario("java profiles", "java", ("{java}", "-cp", "{programs}", "shop.Checkout"), until=holds(b"priceBasket")),
    Scenario("python profiles", "python", ("{python}", "{apps}/python/checkout.py"), until=holds(b"price_basket")),
    Scenario("node profiles", "node", ("{node}", "{apps}/node/checkout.js"), until=holds(b"priceBasket")),
    Scenario("node profiles modules", "node", ("{node}", "{programs}/burn.mjs"), until=holds(b"priceBasket")),
    Scenario("node profiles the heap", "node", ("{node}", "{apps}/node/checkout.js"),
             env={"PROFILING_NODE_HEAP": "true"}, until=holds(b"inuse_space")),
    Scenario("python profiles memory", "python", ("{python}", "{apps}/python/checkout.py"),
             env={"PROFILING_PYTHON_MEMORY": "true"}, until=holds(b"alloc_space")),
    # async-profiler writes into a file.
    Scenario("java no temp folder", "java", ("{java}", "-Djava.io.tmpdir=/nonexistent", "-cp", "{programs}", "Burn", "stdin", "7"), env=AT_ONCE,
             logged="dev.profiling.agent"),
    Scenario("java default delay", "java", (*JAVA, "4", "7"), without=("PROFILING_START_DELAY_MS",), env={"PYROSCOPE_UPLOAD_INTERVAL": "15s"}),
    Scenario("java read-only", "java", (*READ_ONLY, *JAVA, "stdin", "5"), by_stdin=True, until=holds(b"priceBasket"),
             env={"JAVA_TOOL_OPTIONS": "-javaagent:{agents}/java/pyroscope.jar -Djava.io.tmpdir={programs}/temp"}),
    Scenario("java read-only, no temp folder", "java", (*READ_ONLY, *JAVA, "stdin", "7"), env=AT_ONCE, logged="dev.profiling.agent"),
    Scenario("java beside an agent before", "java", (*JAVA, "stdin", "5"), by_stdin=True, until=holds(b"priceBasket"),
             env={"JAVA_TOOL_OPTIONS": f"{OTHER_AGENT} -javaagent:{{agents}}/java/pyroscope.jar"}),
    Scenario("java beside an agent after", "java", ("{java}", OTHER_AGENT, *JAVA[1:], "stdin", "5"), by_stdin=True, until=holds(b"priceBasket")),
    # Out of memory while the profiler runs; with the second option the JVM exits at once.
    *(Scenario(f"java memory {number}{suffix}", "java", ("{java}", "-Xmx40m", *options, "-cp", "{programs}", "Hog", "stdin"), injected=injected,
               by_stdin=True, until=holds(b"priceBasket") if injected else None)
      for number, options in ((1, ()), (2, ("-XX:+ExitOnOutOfMemoryError",))) for suffix, injected in (("", True), (" plain", False))),
    # Processes that fork.
    Scenario("python forks", "python", ("{python}", "{programs}/fork.py"), env=DEBUG, by_stdin=True, until=from_all(rb"price_by_([a-z]+)_", 5)),
    *(Scenario(f"python gunicorn{suffix}", "python", ("{python}", "{gunicorn}/bin/gunicorn", *options, "--config=gunicorn_conf.py", "gunicorn_conf:app"),
               env={**DEBUG, "PYTHONPATH": "{agents}/python:{gunicorn}"}, until=from_all(rb"price_in_(\d+)_", 2))
      for suffix, options in (("", ()), (" preload", ("--preload",)))),
    Scenario("python own SDK", "python", ("{python}", "{programs}/sdk.py", "6", "{agents}/python"), env=DEBUG, by_stdin=True,
             until=lambda upload: "own.app" in str(upload.query) or b"own.app" in upload.content()),
    Scenario("python main thread", "python", ("{python}", "{programs}/main_thread.py"), by_stdin=True, until=lambda upload: True),
    Scenario("python hidden", "python", ("{python}", "{programs}/burn.py", "0", "0"),
             env={"PYTHONPATH": "{agents}/python:{programs}/hidden"}),
    Scenario("python hidden, off", "python", ("{python}", "{programs}/burn.py", "0", "0"),
             env={"PYTHONPATH": "{agents}/python:{programs}/hidden"}, without=("PYROSCOPE_APPLICATION_NAME",)),
    *(Scenario(f"python {option}", "python", ("{python}", option, "{programs}/burn.py", "2", "4", "sitecustomize", "_profiling_agent", "pyroscope"), env=DEBUG)
      for option in ("-I", "-E")),
    *(Scenario(f"python venv{suffix}", "python", ("{programs}/venv/bin/python", "{programs}/burn.py", "stdin", "4"), injected=injected,
               by_stdin=True, until=holds(b"price_basket") if injected else None, env={"PYTHONPATH": path + "{venv_packages}"})
      for suffix, injected, path in (("", True, "{agents}/python:"), (" plain", False, ""))),
    Scenario("python pip", "python", ("{python}", "-m", "pip", "--version"), env={**DEBUG, "PROFILING_START_DELAY_MS": "0"}),
    # Node in particular.
    Scenario("node npm --version", "node", ("{node}", "{npm}", "--version"), env=NPM),
    Scenario("node npm run", "node", ("{node}", "{npm}", "run", "burn"), env=NPM, by_stdin=True, until=holds(b"priceBasket")),
    Scenario("node workers", "node", ("{node}", "{programs}/workers.js", "stdin", "5"), by_stdin=True, until=holds(b"priceBasket")),
    *(Scenario(f"node short module{suffix}", "node", ("{node}", "{programs}/short.mjs", "3"), injected=injected)
      for suffix, injected in (("", True), (" plain", False))),
    Scenario("node -e", "node", ("{node}", "-e", "process.exitCode = 3"), env={"PROFILING_START_DELAY_MS": "1000"}),
    Scenario("node worker", "node", ("{node}", "{programs}/worker.js"), env=DEBUG),
    Scenario("node musl", "node", ("{musl}/lib/ld-musl-x86_64.so.1", "--library-path", "{musl}/lib", "{musl}/node", *JS[1:], "stdin", "5"),
             by_stdin=True, until=holds(b"priceBasket")),
    Scenario("node datadog", "node", (*JS, "1", "0"), env={**DEBUG, "DD_PROFILING_ENABLED": "true"}),
    Scenario("node odd intervals", "node", (*JS, "2.5", "3"),
             env={"PYROSCOPE_FLUSH_INTERVAL_MS": "soon", "PYROSCOPE_WALL_SAMPLING_INTERVAL_MICROS": "-1"}),
]
for _language, _command in RUNS.items():
    SCENARIOS += [
        # A script that ends before the profiler starts (the delay is the default one).
        Scenario(f"{_language} short", _language, (*_command, "0.1", "7"), env={"PROFILING_START_DELAY_MS": "1000"}),
        # About as long as the delay: the profiler starts while the process exits.
        Scenario(f"{_language} one second", _language, (*_command, "1", "7"), env={"PROFILING_START_DELAY_MS": "1000"}),
        Scenario(f"{_language} plain", _language, (*_command, "3", "5"), injected=False),
        # A faulty server; long enough for upload attempts. Twenty-five seconds are less than a process
        # would wait for two unanswered uploads.
        *(Scenario(f"{_language} {_kind}", _language, (*_command, "3", "5"), server=_kind, seconds=25) for _kind in ("silent", "refusing")),
        *(Scenario(f"{_language} {_kind}", _language, (*_command, "stdin", "5"), server=_kind, by_stdin=True, until=lambda upload: True)
          for _kind in ANSWERS),
        *(Scenario(f"{_language} {_kind}", _language, (*_command, "3", "5"), env={"PYROSCOPE_SERVER_ADDRESS": _address})
          for _kind, _address in (("no url", "nowhere"), ("no such host", "http://nowhere.invalid:4040"))),
        Scenario(f"{_language} odd tenant", _language, (*_command, "2.5", "6"), env={"PYROSCOPE_TENANT_ID": "a\nb"}),
        Scenario(f"{_language} odd labels", _language, (*_command, "stdin", "6"), by_stdin=True,
                 until=lambda upload: True, env={"PYROSCOPE_LABELS": "good=1,,bad,=x,y=,z={},pod=p-1"}),
        Scenario(f"{_language} switched off", _language, (*_command, "2.5", "4"), env={"PYROSCOPE_AGENT_ENABLED": "false"}),
    ]
SCENARIOS += [
    Scenario(f"{language} without {name}", language, (*RUNS[language], "1", "4"), env=DEBUG, without=(f"PYROSCOPE_{name}",))
    for language in RUNS for name in ("APPLICATION_NAME", "SERVER_ADDRESS")
]
