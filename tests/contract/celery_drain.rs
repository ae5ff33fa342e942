//! A drain of real Celery workers over a real redis-server: what they are told, what they say, what is left in Redis.

use std::collections::BTreeMap;
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use autoscalebot::clock::Clock;
use autoscalebot::drain::{self, Drainer, Held};
use autoscalebot::scaling::SHARED;
use redis::FromRedisValue;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::making::{section, site};
use crate::servers::celery::{Worker, application, venv};
use crate::servers::redis::RedisServer;

/// How often is looked, and how many times: a minute.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: u32 = 1200;

/// Publishes so many tasks, which wait at the gate.
fn push(many: u32, queue: &str, variables: &[(&str, String)]) {
    let mut command = Command::new(venv("python"));
    command.args(["app.py", "push", &many.to_string(), "0", queue]);
    command
        .current_dir(application())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    assert!(command.status().expect("python").success());
}

/// A drainer of the process `web`, as the settings make it.
fn drainer(values: Value) -> Rc<dyn Drainer> {
    let mut values = values;
    values["drain"] = json!("celery");
    values["process_type"] = json!("web");
    let built = drain::build(&section(SHARED, &[], values), &site());
    built.unwrap().expect("a drainer")
}

fn ask<T: FromRedisValue>(server: &RedisServer, database: u32, words: &[&str]) -> T {
    let command = words.first().expect("a command");
    let mut asked = redis::cmd(command);
    for word in words.iter().skip(1) {
        asked.arg(word);
    }
    asked
        .query(&mut server.client(database))
        .expect("an answer")
}

fn names(names: &str) -> Vec<String> {
    names.split_whitespace().map(str::to_owned).collect()
}

/// `web.2=0 web.3=?`.
fn told(held: &Held) -> String {
    let told = held.tasks.iter().map(|(name, left)| match left {
        Some(left) => format!("{name}={left}"),
        None => format!("{name}=?"),
    });
    told.collect::<Vec<_>>().join(" ")
}

