"""One process with a number of threads: libraries read that number when they are loaded.

``python -m reference.bench.worker`` takes the settings as JSON on standard input and prints one
JSON record a line as it goes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

THREAD_SETTINGS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def records(settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Start a process with ``settings["threads"]`` threads and yield what it measures.

    Parameters
    ----------
    settings : dict
        ``threads``, and a job: ``compare`` with sizes, dtypes, seconds and names, or ``growth``.
    """
    environment = os.environ | dict.fromkeys(THREAD_SETTINGS, str(settings["threads"]))
    environment |= {"JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-m", "reference.bench.worker"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(settings))
            process.stdin.close()
            yield from map(json.loads, process.stdout)
        finally:
            if process.poll() is None and sys.exc_info()[0] is not None:
                process.terminate()
    if process.returncode:
        raise RuntimeError(f"the measuring process ended with status {process.returncode}")


def run(settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Measure, in this process."""
    threads = settings["threads"]
    _keep_to(threads)
    yield {"kind": "environment", "threads": threads} | _environment()
    if settings["job"] == "growth":
        from reference.bench.growth import grow

        for record in grow(settings["seconds"]):
            yield record | {"threads": threads}
        return
    from reference.bench.sizes import parse
    from reference.bench.timing import compare

    for size in settings["sizes"]:
        for dtype in settings["dtypes"]:
            compared = compare(parse(size), dtype, settings["seconds"], settings["names"])
            times = {name: timing._asdict() for name, timing in compared.pop("times").items()}
            yield {"kind": "times", "size": size, "dtype": dtype, "threads": threads,
                   "times": times} | compared  # fmt: skip


def _keep_to(threads: int) -> None:
    """Stay on so many processors, where the system can be asked: XLA has no other setting."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def _environment() -> dict[str, Any]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    import numpy as np

    def version_of(package: str) -> str | None:
        try:
            return version(package)
        except PackageNotFoundError:
            return None

    packages = ("numpy", "jax", "flax", "torch", "numba")
    blas: Any = np.show_config(mode="dicts")
    return {
        "processor": _processor(),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {package: version_of(package) for package in packages},
        "blas": " ".join([blas["Build Dependencies"]["blas"]["name"], *_kernels()]),
    }


def _kernels() -> list[str]:
    """Return for which processor the kernels of OpenBLAS are that run here, if it tells."""
    import ctypes
    from importlib import import_module

    library = ctypes.CDLL(import_module("numpy._core._multiarray_umath").__file__)
    name_of_core = getattr(library, "scipy_openblas_get_corename64_", None)
    if name_of_core is None:
        return []
    name_of_core.restype = ctypes.c_char_p
    asked = ", as OPENBLAS_CORETYPE asks" if os.environ.get("OPENBLAS_CORETYPE") else ""
    return [f"({name_of_core().decode()} kernels{asked})"]


def _processor() -> str:
    """Return the name that the system has for the processor."""
    import platform

    try:
        with open("/proc/cpuinfo") as lines:
            names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    for record in run(json.load(sys.stdin)):
        print(json.dumps(record), flush=True)
