"""A Celery application with Judoscale's adapter, as its documentation says. BROKER_URL is its Redis; JUDOSCALE_URL says where
it reports.

    judoscale_jobs.py HOW_MANY SECONDS     publishes tasks that take SECONDS each
"""

import os
import sys
import time

from celery import Celery
from judoscale.celery import judoscale_celery

app = Celery("judoscale_jobs", broker=os.environ["BROKER_URL"])
app.conf.broker_connection_retry_on_startup = True
judoscale_celery(app, extra_config={"CELERY": {"TRACK_BUSY_JOBS": True}})


@app.task(name="jobs.nap")
def nap(seconds):
    time.sleep(seconds)


if __name__ == "__main__":
    for _ in range(int(sys.argv[1])):
        nap.delay(float(sys.argv[2]))
