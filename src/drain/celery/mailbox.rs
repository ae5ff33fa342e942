//! Asks Celery workers through their broker, a Redis: a message published to all of them, and their answers in a list.
//!
//! ```text
//!   PUBLISH /0.celery.pidbox  ──▶ every worker                       Redis says how many have got it
//!   LRANGE  OID.reply.celery.pidbox  ◀── LPUSH by each that it is for, found through the binding that is set meanwhile
//! ```
//!
//! The list has an entry of ours at its end and an expiry, so that a late answer leaves nothing behind; answers that are
//! late are not read.

use std::collections::BTreeMap;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, RedisError};
use serde_json::Value;
use tokio::time::sleep;

use super::letters::{self, Call, ReplyTo, SEPARATOR};
use crate::clock::Clock;
use crate::drain::DrainError;
use crate::redis_server::Server;

/// How long answers are waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often is looked for them.
const LOOK: Duration = Duration::from_millis(20);

/// How long the list of answers stays after a question, in seconds.
const EXPIRES: i64 = 60;

/// Where workers are spoken to, and who we are there.
pub(super) struct Mailbox {
    pub(super) server: Server,
    pub(super) database: i64,
    pub(super) clock: Clock,
    pub(super) names: Names,
}

/// The names of its keys.
pub(super) struct Names {
    pub(super) prefix: String,
    pub(super) exchange: String,
    pub(super) oid: String,
}

/// The answers to one call.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Answers {
    /// What each node says.
    pub(super) by_node: BTreeMap<String, Value>,
    /// How many workers have got the call.
    reached: usize,
    /// How many have answered, in a form that we read or not.
    answered: usize,
    /// How many answers there will be.
    expected: usize,
}

impl Answers {
    /// Whether everybody who was reached has answered.
    pub(super) fn is_whole(&self) -> bool {
        self.answered >= self.reached
    }

    /// Whether nobody was there to hear it.
    pub(super) fn is_unheard(&self) -> bool {
        self.reached == 0
    }

    /// How many have answered in a form that we do not read.
    pub(super) fn unread(&self) -> usize {
        self.answered.saturating_sub(self.by_node.len())
    }
}

impl Mailbox {
    /// Opens a connection.
    pub(super) async fn connect(&self) -> Result<MultiplexedConnection, DrainError> {
        let connected = self.server.connect().await;
        connected.map_err(|error| self.failed(error))
    }

    /// Runs commands.
    pub(super) async fn run<T: redis::FromRedisValue>(
        &self,
        connection: &mut MultiplexedConnection,
        commands: &Pipeline,
    ) -> Result<T, DrainError> {
        let done = commands.query_async(connection).await;
        done.map_err(|error| self.failed(error))
    }

