//! The referee of `[cluster]` against a real redis-server: who gets the lease, and what becomes of it.

use std::time::Duration;

use autoscalebot::clock::Clock;
use autoscalebot::cluster::lease::{Answer, SHORTEST, Taken};
use autoscalebot::cluster::settings::ClusterSettings;
use autoscalebot::cluster::{Cluster, Referee};
use autoscalebot::settings::Secret;
use tokio::time::sleep;

use crate::servers::Parrot;
use crate::servers::proxy::{Proxy, Way};
use crate::servers::redis::RedisServer;
use crate::servers::tls::Tls;

const LEASE_KEY: &str = "autoscalebot:cluster:{shop}:lease";
const TOKEN_KEY: &str = "autoscalebot:cluster:{shop}:token";

fn settings(url: &str, name: &str) -> ClusterSettings {
    ClusterSettings {
        url: Secret::new(url),
        tls_ca_file: None,
        name: name.to_owned(),
        lease: SHORTEST,
        owner: Some("test".to_owned()),
    }
}

fn referee(url: &str) -> Referee {
    Referee::new(&settings(url, "shop")).unwrap()
}

/// The server knows the cluster from before, so that nobody has to wait.
fn known(server: &RedisServer) {
    let mut client = server.client(0);
    redis::cmd("SET")
        .arg(TOKEN_KEY)
        .arg(6)
        .exec(&mut client)
        .unwrap();
}

fn yours(token: u64) -> Answer {
    Answer::Yours { token }
}

#[track_caller]
fn taken(answer: Result<Answer, String>) -> Taken {
    match answer {
        Ok(Answer::Taken(taken)) => taken,
        odd => panic!("it should be another's: {odd:?}"),
    }
}

#[actix_rt::test]
async fn one_gets_it_and_the_others_are_told_who_and_for_how_long() {
    let server = RedisServer::start();
    known(&server);
    let (one, two) = (referee(&server.url()), referee(&server.url()));
    assert_eq!(one.ask("a").await, Ok(yours(7)));
    let held = taken(two.ask("b").await);
    assert_eq!((held.token, held.by.as_deref()), (7, Some("a")));
    assert!(
        held.left <= SHORTEST && held.left > SHORTEST / 2,
        "{held:?}"
    );

    sleep(SHORTEST / 2).await;
    assert_eq!(
        one.ask("a").await,
        Ok(yours(7)),
        "a renewal is no change of hands"
    );
    let left = taken(two.ask("b").await).left;
    assert!(left > SHORTEST / 2, "it counts from the renewal: {left:?}");

    assert_eq!(two.give_back("b").await, Ok(false), "it is not b's");
    assert_eq!(one.ask("a").await, Ok(yours(7)));
    assert_eq!(one.give_back("a").await, Ok(true));
    assert_eq!(two.ask("b").await, Ok(yours(8)));
    assert_eq!(one.give_back("a").await, Ok(false));
    assert_eq!(taken(one.ask("a").await).by.as_deref(), Some("b"));
}

#[actix_rt::test]
async fn it_ends_by_itself_and_not_before() {
    let server = RedisServer::start();
    known(&server);
    let (one, two) = (referee(&server.url()), referee(&server.url()));
    let clock = Clock::system();
    let asked = clock.boot();
    assert_eq!(one.ask("a").await, Ok(yours(7)));
    let answered = clock.boot();
    loop {
        let sent = clock.boot();
        match two.ask("b").await {
            Ok(Answer::Yours { token: 8 }) => {
                assert!(clock.boot() >= asked + SHORTEST, "too soon");
                break;
            }
            Ok(Answer::Taken(_)) => assert!(
                sent <= answered + SHORTEST + Duration::from_millis(5),
                "too late"
            ),
            odd => panic!("{odd:?}"),
        }
        sleep(Duration::from_millis(2)).await;
    }
}

