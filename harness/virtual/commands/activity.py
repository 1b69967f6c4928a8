"""am and cmd activity: starting, stopping, broadcasting, instrumenting."""

from __future__ import annotations

import asyncio
import time

from harness.core.errors import HarnessError
from harness.virtual.call import Call, Command
from harness.virtual.hardware import InstalledApp
from harness.virtual.tablet import SERVER_APP, SETTINGS_APP

_RUNNER = f"{SERVER_APP}.test/androidx.test.runner.AndroidJUnitRunner"
_TAKES_VALUE = {"-n", "-a", "-c", "-d", "-t", "-f", "-p", "--user", "--display", "--receiver-permission"}
_EXTRAS = {"--es", "--ez", "--ei", "--el", "--ef", "--eu", "-e"}
_LAUNCHER_PACKAGE = "com.android.launcher3"


def _parse(args: list[str]) -> tuple[dict[str, str], dict[str, str], set[str], list[str]]:
    """(options with a value, extras, flags, the rest) of an intent's words."""
    options: dict[str, str] = {}
    extras: dict[str, str] = {}
    flags: set[str] = set()
    rest: list[str] = []
    words = iter(args)
    for word in words:
        if word in _TAKES_VALUE:
            options[word] = next(words, "")
        elif word in _EXTRAS:
            key = next(words, "")
            extras[key] = next(words, "")
        elif word.startswith("-"):
            flags.add(word)
        else:
            rest.append(word)
    return options, extras, flags, rest


def _intent(options: dict[str, str]) -> str:
    parts = [f"act={options['-a']}"] if "-a" in options else []
    parts += [f"cat=[{options['-c']}]"] if "-c" in options else []
    parts += [f"dat={options['-d']}"] if "-d" in options else []
    parts += [f"flg={options['-f']}"] if "-f" in options else []
    parts += [f"cmp={options['-n']}"] if "-n" in options else []
    return " ".join(parts)


def full_activity(app: InstalledApp) -> str:
    """The activity's full class name."""
    return app.package + app.activity if app.activity.startswith(".") else app.activity


async def start(call: Call, args: list[str]) -> int:
    """`am start|start-activity [-W] [-S] -n PKG/ACT`; returns when the screen shows the page."""
    options, _extras, flags, rest = _parse(args)
    tablet = call.tablet
    named = next((word for word in rest if "/" in word and ":" not in word), None)
    if named is not None:
        options.setdefault("-n", named)
    component = options.get("-n", "")
    package = component.partition("/")[0] or options.get("-p", "") or (rest[-1] if rest else "")
    await call.say(f"Starting: Intent {{ {_intent(options)} }}")
    if "android.intent.category.HOME" in options.get("-c", ""):
        await tablet.screen.key(3)
        return 0
    app = tablet.apps.get(package)
    if package == SETTINGS_APP and app is not None:
        tablet.settings_app_running = True
        if tablet.pid_of(SETTINGS_APP) is None:
            tablet.spawn(SETTINGS_APP, "u0_a150")
        return 0
    wanted = component.partition("/")[2]
    if app is None or not app.url or (wanted and wanted not in (app.activity, full_activity(app))):
        if component:
            await call.complain(f"Error type 3\nError: Activity class {{{component}}} does not exist.")
        else:
            await call.complain(f"Error: Activity not started, unable to resolve Intent {{ {_intent(options)} }}")
        return 1
    cold = "-S" in flags or tablet.screen.pid(package) is None
    if "-S" in flags:
        await tablet.stop_package(package)
    begun = time.monotonic()
    tablet.log.write("ActivityTaskManager", f"START u0 {{{_intent(options)}}} from uid 2000", pid=1200)
    try:
        await tablet.screen.launch(app, cold)
    except HarnessError as error:
        await call.complain(f"Error: the virtual tablet's screen could not start it: {error}")
        tablet.note_unknown("screen", str(error))
        return 1
    tablet.power.awake = True
    tablet.task_id += int(cold)
    took_ms = int((time.monotonic() - begun) * 1000)
    tablet.log.write("ActivityTaskManager", f"Displayed {app.component}: +{took_ms}ms", pid=1200)
    if "-W" in flags:
        state = "COLD" if cold else "HOT"
        await call.say(
            f"Status: ok\nLaunchState: {state}\nActivity: {app.component}\nTotalTime: {took_ms}\n"
            f"WaitTime: {took_ms + 3}\nComplete"
        )
    return 0