    /// Calls workers, all calls at once, and waits for their answers, in the order of the calls.
    pub(super) async fn call(
        &self,
        connection: &mut MultiplexedConnection,
        calls: &[Call<'_>],
    ) -> Result<Vec<Answers>, DrainError> {
        let tickets: Vec<String> = calls
            .iter()
            .map(|_| uuid::Uuid::new_v4().to_string())
            .collect();
        let reached: Vec<usize> = self
            .run(connection, &self.published(calls, &tickets))
            .await?;
        let expected = |(call, reached): (&Call<'_>, usize)| Answers {
            reached,
            expected: call.to.map_or(reached, |to| to.len().min(reached)),
            ..Answers::default()
        };
        let mut all: Vec<Answers> = calls.iter().zip(reached).map(expected).collect();
        let heard = self.listen(connection, &tickets, &mut all).await;
        // Its failure is that of the next command.
        let _closed: Result<(), _> = self.run(connection, &self.closed()).await;
        heard?;
        Ok(all)
    }

    async fn listen(
        &self,
        connection: &mut MultiplexedConnection,
        tickets: &[String],
        all: &mut [Answers],
    ) -> Result<(), DrainError> {
        let until = self.clock.now().mono + PATIENCE;
        // New ones are in front of those that were seen, and of our own.
        let mut seen = 1;
        while all
            .iter()
            .any(|answers| answers.answered < answers.expected)
        {
            let mut look = Pipeline::new();
            look.cmd("LRANGE").arg(self.list()).arg(0).arg(-seen - 1);
            let (texts,): (Vec<Vec<u8>>,) = self.run(connection, &look).await?;
            seen += i64::try_from(texts.len()).unwrap_or(0);
            for answer in texts.iter().filter_map(|text| letters::answer(text)) {
                let at = tickets.iter().position(|ticket| *ticket == answer.ticket);
                if let Some(answers) = at.and_then(|at| all.get_mut(at)) {
                    answers.answered += 1;
                    answers.by_node.extend(answer.said);
                }
            }
            if self.clock.until(until).is_zero() {
                break;
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// The calls, and the way for their answers. No transaction: a user of the broker may not be allowed MULTI, and a call
    /// of which a part is lost is repeated at the next look.
    fn published(&self, calls: &[Call<'_>], tickets: &[String]) -> Pipeline {
        let (list, topic) = (self.list(), self.topic());
        let mut commands = redis::pipe();
        commands.cmd("DEL").arg(&list).ignore();
        commands.cmd("LPUSH").arg(&list).arg("").ignore();
        commands.cmd("EXPIRE").arg(&list).arg(EXPIRES).ignore();
        let (binding, member) = self.binding();
        commands.cmd("SADD").arg(binding).arg(member).ignore();
        let reply_to = ReplyTo {
            exchange: &self.replies(),
            oid: &self.names.oid,
        };
        for (call, ticket) in calls.iter().zip(tickets) {
            let letter = letters::letter(call, &self.pidbox(), reply_to, ticket);
            commands.cmd("PUBLISH").arg(&topic).arg(letter);
        }
        commands
    }

    /// No more answers are wanted.
    fn closed(&self) -> Pipeline {
        let (binding, member) = self.binding();
        let mut commands = redis::pipe();
        commands.cmd("SREM").arg(binding).arg(member).ignore();
        commands
            .cmd("LTRIM")
            .arg(self.list())
            .arg(-1)
            .arg(-1)
            .ignore();
        commands
    }

    fn pidbox(&self) -> String {
        format!("{}.pidbox", self.names.exchange)
    }

    fn replies(&self) -> String {
        format!("reply.{}.pidbox", self.names.exchange)
    }

    fn topic(&self) -> String {
        format!("{}/{}.{}", self.names.prefix, self.database, self.pidbox())
    }

    fn queue(&self) -> String {
        format!("{}.{}", self.names.oid, self.replies())
    }

    fn list(&self) -> String {
        format!("{}{}", self.names.prefix, self.queue())
    }

    fn binding(&self) -> (String, String) {
        let key = format!("{}_kombu.binding.{}", self.names.prefix, self.replies());
        let (oid, queue) = (&self.names.oid, self.queue());
        (key, format!("{oid}{SEPARATOR}{SEPARATOR}{queue}"))
    }

    /// A failure in plain words. Redis's own are left out: they may repeat what was sent.
    fn failed(&self, error: RedisError) -> DrainError {
        let shown = self.server.shown();
        // Those of a pipeline are inside.
        let refusals = error.clone().into_server_errors();
        let code = refusals.as_ref().and_then(|refusals| refusals.first());
        DrainError(match code.map(|(_, refusal)| refusal.code()) {
            Some("NOPERM") => format!(
                "{shown}: its user may not speak to Celery's workers (NOPERM): allow it PUBLISH, LPUSH, LRANGE, LTRIM, DEL, \
                 EXPIRE, SADD, SREM, HGETALL, HSET and HDEL"
            ),
            Some("NOAUTH") => format!(
                "{shown}: it wants a password (NOAUTH): write drain_broker_url with one, `redis://:password@host:port/0`"
            ),
            Some(code) => format!("{shown}: it refused ({code})"),
            None => self.server.trouble(&error, "drain_broker_url"),
        })
    }
}
