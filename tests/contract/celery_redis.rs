//! `celery_redis_queue_size` against a real redis-server, with tasks that a real Celery has published.

use std::path::Path;
use std::process::Command;

use autoscalebot::measurement::{MeasureError, OnFailure};
use serde_json::{Value, json};

use crate::celery_unacked::load;
use crate::measuring::{backend, number, try_backend};
use crate::servers::Parrot;
use crate::servers::redis::RedisServer;
use crate::servers::tls::Tls;

const NAME: &str = "celery_redis_queue_size";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Publishes ten tasks to each queue, at the priorities 0 to 9, and returns what Celery counts.
fn publish(url: &str, options: &Value, queues: &[&str]) -> Vec<u64> {
    let python = root().join("target/venv/bin/python");
    let published = Command::new(&python)
        .arg(root().join("tests/celery_app/publish.py"))
        .arg(url)
        .arg(options.to_string())
        .args(queues)
        .output()
        .unwrap_or_else(|_| {
            panic!(
                "{} is missing: run tests/run, which makes it",
                python.display()
            )
        });
    let errors = String::from_utf8_lossy(&published.stderr);
    assert!(
        published.status.success(),
        "celery failed (is it installed? run tests/run):\n{errors}"
    );
    let counts = String::from_utf8(published.stdout).unwrap();
    counts.lines().map(|line| line.parse().unwrap()).collect()
}

fn push(server: &RedisServer, database: u32, key: &str, times: usize) {
    let tasks = vec!["{}"; times];
    redis::cmd("LPUSH")
        .arg(key)
        .arg(tasks)
        .exec(&mut server.client(database))
        .unwrap();
}

#[actix_rt::test]
async fn tasks_of_every_priority_are_counted() {
    let server = RedisServer::start();
    let by_name = json!({"host": "127.0.0.1", "port": server.port()});
    let measuring = backend(NAME, by_name);
    assert_eq!(
        number(measuring.measure().await),
        0.0,
        "no queue yet is an empty queue"
    );

    assert_eq!(publish(&server.url(), &json!({}), &["celery"]), [10]);
    assert_eq!(number(measuring.measure().await), 10.0);
    let sample = measuring.measure().await.unwrap();
    assert_eq!(*sample.data, json!(10), "a count is a whole number");
}

#[actix_rt::test]
async fn an_application_with_transport_options_of_its_own_is_counted() {
    let server = RedisServer::start();
    let ten_steps: Vec<u8> = (0..10).collect();
    let cases = [
        (json!({"priority_steps": ten_steps}), json!({})),
        (
            json!({"priority_steps": ten_steps, "sep": ":"}),
            json!({"sep": ":"}),
        ),
        (
            json!({"global_keyprefix": "app:"}),
            json!({"global_keyprefix": "app:"}),
        ),
    ];
    for (database, (options, settings)) in cases.into_iter().enumerate() {
        let url = format!("{}/{database}", server.url());
        assert_eq!(publish(&url, &options, &["celery"]), [10], "{options}");
        let mut table = settings;
        table["redis_url"] = json!(url);
        assert_eq!(
            number(backend(NAME, table).measure().await),
            10.0,
            "{options}"
        );
    }
}

#[actix_rt::test]
async fn a_list_of_queues_is_summed_in_its_own_database() {
    let server = RedisServer::start();
    let url = format!("{}/3", server.url());
    publish(&url, &json!({}), &["celery", "mail", "reports"]);
    push(&server, 0, "celery", 5);

    let table = json!({"queue_name": ["celery", "mail"], "redis_url": url});
    assert_eq!(number(backend(NAME, table).measure().await), 20.0);
    let table = json!({"host": "localhost", "port": server.port(), "database_number": 3});
    assert_eq!(number(backend(NAME, table).measure().await), 10.0);
    let table = json!({"port": server.port()});
    assert_eq!(number(backend(NAME, table).measure().await), 5.0);
}

/// The state of a broker while a worker ran: 14 tasks published, 8 in the worker's hands, of which no list tells.
#[actix_rt::test]
async fn tasks_that_a_worker_has_fetched_are_not_waiting() {
    let server = RedisServer::start();
    load(&server, "redis-celery-worker-running.json");
    let measuring = backend(NAME, json!({"redis_url": server.url()}));
    assert_eq!(
        number(measuring.measure().await),
        5.0,
        "four, and one of a lower priority"
    );
    let measuring = backend(
        NAME,
        json!({"redis_url": server.url(), "queue_name": ["celery", "low"]}),
    );
    assert_eq!(number(measuring.measure().await), 7.0);
}

