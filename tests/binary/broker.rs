//! Redis as Celery's broker, and the application in `tests/celery_app/app.py` around it: its workers as a `local`
//! scaling table, its tasks, and what its workers say of themselves.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use redis::FromRedisValue;
use serde::Deserialize;

use crate::bot::{LONG, comes_true};
use crate::servers::celery::{application, venv};
use crate::servers::redis::RedisServer;

/// Celery's queue, and where it keeps the tasks of its other three steps of priority.
const QUEUES: [&str; 4] = [
    "celery",
    "celery\u{6}\u{16}3",
    "celery\u{6}\u{16}6",
    "celery\u{6}\u{16}9",
];

/// How often workers are asked, at most. One inquiry takes three seconds.
const INQUIRIES: u32 = 30;

/// A broker, empty at first.
pub(crate) struct Broker {
    pub(crate) redis: RedisServer,
}

/// What the living workers say.
#[derive(Debug, Deserialize)]
pub(crate) struct Inspected {
    /// Their names, `worker.1@host`, sorted.
    pub(crate) ping: Vec<String>,
    /// From how many queues each takes tasks.
    pub(crate) queues: BTreeMap<String, usize>,
    /// How many tasks they work on.
    pub(crate) active: u64,
    /// How many tasks they have fetched beside.
    pub(crate) reserved: u64,
}

/// A task that was offered: its worker, and when it was offered, began and ended, in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Timed(
    pub(crate) String,
    pub(crate) f64,
    pub(crate) f64,
    pub(crate) f64,
);

impl Broker {
    /// Starts a redis-server.
    pub(crate) fn start() -> Self {
        Self {
            redis: RedisServer::start(),
        }
    }

    /// Starts a redis-server with a password, which the bot is given and must not tell.
    pub(crate) fn start_with_password() -> Self {
        Self {
            redis: RedisServer::start_with(&["--requirepass", "s3cr3t"]),
        }
    }

    /// A measurement table of this queue, taken often.
    pub(crate) fn measurement(&self) -> String {
        format!(
            "[processes.worker.measurement]\n\
             backend = \"celery_redis_queue_size\"\n\
             redis_url = \"{}\"\n\
             timeout_in_seconds = 10\n\
             measurement_interval_in_seconds = 0.25\n",
            self.redis.url()
        )
    }

    /// A scaling table whose copies are Celery workers, which acknowledge a task when they begin it.
    pub(crate) fn workers(&self, concurrency: u32) -> String {
        self.workers_with(concurrency, "")
    }

    /// The same, with these variables more: `, ACKS_LATE = "1"`.
    pub(crate) fn workers_with(&self, concurrency: u32, variables: &str) -> String {
        // Its banner goes to standard error, so that standard output has the notices alone.
        let command = format!(
            "exec {} -A app worker --concurrency={concurrency} --prefetch-multiplier=1 -n $DYNO@%h --loglevel=INFO >&2",
            venv("celery").display()
        );
        format!(
            "[processes.worker.scaling]\n\
             backend = \"local\"\n\
             command = [\"/bin/sh\", \"-c\", \"{command}\"]\n\
             working_directory = \"{}\"\n\
             environment = {{ BROKER_URL = \"{}\", PYTHONDONTWRITEBYTECODE = \"1\"{variables} }}\n\
             stop_grace_in_seconds = 120\n",
            application().display(),
            self.redis.url(),
        )
    }

    /// Publishes so many tasks, numbered from 0.
    #[track_caller]
    pub(crate) fn push(&self, how_many: u32, nap: f64) {
        self.run(&["push", &how_many.to_string(), &nap.to_string()]);
    }

    /// Publishes so many tasks, numbered from `first` on, which take 5 to 20 s, mixed.
    #[track_caller]
    pub(crate) fn push_long(&self, first: u32, how_many: u32) {
        self.run(&["mix", &first.to_string(), &how_many.to_string(), "5", "20"]);
    }

    /// Publishes tasks at their times, and is done when the last is: each has how long after the start, and how long it
    /// takes, in seconds.
    #[track_caller]
    pub(crate) fn offer(&self, schedule: &[(f64, f64)]) {
        let schedule = serde_json::to_string(schedule).expect("JSON");
        self.run(&["offer", &schedule]);
    }

