"""One bench on this machine: adb, a tablet, Appium, an origin, the app; started side by side, ended in reverse."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from harness.adb import AdbDevice, AdbServer
from harness.apps.cabin import CabinAdapter, cabin_documents, cabin_mounts
from harness.apps.cabin.adapter import ACTIVITY, PACKAGE
from harness.core.clock import Clock, Deadline, wait_for
from harness.core.errors import AdbServerDown, DeviceError, EnvironmentFault, NoDevice, WaitTimeout
from harness.delivery import Journal, Origin
from harness.device import Tablet
from harness.lab.request import BenchRequest
from harness.lab.virtual import VirtualTablet
from harness.runs import RunFolder
from harness.toolchain import Toolchain
from harness.toolchain.processes import Child
from harness.ui import AppiumServer, Session, open_session
from harness.ui.server import free_port

# The emulator's name for its host's loopback; the virtual tablet keeps to it.
HOST_FROM_TABLET = "10.0.2.2"


class Bench:
    """A context manager that holds what one run needs."""

    origin: Origin
    journal: Journal
    tablet: Tablet
    app: CabinAdapter
    session: Session
    appium: AppiumServer
    virtual: VirtualTablet | None

    def __init__(self, request: BenchRequest, say: Callable[[str], None] = lambda text: None) -> None:
        self.request, self._say = request, say
        self._stack = ExitStack()
        self.took: dict[str, float] = {}
        self.virtual = None
        self.adb_server_port = 0

    @property
    def origin_address(self) -> tuple[str, int]:
        """The origin's host and port as the tablet calls it."""
        return HOST_FROM_TABLET, self.origin.port

    def __enter__(self) -> Bench:
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _open(self) -> None:
        ask, clock = self.request, self.request.clock
        documents = cabin_documents(ask.catalogue, ask.faults)
        ask.logs.mkdir(parents=True, exist_ok=True)
        if choose_kind(ask) != "virtual":
            raise NoDevice(
                "Cabin cannot be put on a real tablet by this version yet; use --kind virtual (README: Not there yet)"
            )
        self.journal = self._stack.enter_context(Journal(ask.logs / "origin.jsonl"))
        self.origin = self._stack.enter_context(
            Origin(cabin_mounts(ask.tools.packages, ask.media), documents, self.journal, port=ask.origin_port)
        )
        self.adb_server_port = free_port()
        with ThreadPoolExecutor(max_workers=2) as pool:
            appium = pool.submit(self._timed, "appium_start", self._appium)
            tablet = pool.submit(self._timed, "tablet_start", self._virtual)
            faults = [f.exception() for f in (appium, tablet)]
        for fault in faults:
            if fault is not None:
                raise fault
        self.tablet.restore()
        began = clock.monotonic()
        self.session = self._open_session()
        self.took["session_start"] = clock.monotonic() - began
        self._stack.callback(self.session.close)
        self.app = CabinAdapter(self.tablet, self.session)

    def _timed(self, name: str, work: Callable[[], None]) -> None:
        began = self.request.clock.monotonic()
        work()
        self.took[name] = self.request.clock.monotonic() - began
        self._say(f"{name.replace('_', ' ')}: {self.took[name]:.1f} s")

    def _appium(self) -> None:
        ask = self.request
        self.appium = AppiumServer.start(
            ask.tools,
            log=ask.logs / "appium.log",
            state_dir=_scratch("appium"),
            adb_port=self.adb_server_port,
            deadline=Deadline.after(60, ask.clock),
        )
        self._stack.callback(self.appium.stop)

    def _virtual(self) -> None:
        ask = self.request
        server = start_adb_server(ask.tools, self.adb_server_port, ask.logs / "adb.log", ask.clock)
        self._stack.callback(server[1].stop)
        self.virtual = VirtualTablet.start(
            ask.tools,
            state_dir=_scratch("tablet"),
            log=ask.logs / "tablet.log",
            profile=ask.profile.virtual(),
            apps=[cabin_app(self.origin.port)],
            deadline=Deadline.after(30, ask.clock),
            fault=ask.tablet_fault,
        )
        self._stack.callback(self.virtual.stop)
        adb = connect(server[0], self.virtual.serial, Deadline.after(15, ask.clock))
        # What is changed on a virtual tablet ends with it, and so does its restore journal.
        self.tablet = Tablet(adb, "virtual", ask.profile.model, self.virtual.state_dir / "host", ask.clock)

    def _open_session(self) -> Session:
        return open_session(self.appium.url, self.tablet.serial, self.adb_server_port)

    def check_contract(self) -> None:
        """Nothing was asked of the virtual tablet that it does not know.

        Raises:
            EnvironmentFault: it met unknown commands or routes; names the first.
        """
        unknown = self.virtual.unknown() if self.virtual else ()
        if unknown:
            raise EnvironmentFault(
                f"the virtual tablet met {len(unknown)} unknown commands or routes, the first {unknown[0]}"
            )

    def collect_logs(self, run: RunFolder) -> None:
        """Put what the tablet logged, and a copy of the logs so far where they lie elsewhere, into the run."""
        try:
            run.evidence("logcat.txt", self.tablet.adb.exec_out("logcat -d", timeout_s=10), "log")
        except DeviceError as error:
            run.event("no_logcat", {"why": str(error)})
        if self.request.logs != run.logs:
            for log in sorted(self.request.logs.glob("*")):
                run.evidence(log.name, log, "log")


