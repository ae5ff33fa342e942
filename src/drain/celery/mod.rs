//! Drains Celery workers, by Celery's own remote control.
//!
//! It is spoken directly to the broker, rather than by `celery inspect` as a child: the messages are few and small, and the
//! same from Celery 5.2 to 5.7 (`letters.rs`, `mailbox.rs`), and the bot needs neither Python nor the application beside
//! it. The broker is a Redis.
//!
//! ```text
//!   active_queues ──▶ all         who is there, and takes tasks from where
//!   stats ──▶ those who go        which life of the worker it is
//!   HSET                          what is owed to them (marks)
//!   cancel_consumer ──▶ them
//!   active_queues, active, reserved ──▶ them      idle: takes from nowhere, and has nothing left
//!   add_consumer ──▶ others that have a mark, HDEL when they have it
//! ```
//!
//! The marks are in the broker, so that whatever ends this program leaves no worker without queues, and in this drainer's
//! own memory, so that a broker that loses its data does not either. A worker that is not there for a while is gone.
//!
//! A worker obeys an order a moment after it has answered, so that what it still has counts only when it says in the same
//! breath that it takes from nowhere.

mod letters;
mod mailbox;
mod marks;
mod names;
mod talk;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use async_trait::async_trait;
use redis::aio::MultiplexedConnection;

use self::mailbox::{Mailbox, Names};
use self::marks::Known;
use self::names::NodeNames;
use super::settings::{BROKER_URL, CA_FILE, CONTROL_EXCHANGE, KEY_PREFIX, NODE_NAME};
use super::{DrainError, Drainer, Held, Survey};
use crate::backend::{BuildError, Site};
use crate::redis_server::{Address, Server, URL_EXAMPLE};
use crate::settings::problem::Fault;
use crate::settings::schema::Section;

/// What is wrong with the settings of a drain.
pub(super) fn check(section: &Section) -> Vec<Fault> {
    let form = section.text(NODE_NAME.name).and_then(names::fault);
    let url = section.text(BROKER_URL.name);
    // One that was taken from the measurement is checked there.
    let written = url.filter(|_| section.is_written(BROKER_URL.name));
    let address = written.and_then(|url| {
        let why = Address::from_url(url).err()?;
        Some(Fault::at(BROKER_URL.name, why, URL_EXAMPLE))
    });
    let is_plain = url.is_some_and(|url| url.starts_with("redis:"));
    let needless = (is_plain && section.is_written(CA_FILE.name)).then(|| {
        let wrong = "the broker's URL is `redis://`, so that there is no certificate to check";
        Fault::at(CA_FILE.name, wrong, "`rediss://`, or no such line")
    });
    form.into_iter().chain(address).chain(needless).collect()
}

/// Makes the drainer.
pub(super) fn build(section: &Section, site: &Site) -> Result<Rc<dyn Drainer>, BuildError> {
    let text = |name| section.text(name).unwrap_or_default();
    let address = Address::from_url(text(BROKER_URL.name))
        .map_err(|why| BuildError(format!("{}: {why}", BROKER_URL.name)))?;
    let prefix = text(KEY_PREFIX.name).to_owned();
    let process_type = section.text("process_type");
    let process_type = process_type.unwrap_or(site.process.as_str()).to_owned();
    let names = NodeNames::new(text(NODE_NAME.name));
    Ok(Rc::new(Celery {
        marks: format!(
            "{prefix}autoscalebot.drained:{}",
            names.of_all(&process_type)
        ),
        known: RefCell::default(),
        names,
        process_type,
        mailbox: Mailbox {
            database: address.database(),
            server: Server::new(address, section.text(CA_FILE.name))?,
            clock: site.clock,
            names: Names {
                prefix,
                exchange: section
                    .text(CONTROL_EXCHANGE.name)
                    .unwrap_or("celery")
                    .to_owned(),
                oid: uuid::Uuid::new_v4().to_string(),
            },
        },
    }))
}

/// The workers of one process type.
struct Celery {
    mailbox: Mailbox,
    names: NodeNames,
    process_type: String,
    /// The key of what is owed.
    marks: String,
    known: RefCell<Known>,
}

#[async_trait(?Send)]
impl Drainer for Celery {
    async fn hold(&self, names: &[String]) -> Result<Held, DrainError> {
        let mut talk = self.talk().await?;
        talk.learn().await?;
        if names.is_empty() && self.known.borrow().is_empty() {
            return Ok(Held::default());
        }
        let there = talk.survey().await?;
        let mut going: BTreeMap<&String, Vec<String>> = BTreeMap::new();
        for node in there.by_node.keys() {
            if let Some(name) = self.names.which(node, names) {
                going.entry(name).or_default().push(node.clone());
            }
        }
        let owed = talk
            .give_back(&there, &|node| self.names.which(node, names).is_none())
            .await?;
        if names.is_empty() {
            return Ok(Held {
                owed,
                ..Held::default()
            });
        }
        talk.heard(&there)?;
        let going_nodes: Vec<String> = going.values().flatten().cloned().collect();
        talk.stop(&there, &going_nodes).await?;
        let left = talk.left(going_nodes).await?;
        let tasks = |name: &String| -> Option<u64> {
            let nodes = going.get(name)?;
            nodes.iter().map(|node| left.get(node).copied()).sum()
        };
        Ok(Held {
            tasks: names
                .iter()
                .map(|name| (name.clone(), tasks(name)))
                .collect(),
            owed,
        })
    }

    async fn forget(&self, names: &[String]) -> Result<(), DrainError> {
        let mut talk = self.talk().await?;
        talk.learn().await?;
        let known = self.known.borrow().nodes();
        let gone = known
            .into_iter()
            .filter(|node| self.names.which(node, names).is_some());
        talk.unmark(gone.collect()).await
    }

    async fn survey(&self) -> Result<Survey, DrainError> {
        let mut talk = self.talk().await?;
        let there = talk.survey().await?;
        talk.understood(&there)?;
        let nodes = there.by_node.into_keys().map(|node| {
            let process = self.names.process(&node, &self.process_type);
            (node, process)
        });
        Ok(Survey {
            asked: self.mailbox.server.shown().to_owned(),
            found: nodes.collect(),
        })
    }
}

impl Celery {
    async fn talk(&self) -> Result<Talk<'_>, DrainError> {
        Ok(Talk {
            mailbox: &self.mailbox,
            marks: &self.marks,
            known: &self.known,
            connection: self.mailbox.connect().await?,
        })
    }
}

/// One errand's conversation with the workers, over a connection of its own.
struct Talk<'a> {
    mailbox: &'a Mailbox,
    marks: &'a str,
    known: &'a RefCell<Known>,
    connection: MultiplexedConnection,
}
