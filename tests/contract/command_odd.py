"""A command that misbehaves as its first argument says, for the tests of the `command` backends."""

import json
import os
import subprocess
import sys
import time

how, where = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None


def note(text):
    with open(where, "a") as file:
        file.write(text + "\n")


def reply(request, **more):
    print(json.dumps({"id": request["id"], **more}), flush=True)


if how == "exits":
    print("no licence for " + os.environ["TOKEN"], file=sys.stderr)
    sys.exit(3)
if how == "child":
    child = subprocess.Popen(["sleep", "600"])
    note(f"{os.getpid()} {child.pid}")
calls = 0
for line in sys.stdin:
    request = json.loads(line)
    if how == "notes":
        if request["do"] == "teardown":
            # Whoever gives it no time does not read of it.
            time.sleep(0.3)
        note(f"{os.getpid()} {request['id']} {request['do']}")
    if request["do"] == "decide":
        reply(request, desired=len(request["situation"]["history"]))
        continue
    if request["do"] == "teardown" and how == "refuses_teardown":
        reply(request, error="not now")
        continue
    if request["do"] != "measure":
        reply(request)
        if how == "sleepy" and request["do"] == "setup":
            time.sleep(0.6)
        continue
    calls += 1
    if how in ("leaves_a_child", "leaves_a_child_early"):
        # The child has its standard error, and writes to it for ever.
        chatter = "while echo still here >&2; do sleep 0.05; done"
        subprocess.Popen(["sh", "-c", chatter], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        if how == "leaves_a_child":
            reply(request, data=os.getpid())
        sys.exit("not for long")
    elif how == "dies" and calls == 2:
        sys.exit("out of luck")
    elif how == "dies_early" and not os.path.exists(where):
        note("x")
        os.kill(os.getpid(), 9)
    elif how == "dies_idle":
        reply(request, data=os.getpid())
        sys.exit("bored")
    elif how == "late" and calls == 1:
        time.sleep(0.6)
        reply(request, data="late")
    elif how == "hangs":
        note(str(os.getpid()))
        time.sleep(600)
    elif how == "rubbish":
        print("debug: " + os.environ["TOKEN"] + " \x1b[31m" + "x" * 1000, flush=True)
        reply(request, data=calls)
    elif how == "long":
        print("y" * 2_000_000, flush=True)
    elif how == "chatty":
        for number in range(5000):
            print(f"line {number}", file=sys.stderr)
        sys.stderr.flush()
        reply(request, data=calls)
    elif how == "refuses":
        reply(request, error="not with\n" + os.environ["TOKEN"])
    elif how == "last_words":
        # No end of line, and gone.
        sys.stdout.write(json.dumps({"id": request["id"], "data": 9}))
        sys.stdout.flush()
        sys.exit(0)
    elif how == "environment":
        reply(request, data=[os.environ.get("TOKEN"), os.environ.get("HOME"), os.getcwd()])
    elif how == "pointless":
        reply(request, number="many")
    else:
        reply(request, data=calls)
if how in ("notes", "refuses_teardown"):
    note(f"{os.getpid()} end of input")