#[actix_rt::test]
async fn one_connection_is_kept_and_made_again_after_a_failure() {
    let mut server = RedisServer::start();
    push(&server, 0, "celery", 2);
    let measuring = backend(NAME, json!({"redis_url": server.url()}));
    let connections = |server: &RedisServer| -> u64 {
        let info: String = redis::cmd("INFO")
            .arg("stats")
            .query(&mut server.client(0))
            .unwrap();
        let line = info
            .lines()
            .find_map(|line| line.strip_prefix("total_connections_received:"));
        line.unwrap().trim().parse().unwrap()
    };
    measuring.measure().await.unwrap();
    let before = connections(&server);
    for _ in 0..5 {
        assert_eq!(number(measuring.measure().await), 2.0);
    }
    assert_eq!(
        connections(&server),
        before + 1,
        "the one that asked for this figure"
    );

    server.stop();
    for _ in 0..2 {
        let error = measuring.measure().await.unwrap_err();
        assert!(matches!(&error, MeasureError::Unavailable(_)), "{error:?}");
        assert!(error.to_string().contains("connection refused"), "{error}");
        assert_eq!(
            measuring.counts_as(&error),
            OnFailure::Hold,
            "an absent broker is not load"
        );
    }
    server.start_again();
    push(&server, 0, "celery", 3);
    assert_eq!(number(measuring.measure().await), 3.0);
}

#[actix_rt::test]
async fn a_kept_connection_that_the_server_closed_is_not_a_failure() {
    let mut server = RedisServer::start();
    push(&server, 0, "celery", 1);
    let measuring = backend(NAME, json!({"redis_url": server.url()}));
    measuring.measure().await.unwrap();
    // As its `timeout` does to a client that is idle for too long.
    let mut client = server.client(0);
    redis::cmd("CLIENT")
        .arg("KILL")
        .arg("TYPE")
        .arg("normal")
        .exec(&mut client)
        .unwrap();
    assert_eq!(number(measuring.measure().await), 1.0);

    server.stop();
    server.start_again();
    assert_eq!(
        number(measuring.measure().await),
        0.0,
        "restarted between two measurements"
    );
}

#[actix_rt::test]
async fn a_broker_that_hangs_is_a_time_out_and_not_the_end() {
    let server = RedisServer::start();
    push(&server, 0, "celery", 4);
    // Enough for the first measurement, which must be answered.
    let table = json!({"redis_url": server.url(), "timeout_in_seconds": 2});
    let measuring = backend(NAME, table);
    assert_eq!(number(measuring.measure().await), 4.0);
    server.freeze();
    for because in ["over the kept connection", "over a new one"] {
        let error = measuring.measure().await.unwrap_err();
        assert!(
            matches!(error, MeasureError::TimedOut(_)),
            "{because}: {error:?}"
        );
    }
    server.thaw();
    assert_eq!(number(measuring.measure().await), 4.0, "the same backend");
}

#[actix_rt::test]
async fn a_key_that_is_no_list_is_told_by_its_name() {
    let server = RedisServer::start();
    redis::cmd("SET")
        .arg("celery")
        .arg("x")
        .exec(&mut server.client(0))
        .unwrap();
    let measuring = backend(NAME, json!({"redis_url": server.url()}));
    for _ in 0..2 {
        let error = measuring.measure().await.unwrap_err();
        assert!(matches!(error, MeasureError::Unusable(_)), "{error:?}");
        assert!(
            error.to_string().contains("`celery` is not a list"),
            "{error}"
        );
    }
}

#[actix_rt::test]
async fn a_database_that_does_not_exist_is_told() {
    let server = RedisServer::start();
    let measuring = backend(NAME, json!({"port": server.port(), "database_number": 999}));
    let error = measuring.measure().await.unwrap_err();
    assert!(
        error.to_string().contains("it has no database 999"),
        "{error}"
    );
}