async def instrument(call: Call, args: list[str]) -> int:
    """`am instrument -w ... RUNNER`: stays until the session is deleted, the package stopped or the host gone."""
    tablet = call.tablet
    if args[-1:] != [_RUNNER] or tablet.endpoint is None:
        await call.say(
            f"INSTRUMENTATION_STATUS: id=ActivityManagerService\nINSTRUMENTATION_STATUS: "
            f"Error=Unable to find instrumentation info for: ComponentInfo{{{''.join(args[-1:])}}}\n"
            f"INSTRUMENTATION_STATUS_CODE: -1"
        )
        return 1
    if tablet.instrumentation is not None:
        await tablet.stop_package(SERVER_APP)
    task = asyncio.create_task(_instrumentation(call))
    tablet.instrumentation = task
    try:
        await asyncio.wait({task})
        if task.cancelled():
            await call.say("INSTRUMENTATION_RESULT: shortMsg=Process crashed.\nINSTRUMENTATION_CODE: 0")
        else:
            await call.say("\nTime: 1.0\n\nOK (1 test)\n")
        return 0
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _instrumentation(call: Call) -> None:
    tablet, endpoint = call.tablet, call.tablet.endpoint
    if endpoint is None:
        return
    processes = [tablet.spawn(SERVER_APP, "u0_a151"), tablet.spawn(SERVER_APP + ".test", "u0_a152")]
    try:
        tablet.endpoint_address = await endpoint.start()
        tablet.server_is_up()
        tablet.log.write("UiAutomator2", "server is listening", pid=processes[0].pid)
        await endpoint.wait_session_ended()
    finally:
        tablet.endpoint_address = None
        for process in processes:
            tablet.processes.pop(process.pid, None)
        if tablet.instrumentation is asyncio.current_task():
            tablet.instrumentation = None
        await endpoint.stop()


async def broadcast(call: Call, args: list[str]) -> int:
    """`am broadcast`: the settings app's receivers work; AIRPLANE_MODE is refused for the shell since API 24."""
    options, extras, _flags, _rest = _parse(args)
    action = options.get("-a", "")
    if action == "android.intent.action.AIRPLANE_MODE":
        await call.complain(
            "java.lang.SecurityException: Permission Denial: not allowed to send broadcast "
            "android.intent.action.AIRPLANE_MODE from pid=13653, uid=2000"
        )
        return 255
    await call.say(f"Broadcasting: Intent {{ {_intent(options)} }}")
    result, data = 0, ""
    if action == "io.appium.settings.wifi":
        call.tablet.wifi_setting(extras.get("setstatus") == "enable")
        result = -1
    elif action == "io.appium.settings.data_connection":
        call.tablet.data_setting(extras.get("setstatus") == "enable")
        result = -1
    elif action == "io.appium.settings.clipboard.get":
        result, data = -1, ', data=""'
    elif action.startswith("io.appium.settings"):
        result = -1
    await call.say(f"Broadcast completed: result={result}{data}")
    return 0


async def stop(call: Call, args: list[str]) -> int:
    """`am force-stop|kill PKG`: silent, exit 0 even for an unknown package."""
    for package in args:
        if not package.startswith("-"):
            await call.tablet.stop_package(package)
    return 0


async def am(call: Call, args: list[str] | None = None) -> int:
    """The activity manager's commands; `cmd activity` is the same."""
    words = call.args if args is None else args
    verb, rest = (words[0], words[1:]) if words else ("", [])
    if verb in ("start", "start-activity"):
        return await start(call, rest)
    if verb in ("force-stop", "kill", "stop-app"):
        return await stop(call, rest)
    if verb == "instrument":
        return await instrument(call, rest)
    if verb == "broadcast":
        return await broadcast(call, rest)
    if verb in ("startservice", "start-foreground-service", "start-service"):
        await call.say(f"Starting service: Intent {{ {_intent(_parse(rest)[0])} }}")
        return 0
    if verb == "get-current-user":
        await call.say("0")
        return 0
    if verb in ("switch-user", "set-standby-bucket", "compact", "idle-maintenance", "set-debug-app"):
        return 0
    call.unknown()
    await call.complain(f"Unknown command: {verb}" if verb else "Activity manager (activity) commands:")
    return 255


COMMANDS: dict[str, Command] = {"am": am}