    /// The tasks that were offered and are done.
    pub(crate) fn timed(&self) -> Vec<Timed> {
        let said: Vec<String> = self.ask("LRANGE", &["test:timed", "0", "-1"]);
        let read = |said: &String| serde_json::from_str(said).expect("what a task left");
        said.iter().map(read).collect()
    }

    /// Publishes a task that is not to run before tomorrow.
    #[track_caller]
    pub(crate) fn push_for_tomorrow(&self) {
        self.run(&["later"]);
    }

    /// How many tasks workers hold, as Redis has it.
    pub(crate) fn held(&self) -> u64 {
        self.ask("HLEN", &["unacked"])
    }

    /// The workers whose queues a drain owes them.
    pub(crate) fn owed(&self) -> Vec<String> {
        self.ask("HKEYS", &["autoscalebot.drained:worker.*@*"])
    }

    /// Lets the tasks that are waiting, and all later ones, go on.
    pub(crate) fn open_the_gate(&self) {
        let _: () = self.ask("SET", &["test:gate", "open"]);
    }

    /// Asks the workers, by Celery's own remote control.
    #[track_caller]
    pub(crate) fn inspect(&self) -> Inspected {
        serde_json::from_str(&self.run(&["inspect"])).expect("an answer of app.py")
    }

    /// Asks the workers, by Celery's own remote control, until their answers are as they should be.
    #[track_caller]
    pub(crate) fn wait_inspected(&self, what: &str, is_so: impl Fn(&Inspected) -> bool) {
        let mut last = String::new();
        for _ in 0..INQUIRIES {
            last = self.run(&["inspect"]);
            let inspected = serde_json::from_str(&last).expect("an answer of app.py");
            if is_so(&inspected) {
                return;
            }
        }
        panic!("waited in vain for {what}; the workers say {last}");
    }

    /// The numbers of the tasks that began, that were done, that got a SIGTERM: `started`, `done`, `signalled`.
    pub(crate) fn tasks(&self, which: &str) -> Vec<u32> {
        self.ask("LRANGE", &[&format!("test:{which}"), "0", "-1"])
    }

    /// How many tasks Redis holds at each of Celery's four steps of priority.
    pub(crate) fn waiting(&self) -> [u64; 4] {
        QUEUES.map(|queue| self.ask("LLEN", &[queue]))
    }

    /// From one moment to the next the queue has exactly so many things in it, for tests without workers.
    pub(crate) fn fill(&self, how_many: usize) {
        let tasks = vec!["{}"; how_many];
        let mut at_once = redis::pipe();
        at_once.atomic().del("celery").rpush("celery", tasks);
        let filled = at_once.exec(&mut self.redis.client(0));
        filled.expect("a queue filled");
    }

    /// Empties the queue.
    pub(crate) fn empty(&self) {
        let _: u64 = self.ask("DEL", &["celery"]);
    }

    fn ask<T: FromRedisValue>(&self, command: &str, words: &[&str]) -> T {
        let mut client = self.redis.client(0);
        let answer = redis::cmd(command).arg(words).query(&mut client);
        answer.expect("an answer of Redis")
    }

    /// Runs `app.py`, within a bound.
    #[track_caller]
    fn run(&self, words: &[&str]) -> String {
        let mut child = Command::new(venv("python"))
            .arg(application().join("app.py"))
            .args(words)
            .env("BROKER_URL", self.redis.url())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python starts");
        let ended = comes_true(LONG, || matches!(child.try_wait(), Ok(Some(_))));
        if !ended {
            child.kill().expect("an app.py to kill");
        }
        let output = child.wait_with_output().expect("its output");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            ended && output.status.success(),
            "app.py {words:?} failed, or did not end (is Celery installed? run tests/run):\n{errors}"
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// A notification table with exactly these events on standard output.
pub(crate) fn console(events: &str) -> String {
    format!("[[processes.worker.notification]]\nbackend = \"console\"\nnotify_on = [{events}]\n")
}

/// A supervision table that leaves copies time to finish when the program stops.
pub(crate) fn patient() -> String {
    "[supervision]\nshutdown_grace_in_seconds = 120\n".to_owned()
}
