//! The settings of a drain, which every scaling table may have, and how they contradict themselves. What one table
//! cannot say alone is `settings/drained.rs`'s.

use super::celery;
use crate::settings::problem::Fault;
use crate::settings::schema::{Default, Kind, Section, Setting};

/// The drain of Celery workers.
pub const CELERY: &str = "celery";

/// Whether there is one, and for whom.
pub const DRAIN: Setting = Setting::new(
    "drain",
    Kind::OneOf(&["none", CELERY]),
    Default::Text("none"),
    "Whether those that a scale down takes away finish their work before it. `celery`: its workers are told to take no more \
     tasks (their consumers are cancelled, by Celery's remote control over Redis), and the scale is made once they have none \
     left, active or reserved; it is looked after at each measurement. When the load rises meanwhile, their consumers are \
     given back. A worker that does not answer (its pool is `solo`, or it is stuck) is waited for until the time-out. \
     Tasks that a worker holds for their `eta` or a rate limit are not waited for: it gives them back when it is stopped.",
);

/// How long it may take.
pub const TIMEOUT: Setting = Setting::new(
    "drain_timeout_in_seconds",
    Kind::Seconds,
    Default::Number(600.0),
    "How long a drain may take; then the scale is made all the same, and that is told. Ten minutes are longer than most \
     tasks, and cost no more than ten minutes of what is no longer needed.",
);

/// How workers call themselves.
pub const NODE_NAME: Setting = Setting::new(
    "drain_node_name",
    Kind::Text,
    Default::Text("{dyno}@*"),
    "The Celery node name of each process: `{dyno}` is its name on the platform (`worker.3`; `local` and Heroku both give it \
     to it as DYNO), `{number}` its number alone, `*` anything. The default is that of workers started with `-n $DYNO@%h`, \
     in a Procfile or by `sh -c`. Applications that share a broker need names of their own, such as `shop-{dyno}@*`. With \
     `local` the newest copies go first, with `heroku` the dynos with the highest numbers.",
);

/// Where they are spoken to.
pub const BROKER_URL: Setting = Setting::new(
    "drain_broker_url",
    Kind::Url(&["redis", "rediss"]),
    Default::Derived("that of the measurement, where it is celery_redis_queue_size"),
    "Celery's broker, a Redis, as its `broker_url`. What a drain has taken away is kept there, in the hash \
     `autoscalebot.drained:…`, until it is given back.",
);

/// Whom to trust there.
pub const CA_FILE: Setting = Setting::new(
    "drain_tls_ca_file",
    Kind::Text,
    Default::Derived("that of the measurement, with its URL"),
    "A file of CA certificates (PEM) to trust, instead of the system's, with `rediss://`.",
);

/// What the keys of the broker begin with.
pub const KEY_PREFIX: Setting = Setting::new(
    "drain_global_keyprefix",
    Kind::Text,
    Default::Derived("that of the measurement, with its URL, or none"),
    "The application's `global_keyprefix` in `broker_transport_options`.",
);

/// The exchange of the remote control.
pub const CONTROL_EXCHANGE: Setting = Setting::new(
    "drain_control_exchange",
    Kind::Text,
    Default::Text("celery"),
    "The application's `control_exchange`.",
);

/// Those that say how, of which none makes sense without a drain.
const OF_A_DRAIN: [&Setting; 6] = [
    &TIMEOUT,
    &NODE_NAME,
    &BROKER_URL,
    &CA_FILE,
    &KEY_PREFIX,
    &CONTROL_EXCHANGE,
];

/// What contradicts itself.
pub fn check(section: &Section) -> Vec<Fault> {
    match section.text(DRAIN.name) {
        Some(CELERY) => celery::check(section),
        // Whoever writes that there is none overrides the defaults.
        Some(_) if section.is_written(DRAIN.name) => Vec::new(),
        Some(_) | None => without(section),
    }
}

fn without(section: &Section) -> Vec<Fault> {
    let written = OF_A_DRAIN
        .into_iter()
        .filter(|setting| section.is_written(setting.name));
    let fault = |setting: &Setting| {
        let wrong = "it says how a drain is done, and `drain` is not written";
        let right = "write drain = \"celery\" too, or leave it out";
        Fault::at(setting.name, wrong, right).for_want_of(DRAIN.name)
    };
    written.map(fault).collect()
}
