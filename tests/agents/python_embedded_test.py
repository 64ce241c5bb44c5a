"""Programs that embed Python begin and end it as often as they like."""
import base64
import pathlib
import subprocess

import pytest

import injected
import pprof
from python_harm_test import pythons, recorder  # noqa: F401

PROGRAM = r"""
#include <Python.h>
int main(void) {
  for (int life = 0; life < 2; ++life) {
    Py_Initialize();
    if (PyRun_SimpleString("import time\ndef price_basket():\n  until = time.process_time() + 1.5\n"
                           "  while time.process_time() < until: sum(range(1000))\nprice_basket()\n") != 0) return 1;
    if (Py_FinalizeEx() != 0) return 2;
  }
  return 0;
}
"""


def library(python):
    """The folder above lib/libpythonX.Y.so with the headers, or None."""
    folder = pathlib.Path(python).parents[1]
    name = next(folder.glob("lib/libpython3.*.so"), None)
    return folder if name and next(folder.glob("include/python3.*/Python.h"), None) else None


@pytest.mark.parametrize("python", filter(library, pythons()))
def test_each_life_is_profiled_and_none_crashes(agents, recorder, tmp_path, python):  # noqa: F811
    folder = library(python)
    (tmp_path / "program.c").write_text(PROGRAM)
    include = next(folder.glob("include/python3.*"))
    subprocess.run(["cc", "-o", tmp_path / "program", tmp_path / "program.c", f"-I{include}", f"-L{folder}/lib", f"-l{include.name}",
                    f"-Wl,-rpath,{folder}/lib"], check=True)
    environment = injected.agent_environment(agents, "python", recorder.url, 1)
    environment |= {"PROFILING_START_DELAY_MS": "100", "PROFILING_DEBUG": "1", "PYTHONHOME": str(folder),
                    "PYROSCOPE_BASIC_AUTH_USER": "a", "PYROSCOPE_BASIC_AUTH_PASSWORD": "b" * 60}
    done = subprocess.run([tmp_path / "program"], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done
    assert pprof.cpu_seconds(recorder.uploads).get("price_basket", 0) > 1.5, done
    assert {upload.headers["authorization"] for upload in recorder.uploads} == {"Basic " + base64.b64encode(b"a:" + 60 * b"b").decode()}
