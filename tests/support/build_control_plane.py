"""A real Kubernetes API server for the end-to-end tests, built once from Debian's packages.

`python -m tests.support.build_control_plane` (`make control-plane`) prints the folder that holds `PROGRAMS`:
`$KUBEBUILDER_ASSETS` where it is set, else a folder of the user's cache. All is fetched from Debian 12's
own archive, at the mirror that this machine uses, into a temporary folder: nothing is installed, and no
account but the user's own is needed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")
VERSION = "1.20.2"
REVISION = 2
"""Of this recipe: raised when what it builds changes, so that no older build is taken for it."""
SUITE = "bookworm"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PACKAGES = ("etcd-server", "kubernetes-client", "golang-1.19-go", "golang-1.19-src")
COMPILED = ("kube-apiserver", "kube-controller-manager")
NEEDED = ("apt-get", "dpkg-deb", "tar")
_TREE = Path("go/src/k8s.io/kubernetes")
_VERSIONED = ("component-base/version", "client-go/pkg/version")
"""Packages of the tree that say which version this is."""
_GENERATOR = "vendor/k8s.io/kube-openapi/cmd/openapi-gen"
_NOT_DESCRIBED = ("code-generator", "sample-apiserver")
_REFLECT = "vendor/github.com/modern-go/reflect2/"
_ITERATE = "func (type2 *UnsafeMapType) UnsafeIterate(obj unsafe.Pointer) MapIterator {\n"
_MENDED = (
    (
        _REFLECT + "unsafe_link.go",
        "func mapiterinit(rtype unsafe.Pointer, m unsafe.Pointer) *hiter",
        "func mapiterinit(rtype unsafe.Pointer, m unsafe.Pointer, it *hiter)",
    ),
    (
        _REFLECT + "unsafe_link.go",
        "\t// rest fields are ignored\n",
        "\t_ [6]unsafe.Pointer\n\t_ uintptr\n\t_ [4]uint8\n\t_ [2]uintptr\n",
    ),
    (
        _REFLECT + "unsafe_map.go",
        _ITERATE,
        f"{_ITERATE}\tit := &hiter{{}}\n\tmapiterinit(type2.rtype, *(*unsafe.Pointer)(obj), it)\n",
    ),
    (_REFLECT + "unsafe_map.go", "mapiterinit(type2.rtype, *(*unsafe.Pointer)(obj)),", "it,"),
)
"""(file, text, new text). Since 1.18, Go's `reflect.mapiterinit` fills an iterator of its caller's, as long
as the runtime's own (`hiter` in its map.go), where it gave one back: without these, a server that Debian's Go
compiles ends with a segmentation fault at the first custom resource that has a label."""


class UnavailableError(Exception):
    """There is no control plane and none can be built; the text says why and how to mend it."""


def cached(environment: Mapping[str, str] = os.environ) -> Path:
    """Where a built control plane lies, whether it is there or not."""
    cache = environment.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "gatecli" / "control-plane" / f"{VERSION}-{REVISION}"


def locate(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder that holds all `PROGRAMS`. Raises UnavailableError."""
    given = environment.get("KUBEBUILDER_ASSETS")
    folder = Path(given) if given else cached(environment)
    absent = [program for program in PROGRAMS if not os.access(folder / program, os.X_OK)]
    if absent and given:
        raise UnavailableError(
            f"KUBEBUILDER_ASSETS is {given}, which has no {', '.join(absent)}: add it, or unset the variable"
        )
    if absent:
        raise UnavailableError("no control plane is built: run make control-plane, or set KUBEBUILDER_ASSETS")
    return folder