#[actix_rt::test]
async fn a_redis_that_knows_nothing_lets_nobody_lead_for_one_lease() {
    let server = RedisServer::start();
    let referee = referee(&server.url());
    let held = taken(referee.ask("a").await);
    assert_eq!((held.token, held.by, held.left), (0, None, SHORTEST));
    let held = taken(referee.ask("b").await);
    assert_eq!((held.token, held.by), (0, None));
    assert_eq!(
        referee.give_back("").await,
        Ok(true),
        "in place of waiting for its end"
    );
    assert_eq!(referee.ask("b").await, Ok(yours(1)));

    redis::cmd("FLUSHALL").exec(&mut server.client(0)).unwrap();
    let held = taken(referee.ask("b").await);
    assert_eq!(
        (held.token, held.by),
        (0, None),
        "the leader is told as well"
    );
}

#[actix_rt::test]
async fn a_restart_without_data_is_the_same_and_a_kept_connection_is_replaced() {
    let mut server = RedisServer::start();
    known(&server);
    let referee = referee(&server.url());
    assert_eq!(referee.ask("a").await, Ok(yours(7)));
    server.stop();
    let refused = referee.ask("a").await.unwrap_err();
    assert!(
        refused.ends_with("connection refused; does it run there?"),
        "{refused}"
    );
    server.start_again();
    assert_eq!(taken(referee.ask("a").await).by, None);
    redis::cmd("CLIENT")
        .arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"])
        .exec(&mut server.client(0))
        .unwrap();
    assert_eq!(
        taken(referee.ask("a").await).by,
        None,
        "at once, over another"
    );
}

#[actix_rt::test]
async fn a_lease_that_was_dropped_alone_can_be_taken() {
    let server = RedisServer::start();
    known(&server);
    let referee = referee(&server.url());
    assert_eq!(referee.ask("a").await, Ok(yours(7)));
    redis::cmd("DEL")
        .arg(LEASE_KEY)
        .exec(&mut server.client(0))
        .unwrap();
    assert_eq!(referee.ask("b").await, Ok(yours(8)));
}

#[actix_rt::test]
async fn clusters_of_other_names_and_databases_are_others() {
    let server = RedisServer::start();
    for (url, name) in [
        (server.url(), "shop"),
        (server.url(), "shop2"),
        (format!("{}/3", server.url()), "shop"),
    ] {
        let referee = Referee::new(&settings(&url, name)).unwrap();
        assert_eq!(taken(referee.ask("a").await).left, SHORTEST, "{url} {name}");
    }
}

#[actix_rt::test]
async fn refusals_are_in_plain_words_and_show_no_password() {
    let server = RedisServer::start_with(&["--requirepass", "s3cr3t"]);
    let acl = ["SETUSER", "weak", "on", ">s3cr3t", "~*", "+get"];
    redis::cmd("ACL")
        .arg(&acl)
        .exec(&mut server.client(0))
        .unwrap();
    let primary = RedisServer::start();
    let at = |login: &str| format!("redis://{login}127.0.0.1:{}", server.port());
    let parrot = Parrot::start("HTTP/1.1 400 Bad Request\r\n\r\n");
    let replica = RedisServer::start();
    known(&replica);
    let port = primary.port().to_string();
    redis::cmd("REPLICAOF")
        .arg(&["127.0.0.1", &port])
        .exec(&mut replica.client(0))
        .unwrap();
    for (url, part) in [
        (at(""), "wants a password (NOAUTH)"),
        (at(":s3cr3t-no@"), "refuses the user or password of url"),
        (at("weak:s3cr3t@"), "its user may not do this (NOPERM)"),
        (replica.url(), "it is a replica"),
        (
            format!("redis://:s3cr3t@127.0.0.1:{}", parrot.port()),
            "redis at 127.0.0.1",
        ),
    ] {
        let refused = referee(&url).ask("a").await.unwrap_err();
        assert!(refused.contains(part), "{url}: {refused}");
        assert!(!refused.contains("s3cr3t"), "{refused}");
    }
    assert!(referee(&server.url()).ask("a").await.is_ok());
}

