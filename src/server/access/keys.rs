//! What the server's thread is given.

use std::sync::Arc;

use actix::Addr;
use tokio::sync::broadcast;

use super::tokens::Digest;
use crate::clock::Clock;
use crate::server::events::Event;
use crate::server::front::FrontActor;
use crate::server::settings::ServerSettings;

/// What the server's thread works with. Cheap to clone over to it.
#[derive(Debug, Clone)]
pub struct Pass {
    pub(in crate::server) front: Addr<FrontActor>,
    pub(in crate::server) events: broadcast::Sender<Event>,
    pub(in crate::server) clock: Clock,
    pub(in crate::server) keys: Arc<Keys>,
}

/// Who knows what.
#[derive(Debug)]
pub struct Keys {
    pub(super) server: Option<Digest>,
    /// Each source's token and name.
    pub(super) sources: Vec<(Digest, String)>,
    pub(super) requests_per_second: u32,
}

impl Keys {
    /// Those of the settings.
    pub fn new(settings: &ServerSettings) -> Self {
        let sources = settings.sources.iter();
        Self {
            server: settings
                .token
                .as_ref()
                .map(|token| Digest::of(token.expose().as_bytes())),
            sources: sources
                .map(|source| {
                    (
                        Digest::of(source.token.expose().as_bytes()),
                        source.name.clone(),
                    )
                })
                .collect(),
            requests_per_second: settings.max_requests_per_second,
        }
    }
}