def cabin_app(origin_port: int) -> dict[str, object]:
    """Cabin as an installed app of a virtual tablet, with its start page on this machine's origin."""
    origin = f"http://{HOST_FROM_TABLET}:{origin_port}"
    return {
        "package": PACKAGE,
        "activity": ACTIVITY,
        "label": "Cabin",
        "url": f"{origin}/",
        "secure_origin": origin,
    }


def _scratch(name: str) -> Path:
    """A new folder that the guard of the program deletes, also when we are killed."""
    return Path(tempfile.mkdtemp(prefix=f"redeye-{name}-"))


def start_adb_server(
    tools: Toolchain, port: int, log: Path, clock: Clock, *, usb: bool = False
) -> tuple[AdbServer, Child]:
    """A private adb server in the foreground, so that a user's own on the default port is never touched.

    Args:
        usb: look for USB devices too. Without it adb 36 answers at once; a libusb that cannot start costs 3 s.
    Raises:
        EnvironmentFault: it did not answer.
    """
    state_dir = _scratch("adb")
    env = {**os.environ, "HOME": str(state_dir), "TMPDIR": str(state_dir), "ADB_MDNS": "0"}
    if not usb:
        env["ADB_USB"] = "0"
    # adb 36 refuses "tcp:127.0.0.1:N" here; "localhost" is loopback only.
    argv = [str(tools.adb), "-L", f"tcp:localhost:{port}", "nodaemon", "server"]
    child = Child.start("adb", argv, log=log, env=env, remove=[state_dir])
    server = AdbServer("127.0.0.1", port)

    def answers() -> str:
        try:
            return str(server.version())
        except AdbServerDown as down:
            return "" if child.running else f"ended: {down}"

    try:
        wait_for("the adb server", answers, bool, Deadline.after(15, clock), 0.03)
    except WaitTimeout as late:
        child.stop()
        raise EnvironmentFault(
            f"the adb server on port {port} did not answer in {late.waited_s:.0f} s; see {log}"
        ) from late
    if not child.running:
        raise EnvironmentFault(f"the adb server ended at its start; see {log}")
    return server, child


def connect(server: AdbServer, serial: str, deadline: Deadline) -> AdbDevice:
    """The device once adb lists it as usable."""
    server.connect(serial)
    wait_for(
        f"{serial} in adb's list",
        server.devices,
        lambda listed: any(d.serial == serial and d.state == "device" for d in listed),
        deadline,
        0.03,
    )
    return server.device(serial)


def choose_kind(ask: BenchRequest) -> str:
    """ "virtual" or "real".

    Raises:
        NoDevice: a real tablet is wanted and adb lists none.
        DeviceError: auto, and the listing was refused, cut or late: that is not an empty listing.
    """
    if ask.kind == "virtual":
        return "virtual"
    try:
        listed = AdbServer("127.0.0.1", ask.adb_port).devices()
    except AdbServerDown as down:
        # Nobody listens on the user's port: ask a server of our own, which sees the same USB.
        server, child = start_adb_server(ask.tools, free_port(), ask.logs / "adb-list.log", ask.clock, usb=True)
        try:
            listed = server.devices()
        except DeviceError as error:
            raise error from down
        finally:
            child.stop()
    usable = [d for d in listed if ask.serial in (None, d.serial)]
    if usable:
        return "real"
    if ask.kind == "real":
        raise NoDevice("adb answered and lists no tablet; attach one, allow USB debugging on it, or use --kind virtual")
    return "virtual"