#[actix_rt::test]
async fn tls_is_spoken_and_a_certificate_checked() {
    let tls = Tls::new();
    let server = RedisServer::start_tls(&tls);
    let mut trusting = settings(&server.tls_url(), "shop");
    let refused = Referee::new(&trusting).unwrap().ask("a").await.unwrap_err();
    assert!(refused.contains("certificate"), "{refused}");
    trusting.tls_ca_file = Some(tls.ca_file().display().to_string());
    assert!(Referee::new(&trusting).unwrap().ask("a").await.is_ok());
    let unverified = settings(&format!("{}?ssl_cert_reqs=none", server.tls_url()), "shop");
    let referee = Referee::new(&unverified).unwrap();
    assert!(referee.is_unverified() && referee.ask("a").await.is_ok());
    trusting.tls_ca_file = Some("/no/such/file.pem".to_owned());
    let error = Referee::new(&trusting).unwrap_err().to_string();
    assert!(
        error.starts_with("cluster: tls_ca_file /no/such/file.pem cannot be read"),
        "{error}"
    );
}

/// Until it leads; at the longest for ten leases.
async fn leads(cluster: &Cluster) -> bool {
    for _ in 0..1000 {
        if cluster.leadership().since().is_some() {
            return true;
        }
        sleep(SHORTEST / 100).await;
    }
    false
}

#[actix_rt::test]
async fn members_lead_by_turns_and_hold_when_redis_is_gone() {
    let server = RedisServer::start();
    known(&server);
    let clock = Clock::system();
    let (one, two) = (
        settings(&server.url(), "shop"),
        settings(&server.url(), "shop"),
    );
    let one = Cluster::enter(&one, clock).unwrap();
    assert!(leads(&one).await);
    let two = Cluster::enter(&two, clock).unwrap();
    sleep(SHORTEST * 2).await;
    assert!(one.leadership().since().is_some(), "it renews its lease");
    assert!(two.leadership().since().is_none());
    one.leave().await;
    assert!(leads(&two).await, "it was given back");

    server.freeze();
    let frozen = clock.boot();
    sleep(SHORTEST / 2).await;
    assert!(
        two.leadership().since().is_some(),
        "it goes on until its lease ends"
    );
    while two.leadership().since().is_some() {
        sleep(SHORTEST / 100).await;
    }
    assert!(clock.boot() <= frozen + SHORTEST, "and no longer");
    server.thaw();
    assert!(leads(&two).await);
    two.leave().await;
    let left: Option<String> = redis::cmd("GET")
        .arg(LEASE_KEY)
        .query(&mut server.client(0))
        .unwrap();
    assert_eq!(left, None);
}

/// The network holds a question back, and delivers it when nobody waits for the answer any more.
#[actix_rt::test]
async fn a_question_that_arrives_late_is_a_lease_that_its_asker_learns_of() {
    let server = RedisServer::start();
    known(&server);
    let proxy = Proxy::to(server.port());
    let url = format!("redis://127.0.0.1:{}", proxy.port());
    let (cut, other) = (referee(&url), referee(&server.url()));
    assert_eq!(other.ask("b").await, Ok(yours(7)));
    assert_eq!(taken(cut.ask("a").await).token, 7);
    proxy.set(Way::Silent);
    let patience = SHORTEST / 10;
    let given_up = tokio::time::timeout(patience, cut.ask("a")).await;
    assert!(given_up.is_err(), "{given_up:?}");
    assert_eq!(other.give_back("b").await, Ok(true));
    proxy.set(Way::Open);
    let mut client = server.client(0);
    let mut holder = || {
        redis::cmd("GET")
            .arg(LEASE_KEY)
            .query::<Option<String>>(&mut client)
    };
    while holder().unwrap().is_none() {
        sleep(SHORTEST / 300).await;
    }
    assert_eq!(taken(other.ask("b").await).by.as_deref(), Some("a"));
    assert_eq!(
        cut.ask("a").await,
        Ok(yours(8)),
        "it may count on it from now on"
    );
    proxy.set(Way::Closed);
    assert!(cut.ask("a").await.is_err());
}
