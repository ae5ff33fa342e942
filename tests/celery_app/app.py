"""An application with a task, its worker's and its tests' side. BROKER_URL says where Redis is; with ACKS_LATE, tasks are
acknowledged when they are done, and not when they begin. BROKER_OPTIONS are its `broker_transport_options`, as JSON, and
CONTROL_EXCHANGE its `control_exchange`.

    app.py push HOW_MANY SECONDS [QUEUE]   publishes tasks, numbered from 0, at the priorities 0 to 9 in turn
    app.py mix FIRST HOW_MANY LEAST MOST   publishes tasks, numbered from FIRST on, of LEAST to MOST seconds, mixed
    app.py later                   publishes a task that is not to run before tomorrow
    app.py offer [[AFTER, SECONDS], …]
                                   publishes tasks that take SECONDS, each so many seconds AFTER its own start
    app.py inspect                 prints what the living workers say: {"ping": …, "queues": …, "active": …, "reserved": …}

Each task leaves its number in the Redis list `test:started`, waits until there is a key `test:gate`, naps, and leaves its
number in `test:done`. A SIGTERM that reaches it meanwhile goes into `test:signalled`. Those that are offered know no gate,
and each leaves in `test:timed` its worker and when it was offered, began and ended, as JSON.
"""

import json
import os
import signal
import sys
import time

from celery import Celery
from redis import Redis

PRIORITIES = 10
TOMORROW = 86400  # seconds
GATE_AT_MOST = 600  # seconds
ANSWERS_WITHIN = 1  # second

broker_url = os.environ["BROKER_URL"]
app = Celery("app", broker=broker_url)
app.conf.broker_connection_retry_on_startup = True
app.conf.task_acks_late = bool(os.environ.get("ACKS_LATE"))
app.conf.broker_transport_options = json.loads(os.environ.get("BROKER_OPTIONS", "{}"))
app.conf.control_exchange = os.environ.get("CONTROL_EXCHANGE", "celery")
store = Redis.from_url(broker_url)


@app.task(name="app.nap")
def nap(number, seconds):
    def on_signal(_signal, _frame):
        store.rpush("test:signalled", number)

    before = signal.signal(signal.SIGTERM, on_signal)
    try:
        store.rpush("test:started", number)
        end = time.monotonic() + GATE_AT_MOST
        while not store.exists("test:gate") and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(seconds)
        store.rpush("test:done", number)
    finally:
        signal.signal(signal.SIGTERM, before)


@app.task(name="app.timed", bind=True)
def timed(self, seconds, offered):
    started = time.time()
    time.sleep(seconds)
    store.rpush("test:timed", json.dumps([self.request.hostname, offered, started, time.time()]))


def push(how_many, seconds, queue="celery"):
    for number in range(int(how_many)):
        nap.apply_async((number, float(seconds)), queue=queue, priority=number % PRIORITIES)


def mix(first, how_many, least, most):
    span = int(most) - int(least) + 1
    for number in range(int(first), int(first) + int(how_many)):
        nap.apply_async((number, float(int(least) + number * 7 % span)))


def offer(schedule):
    start = time.monotonic()
    for after, seconds in json.loads(schedule):
        time.sleep(max(0.0, start + after - time.monotonic()))
        timed.apply_async((seconds, time.time()))


def later():
    nap.apply_async((0, 0.0), countdown=TOMORROW)


def inspect():
    workers = app.control.inspect(timeout=ANSWERS_WITHIN)
    answers = {
        "ping": sorted(workers.ping() or {}),
        "queues": {name: len(queues) for name, queues in (workers.active_queues() or {}).items()},
        "active": sum(map(len, (workers.active() or {}).values())),
        "reserved": sum(map(len, (workers.reserved() or {}).values())),
    }
    print(json.dumps(answers))


if __name__ == "__main__":
    {"push": push, "mix": mix, "later": later, "offer": offer, "inspect": inspect}[sys.argv[1]](*sys.argv[2:])
