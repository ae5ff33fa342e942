"""Publishes tasks as an application does: to each queue named, one task at each priority from 0 to 9.

    publish.py BROKER_URL TRANSPORT_OPTIONS_AS_JSON QUEUE…

Prints, for each queue, how many tasks Celery's own library counts in it.
"""

import json
import sys

from celery import Celery

PRIORITIES = range(10)


def main(broker_url, options, *queues):
    app = Celery("app", broker=broker_url)
    app.conf.broker_transport_options = json.loads(options)

    @app.task(name="app.work")
    def work(priority):
        return priority

    for queue in queues:
        for priority in PRIORITIES:
            work.apply_async((priority,), queue=queue, priority=priority)
    with app.connection_for_read() as connection:
        for queue in queues:
            print(connection.default_channel._size(queue))


if __name__ == "__main__":
    main(*sys.argv[1:])