/// Holds these until it is told so of them.
#[track_caller]
fn until<'a>(
    drainer: &'a dyn Drainer,
    who: &'a str,
    wanted: &'a str,
) -> impl Future<Output = ()> + 'a {
    let caller = std::panic::Location::caller();
    async move {
        let mut last = String::new();
        for _ in 0..LOOKS {
            last = match drainer.hold(&names(who)).await {
                Ok(held) => told(&held),
                Err(error) => error.to_string(),
            };
            if last == wanted {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("{caller}: {who}: wanted {wanted}, and it is {last}");
    }
}

/// Waits for so many workers.
async fn until_there(drainer: &dyn Drainer, many: usize) {
    for _ in 0..LOOKS {
        if drainer
            .survey()
            .await
            .is_ok_and(|survey| survey.found.len() == many)
        {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
    panic!("waited in vain for {many} workers");
}

async fn until_so(what: &str, so: impl Fn() -> bool) {
    for _ in 0..LOOKS {
        if so() {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
    panic!("waited in vain: {what}");
}

const MARKS: &str = "autoscalebot.drained:web.*@*";

fn marks(server: &RedisServer) -> BTreeMap<String, String> {
    ask(server, 0, &["HGETALL", MARKS])
}

#[actix_rt::test]
async fn a_worker_takes_no_more_finishes_and_takes_again() {
    let server = RedisServer::start();
    let (one, two) = (
        Worker::start("web.1@one", &server.url()),
        Worker::start("web.2@two", &server.url()),
    );
    let url = server.url();
    let drainer = drainer(json!({ "drain_broker_url": url }));
    until_there(drainer.as_ref(), 2).await;
    let found = drainer.survey().await.unwrap().found;
    let expected = [("web.1@one", "web.1"), ("web.2@two", "web.2")];
    let expected = expected.map(|(node, name)| (node.to_owned(), Some(name.to_owned())));
    assert_eq!(found, BTreeMap::from(expected));

    // Two run and two are fetched, in each.
    push(10, "celery", &[("BROKER_URL", url)]);
    let waiting = || -> u64 {
        let lists = [
            "celery",
            "celery\u{6}\u{16}3",
            "celery\u{6}\u{16}6",
            "celery\u{6}\u{16}9",
        ];
        lists
            .iter()
            .map(|list| ask::<u64>(&server, 0, &["LLEN", list]))
            .sum()
    };
    until_so("the tasks are fetched", || waiting() == 2).await;
    until(drainer.as_ref(), "web.2", "web.2=4").await;
    assert_eq!(
        marks(&server).into_keys().collect::<Vec<_>>(),
        ["web.2@two"]
    );
    until(drainer.as_ref(), "web.2 web.3", "web.2=4 web.3=?").await;

    // A worker that sleeps is not idle.
    two.signal(Signal::STOP);
    let (clock, before) = (Clock::system(), Clock::system().now().mono);
    let held = drainer.hold(&names("web.2")).await.unwrap();
    let took = clock.now().mono.saturating_sub(before);
    assert_eq!(told(&held), "web.2=?");
    assert!(took < Duration::from_secs(6), "{took:?}");
    two.signal(Signal::CONT);

    let _: () = ask(&server, 0, &["SET", "test:gate", "open"]);
    until(drainer.as_ref(), "web.2", "web.2=0").await;
    until_so("the other one takes the rest", || {
        ask::<u64>(&server, 0, &["LLEN", "test:done"]) == 10
    })
    .await;
    drop(one);
    push(1, "celery", &[("BROKER_URL", server.url())]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(waiting(), 1, "nobody takes it");

    let given = drainer.hold(&[]).await.unwrap();
    assert_eq!(given, Held::default());
    assert_eq!(marks(&server), BTreeMap::new());
    until_so("it takes again", || waiting() == 0).await;

    let bindings: Vec<String> = ask(
        &server,
        0,
        &["SMEMBERS", "_kombu.binding.reply.celery.pidbox"],
    );
    assert_eq!(bindings, Vec::<String>::new(), "no way for answers is left");
    let lists: Vec<String> = ask(&server, 0, &["KEYS", "*.reply.celery.pidbox"]);
    for list in lists.iter().filter(|list| !list.starts_with("_kombu")) {
        assert!(ask::<i64>(&server, 0, &["TTL", list]) > 0, "{list} expires");
    }
}

#[actix_rt::test]
async fn what_is_owed_outlives_the_program_the_worker_and_the_broker() {
    let server = RedisServer::start();
    let (broker, both) = ([("BROKER_URL", server.url())], "celery,mail");
    let worker = Worker::start_with("web.2@two", both, &broker);
    let settings = || json!({ "drain_broker_url": server.url() });
    let first = drainer(settings());
    until_there(first.as_ref(), 1).await;
    until(first.as_ref(), "web.2", "web.2=0").await;
    let mark = marks(&server).remove("web.2@two").unwrap();
    assert!(
        mark.contains("\"celery\"") && mark.contains("\"mail\""),
        "{mark}"
    );

    // The bot is killed; its next run gives back both queues.
    let _: () = ask(&server, 0, &["SET", "test:gate", "open"]);
    let second = drainer(settings());
    assert_eq!(second.hold(&[]).await.unwrap(), Held::default());
    assert_eq!(marks(&server), BTreeMap::new());
    let taken = |queue: &'static str| {
        push(1, queue, &broker);
        let server = &server;
        async move { until_so(queue, || ask::<u64>(server, 0, &["LLEN", queue]) == 0).await }
    };
    taken("celery").await;
    taken("mail").await;

    // The broker loses what it was told.
    until(second.as_ref(), "web.2", "web.2=0").await;
    let _: u64 = ask(&server, 0, &["DEL", MARKS]);
    assert_eq!(second.hold(&[]).await.unwrap(), Held::default());
    taken("mail").await;

    // A worker of the same name that was started since, for another queue, is given nothing.
    until(second.as_ref(), "web.2", "web.2=0").await;
    drop(worker);
    let worker = Worker::start_with("web.2@two", "celery", &broker);
    until_there(second.as_ref(), 1).await;
    let third = drainer(settings());
    assert_eq!(third.hold(&[]).await.unwrap(), Held::default());
    push(1, "mail", &broker);
    taken("celery").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(ask::<u64>(&server, 0, &["LLEN", "mail"]), 1, "not for it");

    // One that has gone for good is owed its queues for a while, for it may only have lost the broker.
    until(third.as_ref(), "web.2", "web.2=0").await;
    drop(worker);
    until_so("nobody listens", || {
        ask::<u64>(&server, 0, &["PUBLISH", "/0.celery.pidbox", ""]) == 0
    })
    .await;
    assert_eq!(third.hold(&[]).await.unwrap().owed, ["web.2@two"]);
    third.forget(&names("web.2")).await.unwrap();
    assert_eq!(marks(&server), BTreeMap::new());
    let error = third.hold(&names("web.2")).await.unwrap_err().to_string();
    assert!(error.contains("no Celery worker listens there"), "{error}");
}

#[actix_rt::test]
async fn an_applications_own_prefix_exchange_database_and_names_are_met() {
    let server = RedisServer::start_with(&["--requirepass", "s3cr3t"]);
    let url = format!("{}/3", server.url());
    let variables = [
        ("BROKER_URL", url.clone()),
        (
            "BROKER_OPTIONS",
            "{\"global_keyprefix\": \"shop:\"}".to_owned(),
        ),
        ("CONTROL_EXCHANGE", "shop".to_owned()),
    ];
    let _worker = Worker::start_with("shop-w2@host", "celery", &variables);
    let drainer = drainer(json!({
        "drain_broker_url": url,
        "drain_global_keyprefix": "shop:",
        "drain_control_exchange": "shop",
        "drain_node_name": "shop-w{number}@*",
    }));
    until_there(drainer.as_ref(), 1).await;
    push(2, "celery", &variables);
    until(drainer.as_ref(), "web.2", "web.2=2").await;
    let keys: Vec<String> = ask(&server, 3, &["KEYS", "*autoscalebot*"]);
    assert_eq!(keys, ["shop:autoscalebot.drained:shop-w*@*"]);
    let _: () = ask(&server, 3, &["SET", "test:gate", "open"]);
    until(drainer.as_ref(), "web.2", "web.2=0").await;
    assert_eq!(drainer.hold(&[]).await.unwrap(), Held::default());
}

#[actix_rt::test]
async fn what_is_wrong_with_the_broker_is_told_without_its_password() {
    let server = RedisServer::start_with(&["--requirepass", "s3cr3t"]);
    let bare = format!("redis://127.0.0.1:{}", server.port());
    redis::cmd("ACL")
        .arg(&["SETUSER", "bot", "on", ">s3cr3t", "~*", "+hgetall"])
        .exec(&mut server.client(0))
        .unwrap();
    let weak = format!("redis://bot:s3cr3t@127.0.0.1:{}", server.port());
    for (url, wanted) in [
        (server.url(), "no Celery worker listens there"),
        (
            server.url().replace("s3cr3t", "s3cr3t1"),
            "it refuses the user or password of drain_broker_url",
        ),
        (bare, "it wants a password (NOAUTH)"),
        (weak, "its user may not speak to Celery's workers (NOPERM)"),
        (
            "redis://:s3cr3t@127.0.0.1:1".to_owned(),
            "connection refused",
        ),
    ] {
        let drainer = drainer(json!({ "drain_broker_url": url }));
        let error = drainer.hold(&names("web.2")).await.unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
        assert!(!error.contains("s3cr3t"), "{error}");
    }
}
