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
        note(f"{os.getpid()} {request['id']} {request['do']}")
    if request["do"] == "decide":
        reply(request, desired=len(request["situation"]["history"]))
        continue
    if request["do"] != "measure":
        reply(request)
        if how == "sleepy" and request["do"] == "setup":
            time.sleep(0.6)
        continue
    calls += 1
    if how == "dies" and calls == 2:
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
if how == "notes":
    note(f"{os.getpid()} end of input")
