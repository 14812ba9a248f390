"""A kernel text in a folder of its own, and how a process that plays it is started and enclosed."""

import os
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import harness_common
import referee

THREAD_VARIABLES = (
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
# Freed memory stays mapped, whatever its size: otherwise glibc gives large arrays back at once, and every op
# with an output above 128 KiB waits for fresh pages longer than for the kernel.
ALLOCATOR_VARIABLES = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}
# glibc's own check of every block at its end: a write just behind one aborts the process.
HEAP_CHECK = "libc_malloc_debug.so.0"
SYSTEM_FILES = (
    *("/usr", "/lib", "/lib64", "/bin", "/etc", "/opt", "/nix"),
    *("/proc/cpuinfo", "/proc/meminfo", "/dev/null", "/dev/urandom"),
)
BOOT = "import sys; sys.path[:0] = {paths!r}; from referee.player import main; main(int(sys.argv[1]))"


@dataclass(frozen=True)
class Contender:
    """One kernel text in a folder of its own, with the machine code that earlier players compiled.

    handicap slows every op by that part of its time: a gain of known size, to measure the referee with.
    """

    name: str
    package: str
    folder: Path
    source_paths: tuple[Path, ...]
    handicap: float = 0.0

    @property
    def kernels_path(self) -> Path:
        return self.folder / "kernels.py"

    @property
    def cache_path(self) -> Path:
        return self.folder / "compiled"


def contender(
    name: str,
    package: str,
    text: str,
    folder: Path,
    source_paths: Sequence[Path],
    machine_code: Path | None = None,
    handicap: float = 0.0,
) -> Contender:
    """Write `text` as the kernels.py of a new contender below `folder`."""
    made = Contender(name, package, folder / name, tuple(source_paths), handicap)
    made.cache_path.mkdir(parents=True)
    made.kernels_path.write_text(text, encoding="utf-8", errors="surrogateescape")
    if machine_code is not None:
        keep_machine_code(machine_code, made.cache_path)
    return made


def source_roots(package_path: Path) -> list[Path]:
    """Return where a player finds the referee, harness_common and the target whose package this is."""
    roots = [Path(str(module.__file__)).parents[1] for module in (referee, harness_common)]
    return [*roots, package_path.parent]


def command(contender: Contender, descriptor: int) -> list[str]:
    """Return a command line with no site-packages hook, no user folder and no PYTHON* variable in force."""
    paths = [str(path) for path in contender.source_paths]
    paths += sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    return [sys.executable, "-I", "-S", "-B", "-c", BOOT.format(paths=paths), str(descriptor)]


def environment(private: Path, *, check_heap: bool = False) -> dict[str, str]:
    """Return all variables of a player; with `check_heap` what it allocates is checked as it is freed."""
    variables = dict.fromkeys(THREAD_VARIABLES, "1")
    folders = {"HOME": str(private), "TMPDIR": str(private), "NUMBA_CACHE_DIR": str(private / "compiled")}
    allocator = {**ALLOCATOR_VARIABLES, **(heap_check() if check_heap else {})}
    return {"PATH": os.defpath, "LANG": "C.UTF-8", **variables, **allocator, **folders}


def heap_check() -> dict[str, str]:
    """Return the variables that make glibc check its blocks; none where its library is not installed.

    It is slow, and so not for timing. A player that may send no signal to itself ends with SIGSEGV where
    another would with SIGABRT. Source: mallopt(3), M_CHECK_ACTION; the library is glibc's from 2.34 on.
    """
    folders = (f"/lib/{sysconfig.get_config_var('MULTIARCH')}", "/lib64", "/usr/lib64", "/lib", "/usr/lib")
    if any(Path(folder, HEAP_CHECK).exists() for folder in folders):
        return {"LD_PRELOAD": HEAP_CHECK, "MALLOC_CHECK_": "3"}
    return {}


def keep_machine_code(made: Path, kept: Path) -> None:
    """Copy Numba's cache files, and no other file that a player may have left, to the contender."""
    for path in made.rglob("*.nb[ci]"):
        if path.is_symlink() or not path.is_file():
            continue  # a link could bring in any file that the referee may read
        target = kept / path.relative_to(made)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def readable_files(contender: Contender) -> list[str]:
    """Return what a player may read: its kernel, the packages it imports, the system's libraries."""
    folders = [sysconfig.get_path(kind) for kind in ("stdlib", "purelib", "platlib")]
    sources = [str(path) for path in contender.source_paths]
    return [str(contender.kernels_path), *sources, sys.base_prefix, *folders, *SYSTEM_FILES]
