//! The referee: two keys in a Redis and the scripts that change them. Asked by the candidate (`candidate.rs`).
//!
//! | key | is | ends |
//! | --- | --- | --- |
//! | `autoscalebot:cluster:{name}:lease` | who has the lease; empty: nobody may have it yet | after the lease |
//! | `autoscalebot:cluster:{name}:token` | how often it has changed hands | never |
//!
//! A script runs in Redis as one step, so that nobody comes between its looking and its changing. Where the token is
//! missing, Redis has never heard of the cluster, or has forgotten it (it was restarted without its data, or emptied): a
//! leader may be left from before, so that the lease stays empty for as long as that one may go on.

use std::cell::RefCell;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{RedisError, cmd};

use super::lease::{Answer, Taken, Terms};
use super::settings::ClusterSettings;
use crate::backend::BuildError;
use crate::redis_server::{Address, Server};

/// The lease is taken when it is free, and prolonged when it is the asker's. KEYS: lease, token. ARGV: the asker, the
/// lease in milliseconds. Answers whether it is the asker's, the token, how long it lasts and whose it is.
const ASK: &str = "\
local holder = redis.call('GET', KEYS[1])
if not holder then
  if redis.call('EXISTS', KEYS[2]) == 0 then
    redis.call('SET', KEYS[2], 0)
    redis.call('SET', KEYS[1], '', 'NX', 'PX', ARGV[2])
    return {0, 0, tonumber(ARGV[2]), ''}
  end
  local token = redis.call('INCR', KEYS[2])
  redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
  return {1, token, tonumber(ARGV[2]), ARGV[1]}
end
local token = tonumber(redis.call('GET', KEYS[2]) or '0')
if holder == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return {1, token, tonumber(ARGV[2]), holder}
end
return {0, token, redis.call('PTTL', KEYS[1]), holder}";

/// The lease is given back, if it is the asker's. KEYS: lease. ARGV: the asker.
const GIVE_BACK: &str = "\
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0";

/// The Redis that says who leads.
#[derive(Debug)]
pub struct Referee {
    server: Server,
    lease: String,
    token: String,
    terms: Terms,
    /// The connection that the last question left in good order.
    kept: RefCell<Option<Kept>>,
}

struct Kept(MultiplexedConnection);

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kept")
    }
}

impl Referee {
    /// The referee of a cluster. Opens nothing.
    pub fn new(settings: &ClusterSettings) -> Result<Self, BuildError> {
        let refuse = |why: String| BuildError(format!("cluster: url: {why}"));
        let address = Address::from_url(settings.url.expose()).map_err(refuse)?;
        let ca = settings.tls_ca_file.as_deref();
        let server = Server::new(address, ca)
            .map_err(|BuildError(why)| BuildError(format!("cluster: {why}")))?;
        // The braces keep both on one node, where the Redis has several.
        let key = |what: &str| format!("autoscalebot:cluster:{{{}}}:{what}", settings.name);
        Ok(Self {
            server,
            lease: key("lease"),
            token: key("token"),
            terms: Terms::new(settings.lease),
            kept: RefCell::default(),
        })
    }

    /// Host and port, for people.
    pub fn shown(&self) -> &str {
        self.server.shown()
    }

    /// Whether its certificate is taken as it is.
    pub fn is_unverified(&self) -> bool {
        self.server.is_unverified()
    }

    /// Asks for the lease, or for its renewal. The caller has a deadline. `Err` says why there is no answer, for people.
    pub async fn ask(&self, asker: &str) -> Result<Answer, String> {
        let mut command = cmd("EVAL");
        let millis = u64::try_from(self.terms.lease().as_millis()).unwrap_or(u64::MAX);
        let keys = [&self.lease, &self.token];
        command.arg(ASK).arg(keys.len()).arg(&keys);
        command.arg(asker).arg(millis);
        let (is_yours, token, left, holder): (bool, u64, i64, String) = self.send(&command).await?;
        if is_yours {
            return Ok(Answer::Yours { token });
        }
        // -1: it never ends, by somebody's hand; -2: it ended at that very moment.
        let left = match left {
            -1 => self.terms.lease(),
            left => Duration::from_millis(u64::try_from(left).unwrap_or_default()),
        };
        let by = Some(holder).filter(|holder| !holder.is_empty());
        Ok(Answer::Taken(Taken { token, by, left }))
    }

    /// Gives the lease back; whether it was the asker's.
    pub async fn give_back(&self, asker: &str) -> Result<bool, String> {
        let mut command = cmd("EVAL");
        command.arg(GIVE_BACK).arg(1).arg(&self.lease).arg(asker);
        self.send(&command).await
    }

    /// The connection is taken out while it is used and put back only in good order, so that no answer is ever taken for
    /// another question's. A kept one that the server has closed meanwhile is replaced at once: what was asked over it
    /// may have been done, and does no harm when it is done again.
    async fn send<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, String> {
        let kept = self.kept.take();
        if let Some(Kept(mut connection)) = kept {
            match command.query_async(&mut connection).await {
                Ok(answer) => {
                    self.kept.replace(Some(Kept(connection)));
                    return Ok(answer);
                }
                Err(error) if error.is_io_error() => {}
                Err(error) => return Err(self.trouble(&error)),
            }
        }
        let connected = self.server.connect().await;
        let mut connection = connected.map_err(|error| self.trouble(&error))?;
        let answer = command.query_async(&mut connection).await;
        let answer = answer.map_err(|error| self.trouble(&error))?;
        self.kept.replace(Some(Kept(connection)));
        Ok(answer)
    }

    /// A failure in plain words.
    fn trouble(&self, error: &RedisError) -> String {
        let shown = self.shown();
        let why = match error.code() {
            Some("NOPERM") => {
                "its user may not do this (NOPERM): allow it EVAL, GET, SET, EXISTS, INCR, PEXPIRE, PTTL and DEL on \
                 autoscalebot:cluster:*"
            }
            Some("NOAUTH") => "it wants a password (NOAUTH): write url with one",
            Some("READONLY") => "it is a replica, and may not be written to (READONLY)",
            Some("LOADING") => "it is still loading its data after a start (LOADING)",
            Some("MASTERDOWN") => "it is a replica that has lost its master (MASTERDOWN)",
            Some("OOM") => "its memory is used up (OOM)",
            Some("MISCONF") => "it cannot write its data to its disk, and takes no more (MISCONF)",
            Some("MOVED" | "ASK" | "CLUSTERDOWN") => {
                "it is a node of a Redis Cluster; name a single Redis instead"
            }
            Some(_) | None => return self.server.trouble(error, "url"),
        };
        format!("{shown}: {why}")
    }
}
