//! What the stand-in does with one connection: the trouble that a test scripted, or what was asked for.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::{Inner, Trouble, http};

impl Inner {
    /// Waits for this long, or until the stand-in stops.
    pub(super) fn pause(&self, time: Duration) {
        let wait = self
            .changed
            .wait_timeout_while(self.world(), time, |world| !world.stopped);
        drop(wait);
    }

    pub(super) fn serve(&self, mut connection: TcpStream) {
        let Some(seen) = http::read(&mut connection) else {
            return;
        };
        let trouble = self.world().meet(&seen);
        if let Some(Trouble::Late(time)) = &trouble {
            self.pause(*time);
        }
        match &trouble {
            Some(Trouble::Hang) => return self.pause(Duration::from_secs(60)),
            Some(Trouble::Answer(status, headers, body)) => {
                let mut reply = self.world().reply(*status, body);
                for (name, value) in headers {
                    reply.set(name, value);
                }
                return reply.send(&mut connection);
            }
            Some(Trouble::Rubbish) => {
                let mut reply = self.world().reply(200, &Value::Null);
                reply.body = "<html>We are busy.</html>".to_owned();
                return reply.send(&mut connection);
            }
            Some(Trouble::Late(_) | Trouble::Half | Trouble::CloseLater) | None => {}
        }
        if seen.path.starts_with("/sessions/") {
            return self.stream(&seen, connection);
        }
        if !seen.path.starts_with("/apps/") {
            return self.route(&seen, &mut connection);
        }
        let reply = self.world().answer(&seen);
        match trouble {
            Some(Trouble::Half) => reply.send_half(&mut connection),
            Some(Trouble::CloseLater) => reply.send_and_keep(&mut connection),
            _ => reply.send(&mut connection),
        }
    }
}