def ensure(environment: Mapping[str, str] = os.environ) -> Path:
    """As `locate`, but builds into the cache first what is absent there."""
    if environment.get("KUBEBUILDER_ASSETS"):
        return locate(environment)
    folder = cached(environment)
    with _lock(folder.parent):
        try:
            return locate(environment)
        except UnavailableError:
            _build(folder)
    return locate(environment)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """One build at a time; the system lets go of the lock of whoever dies."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(folder: Path) -> None:
    absent = [program for program in NEEDED if shutil.which(program) is None]
    if absent or not KEYRING.exists():
        raise UnavailableError(
            f"the control plane is built on Debian, and {', '.join(absent) or KEYRING} is not here:"
            " set KUBEBUILDER_ASSETS to a folder with " + ", ".join(PROGRAMS)
        )
    for left_over in folder.parent.glob(".building-*"):
        shutil.rmtree(left_over)
    begun = time.monotonic()
    sys.stderr.write(f"building etcd and Kubernetes {VERSION} (once; some minutes, 3 GB for a while) …\n")
    with (
        tempfile.TemporaryDirectory(prefix=".building-", dir=folder.parent) as work,
        (folder.parent / "build.log").open("wb") as log,
    ):
        staged = _Steps(Path(work), log.fileno(), log.name).all()
        shutil.rmtree(folder, ignore_errors=True)
        staged.rename(folder)
    sys.stderr.write(f"built in {time.monotonic() - begun:.0f} s: {folder}\n")


class _Steps:
    """The steps of a build, in the folder `work`; what the programs say goes to `log`."""

    def __init__(self, work: Path, log: int, log_name: str) -> None:
        self.work, self.log, self.log_name = work, log, log_name
        self.tree, self.root, self.staged = work / _TREE, work / "root", work / "programs"

    def all(self) -> Path:
        """The folder with all programs, each of which has run once."""
        self._fetch()
        self._unpack()
        self._mend()
        self._compile()
        for program in PROGRAMS:
            self._run([str(self.staged / program), *_version_of(program)])
        return self.staged

    def _run(self, command: Sequence[str], folder: Path | None = None, **more: str) -> None:
        environment = {**os.environ, "LC_ALL": "C", **more}
        try:
            subprocess.run(
                command,
                check=True,
                cwd=folder or self.work,
                env=environment,
                stdout=self.log,
                stderr=self.log,
            )
        except subprocess.CalledProcessError as error:
            raise UnavailableError(
                f"the control plane is not built, `{Path(command[0]).name} {' '.join(command[-2:])}`"
                f" ended with {error.returncode}: {self.log_name} says why"
            ) from error

    def _fetch(self) -> None:
        """Packages and source, verified by apt against Debian's keys."""
        mirror = self._mirror()
        lines = [f"{kind} [signed-by={KEYRING}] {mirror} {SUITE} main\n" for kind in ("deb", "deb-src")]
        (self.work / "sources.list").write_text("".join(lines))
        own = [
            "-o",
            f"Dir::Etc::sourcelist={self.work}/sources.list",
            "-o",
            "Dir::Etc::sourceparts=/dev/null",
        ]
        apt = ["apt-get", *self._apart("own"), *own]
        self._run([*apt, "update"])
        self._run([*apt, "source", "--download-only", "kubernetes"])
        self._run([*apt, "download", *PACKAGES])

    def _apart(self, name: str) -> list[str]:
        """Options that keep apt's state away from the machine's own."""
        for folder in ("lists/partial", "cache/archives/partial"):
            (self.work / name / folder).mkdir(parents=True, exist_ok=True)
        places = (f"State::lists={self.work}/{name}/lists", f"Cache={self.work}/{name}/cache")
        options = [f"Dir::{place}" for place in places] + ["APT::Sandbox::User=root"]
        return [word for option in options for word in ("-o", option)]

    def _mirror(self) -> str:
        """The address from which this machine takes Debian itself."""
        known = _mirrors([])
        if not known:  # a slim image has no lists: read them for ourselves
            self._run(["apt-get", *self._apart("machine"), "update"])
            known = _mirrors(self._apart("machine"))
        if not known:
            raise UnavailableError(
                "apt knows no mirror of Debian: set KUBEBUILDER_ASSETS to a folder with "
                + ", ".join(PROGRAMS)
            )
        return known[0]

    def _unpack(self) -> None:
        for package in sorted(self.work.glob("*.deb")):
            self._run(["dpkg-deb", "--extract", str(package), str(self.root)])
        self.tree.mkdir(parents=True)
        for source in self.work.glob("kubernetes_*.orig.tar.*"):
            self._run(["tar", "-xf", str(source), "--strip-components=1", "-C", str(self.tree)])
        self.staged.mkdir()
        for program in ("etcd", "kubectl"):
            shutil.move(self.root / "usr/bin" / program, self.staged)

    def _mend(self) -> None:
        for name, text, new in _MENDED:
            file = self.tree / name
            source = file.read_text()
            if source.count(text) != 1:
                raise UnavailableError(
                    f"the control plane is not built: {name} is not the file that is mended"
                )
            file.write_text(source.replace(text, new))

    def _compile(self) -> None:
        go = self.root / "usr/lib/go-1.19"
        environment = {
            "PATH": os.pathsep.join((str(go / "bin"), os.environ["PATH"])),
            "GOROOT": str(go),
            "GOPATH": str(self.work / "go"),
            "GOCACHE": str(self.work / "go-cache"),
            "GOFLAGS": "",
            "GO111MODULE": "off",
            "CGO_ENABLED": "0",
        }
        major, minor, _ = VERSION.split(".")
        stamps = (f"gitVersion=v{VERSION}", f"gitMajor={major}", f"gitMinor={minor}")
        settings = [f"-X k8s.io/kubernetes/vendor/k8s.io/{p}.{stamp}" for p in _VERSIONED for stamp in stamps]
        flags = " ".join(("-s -w", *settings))
        self._describe(str(go / "bin/go"), environment)
        command = [str(go / "bin/go"), "build", "-ldflags", flags, "-o", str(self.staged)]
        self._run([*command, *(f"./cmd/{program}" for program in COMPILED)], self.tree, **environment)

    def _describe(self, go: str, environment: Mapping[str, str]) -> None:
        """Generate the API's description: all else that Kubernetes' makefiles generate is in the source."""
        generator = str(self.work / "openapi-gen")
        self._run([go, "build", "-o", generator, f"./{_GENERATOR}"], self.tree, **environment)
        sources = ("-i", ",".join(f"k8s.io/kubernetes/{folder}" for folder in self._described_packages()))
        output = ("-p", "k8s.io/kubernetes/pkg/generated/openapi", "-O", "zz_generated.openapi")
        licence = ("-h", "vendor/k8s.io/code-generator/hack/boilerplate.go.txt")
        report = ("-r", str(self.work / "violations"))
        self._run([generator, *sources, *output, *licence, *report], self.tree, **environment)

    def _described_packages(self) -> list[str]:
        """The folders of packages that belong in the description, as the makefiles choose them."""
        roots = [self.tree / "pkg", *(self.tree / "vendor/k8s.io").iterdir()]
        folders = {
            file.parent.relative_to(self.tree).as_posix()
            for root in roots
            if root.name not in _NOT_DESCRIBED
            for file in root.glob("**/*.go")
            if b"+k8s:openapi-gen=" in file.read_bytes()
        }
        return sorted(folders)


def _mirrors(options: Sequence[str]) -> list[str]:
    """Addresses of the machine's package sources that are Debian's own, security and updates apart."""
    form = "$(ORIGIN)|$(CODENAME)|$(COMPONENT)|$(REPO_URI)"
    listing = subprocess.run(
        ["apt-get", *options, "indextargets", "--format", form],
        check=False,
        capture_output=True,
        text=True,
    ).stdout
    rows = [line.split("|") for line in listing.splitlines()]
    return [row[3] for row in rows if row[0] == "Debian" and row[1].isalpha() and row[2] == "main"]


def _version_of(program: str) -> tuple[str, ...]:
    return ("version", "--client") if program == "kubectl" else ("--version",)


def main() -> int:
    """Print the folder; 1 and one sentence where there is none."""
    try:
        sys.stdout.write(f"{ensure()}\n")
    except UnavailableError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
