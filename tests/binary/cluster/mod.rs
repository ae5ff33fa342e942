//! Three replicas on one Redis, twelve process types of one app, by the clock: killed, stopped for longer than their lease
//! and let go on, and cut off from Redis, at random. The stand-in for Heroku knows who sent what when, and an observer
//! at Redis who had the lease when.
//!
//! It runs for 30 s, or for as many seconds as `AUTOSCALEBOT_CLUSTER_SECONDS` says; `AUTOSCALEBOT_CLUSTER_SEED` names another
//! sequence of troubles.
#![expect(
    clippy::print_stdout,
    reason = "the times that takeovers took are what it is run for, too"
)]

mod observer;
mod replicas;
mod story;

use std::time::Duration;

use autoscalebot::clock::Clock;
use rustix::process::Signal;

use crate::bot::Home;
use crate::servers::heroku::Heroku;
use crate::servers::redis::RedisServer;
use observer::Observer;
use replicas::{Call, Ground, Replicas, TYPES, calls};
use story::{Chaos, KINDS, Slept, Takeover};

/// The lease of all replicas.
const LEASE: Duration = Duration::from_secs(3);

/// How often each of them goes through a cycle.
const INTERVAL: Duration = Duration::from_millis(500);

/// How often who stands by looks, at the most.
const LOOK: Duration = Duration::from_millis(300);

/// What a busy machine may take longer.
const SLACK: Duration = Duration::from_secs(1);

