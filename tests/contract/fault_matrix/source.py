"""A measurement command that is well or ill, as the first letter of a file says, for the fault matrix.

    source.py FILE WELL ILL    WELL: the answer to `measure`, as JSON. ILL: the same, or what goes wrong.
"""

import json
import os
import sys
import time

switch, well, ill = sys.argv[1:]


def say(request, answer):
    print(json.dumps({"id": request["id"], **answer}), flush=True)


for line in sys.stdin:
    request = json.loads(line)
    if request["do"] != "measure":
        say(request, {})
        continue
    with open(switch) as file:
        is_ill = file.read(1) == "1"
    if not is_ill:
        say(request, json.loads(well))
    elif ill == "gone":
        sys.exit("gone")
    elif ill == "hangs":
        time.sleep(1.5)
    elif ill == "resets":
        os.kill(os.getpid(), 9)
    elif ill == "garbage":
        sys.stdout.buffer.write(b"\xff\x00 garbage\n")
        sys.stdout.flush()
    elif ill == "empty":
        print(flush=True)
    elif ill == "truncated":
        sys.stdout.write(json.dumps({"id": request["id"], **json.loads(well)})[:-1])
        sys.stdout.flush()
        sys.exit("cut off")
    elif ill == "late":
        time.sleep(1.6)
        say(request, json.loads(well))
    else:
        say(request, json.loads(ill))  # json knows NaN