#[actix_rt::test]
async fn a_password_is_used_asked_for_and_never_shown() {
    let server = RedisServer::start_with(&["--requirepass", "hunter2/secret"]);
    let url = |login: &str| format!("redis://{login}127.0.0.1:{}/0", server.port());
    for login in [":hunter2%2Fsecret@", "default:hunter2%2Fsecret@"] {
        let measuring = backend(NAME, json!({"redis_url": url(login)}));
        assert_eq!(number(measuring.measure().await), 0.0, "{login}");
    }
    for (login, text) in [
        ("", "it wants a password (NOAUTH)"),
        (":hunter3@", "it refuses the user or password of redis_url"),
        (
            "nobody:hunter3@",
            "it refuses the user or password of redis_url",
        ),
    ] {
        let measuring = backend(NAME, json!({"redis_url": url(login)}));
        let error = measuring.measure().await.unwrap_err();
        assert!(matches!(error, MeasureError::Unavailable(_)), "{error:?}");
        assert!(error.to_string().contains(text), "{error}");
        assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
    }
}

#[actix_rt::test]
async fn a_user_without_the_right_is_told() {
    let server = RedisServer::start();
    redis::cmd("ACL")
        .arg(&["SETUSER", "bot", "on", ">pw", "~*", "+select", "-llen"])
        .exec(&mut server.client(0))
        .unwrap();
    let url = format!("redis://bot:pw@127.0.0.1:{}", server.port());
    let error = backend(NAME, json!({"redis_url": url}))
        .measure()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("(NOPERM)"), "{error}");
}

#[actix_rt::test]
async fn a_certificate_is_verified_unless_it_was_asked_not_to_be() {
    let tls = Tls::new();
    let server = RedisServer::start_tls(&tls);
    push(&server, 0, "celery", 6);
    let url = server.tls_url();

    let table = json!({"redis_url": url, "tls_ca_file": tls.ca_file()});
    assert_eq!(number(backend(NAME, table).measure().await), 6.0);

    let error = backend(NAME, json!({"redis_url": url}))
        .measure()
        .await
        .unwrap_err();
    assert!(matches!(error, MeasureError::Unavailable(_)), "{error:?}");
    assert!(
        error.to_string().contains("name that in tls_ca_file"),
        "{error}"
    );

    let other = Tls::new();
    let table = json!({"redis_url": url, "tls_ca_file": other.ca_file()});
    let error = backend(NAME, table).measure().await.unwrap_err();
    assert!(error.to_string().contains("no TLS connection"), "{error}");

    for value in ["none", "CERT_NONE"] {
        let measuring = backend(
            NAME,
            json!({"redis_url": format!("{url}/0?ssl_cert_reqs={value}")}),
        );
        measuring.setup().await.unwrap();
        assert_eq!(number(measuring.measure().await), 6.0, "{value}");
    }
}

#[test]
fn a_ca_file_that_is_none_is_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let table = json!({"redis_url": "rediss://a.test", "tls_ca_file": file.path()});
    let error = try_backend(NAME, table).err().unwrap();
    assert!(
        error.to_string().contains("has no certificate in PEM form"),
        "{error}"
    );
    let table = json!({"redis_url": "rediss://a.test", "tls_ca_file": "/nowhere/ca.pem"});
    let error = try_backend(NAME, table).err().unwrap();
    assert!(
        error.to_string().contains("/nowhere/ca.pem cannot be read"),
        "{error}"
    );
}

#[actix_rt::test]
async fn a_server_that_is_starting_or_is_no_redis_is_told() {
    for (line, text) in [
        (
            "-LOADING Redis is loading the dataset in memory\r\n",
            "still loading its data",
        ),
        ("-MOVED 1 127.0.0.1:7001\r\n", "Redis Cluster"),
        ("+OK\r\n", "is it a Redis?"),
        ("-WEIRD hunter2\r\n", "(WEIRD)"),
        ("HTTP/1.1 400 Bad Request\r\n", "is it a Redis,"),
    ] {
        let server = Parrot::start(line.repeat(12));
        let table = json!({"port": server.port(), "host": "127.0.0.1", "timeout_in_seconds": 10});
        let error = backend(NAME, table).measure().await.unwrap_err();
        assert!(error.to_string().contains(text), "{line}: {error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[actix_rt::test]
async fn tls_where_there_is_none_is_told() {
    let server = Parrot::start("-ERR unknown command\r\n");
    let url = format!("rediss://127.0.0.1:{}", server.port());
    let table = json!({"redis_url": url, "timeout_in_seconds": 10});
    let error = backend(NAME, table).measure().await.unwrap_err();
    assert!(
        error.to_string().contains("does it speak TLS at all?"),
        "{error}"
    );
}
