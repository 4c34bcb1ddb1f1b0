"""What the gateway is held against, and how it comes onto a machine: npm packages and Java archives, by name and with
pinned hashes. `python -m tests.conformance.tools` installs what is missing and says what cannot be.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tests.world import PROJECT

HERE = Path(__file__).parent
HOME = PROJECT / ".conformance"
NODE, JAVA = HOME / "node", HOME / "java"
OLDEST_NODE = (20, 19)
OLDEST_JAVA = (17,)
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


def without_node() -> str:
    """Why nothing of npm can be run here; empty when it can."""
    if not (node := shutil.which("node")):
        return "Node is not installed"
    if (version := _numbers(_said(node, "--version").removeprefix("v"))) < OLDEST_NODE:
        return f"Node {_dotted(version)} is older than {_dotted(OLDEST_NODE)}"
    return "" if (NODE / "node_modules").is_dir() else "the npm packages are not installed: make conformance"


def without_java() -> str:
    """Why HL7's validator cannot be run here; empty when it can."""
    if not ((java := shutil.which("java")) and shutil.which("javac")):
        return "no Java Development Kit is installed"
    if (version := _numbers(_said(java, "--version").split()[1])) < OLDEST_JAVA:
        return f"Java {_dotted(version)} is older than {_dotted(OLDEST_JAVA)}"
    return "" if JAVA.is_dir() else "the archives of HL7's validator are not installed: make conformance"


def jars() -> list[Path]:
    """HL7's validator and what it needs. Raises ValueError when an archive is not the one that was pinned."""
    lines = (HERE / "java" / "jars.sha256").read_text().splitlines()
    pinned = {name: expected for expected, name in map(str.split, lines)}
    for name, expected in pinned.items():
        if hashlib.sha256((JAVA / name).read_bytes()).hexdigest() != expected:
            raise ValueError(f"{name} is not the archive that was pinned")
    return [JAVA / name for name in pinned]


def script(name: str) -> Path:
    """A script of ours beside the npm packages it imports."""
    return Path(shutil.copy(HERE / "node" / name, NODE))


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _install(what: str, folder: Path, *command: str) -> None:
    if not shutil.which(command[0]):
        print(f"skipped: {what}, because {command[0]} is not installed")
        return
    print(f"Installing {what} (once)", flush=True)
    try:
        subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=True)
    except subprocess.TimeoutExpired:
        print(f"skipped: {what}, because the registry did not answer in time")
    except subprocess.CalledProcessError as error:
        lines = (error.stderr.strip() or error.stdout.strip()).splitlines()
        print(f"skipped: {what}, because {command[0]} failed: {''.join(lines[:1])}")


def _install_node() -> None:
    NODE.mkdir(parents=True, exist_ok=True)
    lock, seen = HERE / "node" / "package-lock.json", NODE / "package-lock.json"
    if (NODE / "node_modules").is_dir() and seen.read_bytes() == lock.read_bytes():
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / "node" / name, NODE)
    _install("the npm packages", NODE, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")


def _install_java() -> None:
    try:
        jars()
    except (OSError, ValueError):
        shutil.rmtree(JAVA, ignore_errors=True)
        options = ("-q", "-B", "-C", "-DincludeScope=runtime", f"-DoutputDirectory={JAVA}")
        _install("HL7's validator", HERE / "java", "mvn", _COPY, *options)


def main() -> int:
    _install_node()
    _install_java()
    return 0


if __name__ == "__main__":
    sys.exit(main())
