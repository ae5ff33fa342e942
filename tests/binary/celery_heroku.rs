//! Celery workers on Heroku (the stand-in), drained before the dyno with the highest number goes; and what becomes of them
//! when the bot ends in the middle.

use rustix::process::Signal;

use crate::bot::{Bot, Home};
use crate::broker::{Broker, console};
use crate::heroku_app::FORMATION;
use crate::servers::celery::Worker;
use crate::servers::heroku::{APP, Heroku, KEY};

/// So many dynos, whatever the load.
fn config(heroku: &Heroku, broker: &Broker, many: u32) -> String {
    let scaling = format!(
        "[processes.worker.scaling]\nbackend = \"heroku\"\napp_name = \"{APP}\"\napi_key = \"{KEY}\"\napi_url = \"{}\"\n\
         drain = \"celery\"\n",
        heroku.url()
    );
    let decision =
        format!("[processes.worker.decision]\nmin_processes = {many}\nmax_processes = {many}\n");
    let tables = [
        broker.measurement(),
        decision,
        scaling,
        console(r#""scale", "drain""#),
    ];
    tables.concat()
}

/// The dynos' workers are the test's own: the stand-in runs nothing. Each has two tasks in progress and two more.
fn dynos(heroku: &Heroku, broker: &Broker) -> [Worker; 2] {
    heroku.set("worker", 2);
    let url = broker.redis.url();
    let workers = ["worker.1@one", "worker.2@two"].map(|name| Worker::start(name, &url));
    broker.wait_inspected("two workers", |said| said.ping.len() == 2);
    broker.push(8, 0.0);
    broker.wait_inspected("tasks in both", |said| said.active + said.reserved == 8);
    workers
}

/// Waits until the worker of the second dyno takes tasks from so many queues.
fn wait_queues(broker: &Broker, of_the_second: usize) {
    broker.wait_inspected("the second dyno's queues", |said| {
        said.queues.get("worker.2@two") == Some(&of_the_second)
            && said.queues.get("worker.1@one") == Some(&1)
    });
}

fn drains<'home>(home: &'home Home, heroku: &Heroku, broker: &Broker) -> Bot<'home> {
    home.configure(&config(heroku, broker, 1));
    let bot = home.run();
    home.wait("a worker that is owed its queue", || {
        broker.owed() == ["worker.2@two"]
    });
    wait_queues(broker, 0);
    bot
}

#[test]
fn the_dyno_with_the_highest_number_finishes_its_tasks_before_it_goes() {
    let (heroku, broker) = (Heroku::start(), Broker::start());
    let _workers = dynos(&heroku, &broker);
    let home = Home::with("");
    for (form, wanted) in [
        ("", "worker.1@one, worker.2@two answer\n"),
        (
            "drain_node_name = \"celery@{dyno}\"\n",
            "worker.1@one, worker.2@two answer, and none of them is worker.1, worker.2; is drain_node_name",
        ),
    ] {
        let config = config(&heroku, &broker, 2);
        home.configure(&config.replace(
            "drain = \"celery\"\n",
            &format!("drain = \"celery\"\n{form}"),
        ));
        let checked = home.command(&["check", "--live"]).output().expect("an end");
        let said = String::from_utf8_lossy(&checked.stdout);
        assert!(said.contains(wanted), "{said}");
        assert_eq!(checked.status.success(), form.is_empty(), "{said}");
    }
    assert_eq!(broker.owed(), Vec::<String>::new(), "nothing was changed");
    let bot = drains(&home, &heroku, &broker);
    home.wait_out("worker: drain at 2: draining worker.2 since ");
    home.wait_out(", 600 s at most: 4 tasks left");
    assert_eq!(heroku.asked("PATCH", FORMATION), 0, "not while it works");
    broker.open_the_gate();
    home.wait_out("worker: scale down 2 -> 1: 2 is above the maximum of 1; drained worker.2 in ");
    assert_eq!(heroku.quantity("worker"), Some(1));
    assert!(
        broker.tasks("done").len() >= 4,
        "those of the second dyno, at least"
    );
    home.wait("nothing owed to who goes", || broker.owed().is_empty());
    wait_queues(&broker, 0);
    bot.stop();
}

#[test]
fn a_bot_that_ends_in_the_middle_leaves_no_worker_without_its_queues() {
    let (heroku, broker) = (Heroku::start(), Broker::start());
    let _workers = dynos(&heroku, &broker);
    let home = Home::with("");
    // Told to end, it gives them back itself.
    drains(&home, &heroku, &broker).stop();
    assert_eq!(broker.owed(), Vec::<String>::new());
    wait_queues(&broker, 1);
    // Killed, its next run does, which wants both.
    let mut killed = drains(&home, &heroku, &broker);
    killed.signal(Signal::KILL);
    assert_eq!(killed.exit_code(), None);
    assert_eq!(broker.owed(), ["worker.2@two"]);
    home.configure(&config(&heroku, &broker, 2));
    let bot = home.run();
    home.wait("nothing owed", || broker.owed().is_empty());
    wait_queues(&broker, 1);
    assert_eq!(
        (heroku.quantity("worker"), heroku.asked("PATCH", FORMATION)),
        (Some(2), 0)
    );
    bot.stop();
}