fn variable(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

#[test]
fn one_leads_whatever_becomes_of_the_others() {
    let seconds = variable("AUTOSCALEBOT_CLUSTER_SECONDS", 30);
    let seed = variable("AUTOSCALEBOT_CLUSTER_SEED", 1);
    let heroku = Heroku::start();
    let ground = Ground::new(&heroku);
    let observer = Observer::start(ground.redis_port());
    let mut replicas = Replicas::start(&ground);
    let clock = Clock::system();
    let chaos = Chaos::new(&mut replicas, &observer, &heroku, seed);
    let end = clock.boot() + Duration::from_secs(seconds);
    let (takeovers, slept) = chaos.run(end);
    let calls = calls(&heroku);
    report(&takeovers, &calls);

    no_call_without_the_lease(&calls, &observer, &slept);
    no_call_of_one_that_slept(&calls, &observer, &slept);
    led_again_in_time(&takeovers);
    told_by_who_did_it(&ground, &calls);
    handed_over_at_the_end(replicas, &observer);
}

#[test]
fn a_reload_does_not_change_the_cluster() {
    let redis = RedisServer::start();
    let configuration = |lease: u64| {
        format!(
            "[cluster]\nurl = \"{}\"\nlease_in_seconds = {lease}\nowner = \"solo\"\n[processes.web]\n\
             measurement = {{ measurement_url = \"http://127.0.0.1:1/\" }}\n\
             scaling = {{ app_name = \"none\", api_key = \"none\", api_url = \"http://127.0.0.1:1/\" }}\n",
            redis.url()
        )
    };
    let home = Home::with(&configuration(3));
    let bot = home.run();
    home.wait_err("(this replica) leads from now on, token 1");
    home.configure(&configuration(4));
    bot.signal(Signal::HUP);
    home.wait_err("[cluster] has changed, which takes a new start");
    bot.stop();
    let said = home.err().join("\n");
    assert!(
        said.contains("cluster autoscalebot: the lease is given back"),
        "{said}"
    );
}

/// Every change of a count was sent by who had the lease in Redis when it arrived, and none of an earlier leader's came
/// after one of a later's.
fn no_call_without_the_lease(calls: &[Call], observer: &Observer, slept: &[Slept]) {
    let (mut latest, mut on_the_wire) = (0, 0);
    for (at, call) in calls.iter().enumerate() {
        let Some(token) = observer.token_of(&call.replica, call.at) else {
            let near = observer.around(call.at);
            assert!(
                was_on_the_wire(calls, at, slept),
                "{call:?}, but the lease was {near:#?}; {:?}",
                slept
                    .iter()
                    .filter(|slept| slept.replica == call.replica)
                    .collect::<Vec<_>>()
            );
            on_the_wire += 1;
            continue;
        };
        assert!(
            token >= latest,
            "{call:?} with token {token} came after one of {latest}"
        );
        latest = token;
    }
    println!("{on_the_wire} calls had left their check when their replica was stopped");
}

/// Whether a call can have left its check when its replica was stopped: it is the first when that goes on, and comes as soon
/// as the machine lets it. Whoever did not check at all would send more than one.
fn was_on_the_wire(calls: &[Call], at: usize, slept: &[Slept]) -> bool {
    let call = &calls[at];
    slept.iter().any(|slept| {
        let later = |other: &&Call| other.replica == slept.replica && other.at >= slept.until;
        let first = calls.iter().find(later);
        slept.replica == call.replica
            && first.is_some_and(|first| first.at == call.at)
            && call.at < slept.until + SLACK
    })
}

/// After it was let go on, a replica sent nothing with the token from before.
fn no_call_of_one_that_slept(calls: &[Call], observer: &Observer, slept: &[Slept]) {
    for slept in slept {
        let before = observer.latest_token(slept.from);
        let later = |call: &&Call| call.replica == slept.replica && call.at >= slept.until;
        let tokens = calls.iter().filter(later);
        let mut tokens = tokens.filter_map(|call| observer.token_of(&call.replica, call.at));
        if let Some(token) = tokens.next() {
            assert!(
                token > before,
                "{slept:?} with token {before}, and sent with {token}"
            );
        }
    }
}

fn led_again_in_time(takeovers: &[Takeover]) {
    assert!(!takeovers.is_empty(), "no leader was ever disturbed");
    for takeover in takeovers {
        let Takeover {
            lease, last_type, ..
        } = takeover;
        assert!(*lease <= LEASE + LOOK + SLACK, "{takeover:?}");
        // The first cycle that begins under the new leader orders.
        assert!(
            *last_type <= LEASE + LOOK + INTERVAL * 2 + SLACK,
            "{takeover:?}"
        );
    }
}

/// Notices of scales are those of the calls that were made: one that stands by tells nothing.
fn told_by_who_did_it(ground: &Ground, calls: &[Call]) {
    for (name, home) in ground.homes() {
        let made = calls.iter().filter(|call| call.replica == name).count();
        let told = home.out().len();
        assert!(
            told <= made,
            "{name} made {made} calls, and told {told} scales"
        );
    }
}

fn handed_over_at_the_end(mut replicas: Replicas<'_>, observer: &Observer) {
    let clock = Clock::system();
    let leader = replicas.wait_for_a_leader(observer);
    let asked = clock.boot();
    replicas.stop_well(&leader);
    let gone = observer.end_of(&leader, asked).saturating_sub(asked);
    println!("SIGTERM to the lease given back: {gone:?}");
    // A call under way is waited for.
    assert!(gone <= SLACK * 2, "{gone:?}");
    let next = replicas.wait_for_a_leader(observer);
    assert_ne!(next, leader);
    replicas.stop_all_well();
}

fn report(takeovers: &[Takeover], calls: &[Call]) {
    println!("{} changes of counts of {TYPES} process types", calls.len());
    for kind in KINDS {
        let of_kind = || takeovers.iter().filter(|takeover| takeover.trouble == kind);
        let show = |what: &str, time: fn(&Takeover) -> Duration| {
            let mut times: Vec<_> = of_kind().map(time).collect();
            times.sort();
            if let (Some(median), Some(worst)) = (times.get(times.len() / 2), times.last()) {
                println!(
                    "{kind:?}, {} times, to {what}: median {median:.2?}, worst {worst:.2?}",
                    times.len()
                );
            }
        };
        show("another's lease", |takeover| takeover.lease);
        show("the first order", |takeover| takeover.first_type);
        show("an order for the last process type", |takeover| {
            takeover.last_type
        });
    }
}
