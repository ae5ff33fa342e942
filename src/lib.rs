//! autoscalebot keeps each process type of an application at the right count: it measures, decides, scales, notifies.
//!
//! # One cycle
//!
//! ```text
//!    tick ─▶ MeasureActor ── Measured ─▶ DeciderActor ── Decided ─▶ SupervisorActor ── Scale ─▶ ScalerActor
//!                                             │                       │  ▲  ▲                        │
//!                                             └── GetCount ◀──────────┼──┼──┼──── count ─────────────┤
//!                                                                     │  │  └──────── Scaled ────────┘
//!                                                                     │  └── Fault, Restarted (from the guards)
//!                                                                     └──── Notify ─▶ NotifierActor
//! ```
//!
//! The program starts in [`cli`], which reads the [`settings`], sees that all backends can be built, and hands them to
//! [`run`]: that starts one supervisor and turns signals into messages. For each managed process the supervisor starts a
//! *group* of four actors
//! ([`supervisor::group`]), each under a guard that restarts it in place ([`supervisor::guard`]).
//!
//! 1. At each tick the [`measurement::actor`] asks its backends for a sample each, under a deadline. A failure is a result too.
//! 2. The [`decision::actor`] takes the measurements into the histories, asks the scaling actor for the count, and its
//!    [`decision::panel`] what to wish for: a decision backend for each measurement, whose wishes come to one
//!    ([`decision::combine`]); and, beside it, the [`supervisor::challenger`]'s. What was measured while a release or a boot was under way does not count ([`scaling::settling`]).
//! 3. The supervisor weighs the wish ([`supervisor::cycle`]): the safety [`envelope`] has the last word: bounds, trust,
//!    increments, cooldowns, rates, budget, in that order. What must outlive an actor is in
//!    [`supervisor::memory`]. Whether somebody has changed the count meanwhile, [`supervisor::manual`] sees.
//! 4. The [`scaling::actor`] sets the count; before fewer run, those that go may finish their work ([`drain`]). What was
//!    done enters the [`supervisor::ledger`], in which [`supervisor::rapid`] scaling shows.
//! 5. The [`notification::actor`] tells those whose [`notification::policy`] wants to know. What waits for them is in the
//!    group's [`notification::outbox`].
//!
//! All [`messages`] are on one page; a [`wire`] carries them. Only [`clock`] reads a clock, and only actors wait: the rules
//! are plain functions of values.
//!
//! # What outlives the program
//!
//! [`state`] keeps each process's snapshot, the ledger and the orders of people, in a file or in a Redis; the
//! [`state::journal`] writes to it without anybody waiting. What is in a snapshot says [`supervisor::keeping`]; it is written
//! after every cycle, and before every scale; the [`keeper`] reads it at the start. Each cycle leaves a [`record`], which
//! `autoscalebot why` tells from. [`orders`] are given on the command line; what those in force mean for a decision is in
//! [`supervisor::around`].
//!
//! # What is served, and taken in
//!
//! With `[server]` one more thread runs an HTTP [`server`], whose door to the bot is an actor ([`server::front`]). What each cycle came to is shown to it
//! ([`supervisor::shown`]); who may ask what is one table ([`server::access`]). What applications send goes by [`intake`] to the measurement
//! backends that read it.
//!
//! # Where a change belongs
//!
//! | change | file |
//! | --- | --- |
//! | another way to measure, decide, scale or notify | a file in that room, and a row in its table ([`backend`]) |
//! | what another autoscaler does by default (`preset`) | `settings/presets.rs` |
//! | a setting | the row beside the backend that it tunes, or the room's `SHARED` rows; then `autoscalebot reference` |
//! | what a failure of a part leads to | [`supervisor::restarts`], `supervisor/faults.rs` |
//! | what may stand between a wish and the count | [`envelope`], and what it is asked: `supervisor/weighing.rs` |
//! | what `why` tells | [`record`] |
//! | who leads, where several bots run | [`cluster`] |
//! | who finishes its work before a scale down, and how it is told to | [`drain`], `supervisor/draining.rs` |
//! | what is served, and to whom | [`server::access`] (the routes), `server/api/`, `server/page/` |
//! | what applications send, and in which form | [`intake`], a file a format |
//! | what `/metrics` tells (and so the dashboard in `config/`) | [`server::exposition`] |
//! | when the dead man's switch is called | [`heartbeat`] |
//! | how state is kept | [`state`], a file or folder a store |
//! | what people may order, and what it means | [`orders`] |
//! | the plants, traces and peers that decisions are tried on | [`simulation`] |
//! | how settings are tried on what was, or could be | [`offline`] |
//! | how pictures are drawn | [`drawing`]; what is in them: the command's `plot`, `server/chart/` |
//! | what a command prints | [`cli`], [`trial`] (`once`, `check --live`), [`demo`] |
//! | the backends of other languages | [`command`] |
//! | tests with actors | `harness` (feature `harness`) |

pub mod backend;
pub mod cli;
pub mod clock;
pub mod cluster;
pub mod command;
pub mod decision;
pub mod demo;
pub mod drain;
pub mod drawing;
pub mod envelope;
pub mod errand;
pub mod exit;
#[cfg(feature = "harness")]
pub mod harness;
pub mod heartbeat;
pub mod http;
pub mod intake;
pub mod keeper;
pub mod lines;
pub mod measurement;
pub mod messages;
pub mod model;
pub mod notification;
pub mod offline;
pub mod one_line;
pub mod orders;
pub mod output;
pub mod record;
mod redis_server;
pub mod run;
pub mod scaling;
pub mod server;
pub mod settings;
pub mod simulation;
pub mod state;
pub mod supervisor;
pub mod system;
pub mod telemetry;
pub mod trial;
mod watcher;
pub mod wire;
