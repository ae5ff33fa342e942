//! What scripted backends do, call by call.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde_json::Value;

use crate::model::Count;
use crate::notification::Notice;
use crate::scaling::fleet::Fleet;

/// What a scripted backend does at one call.
#[derive(Debug, Clone, PartialEq)]
pub enum Act<T> {
    /// It answers.
    Answer(T),
    /// It fails, with this text.
    Refuse(String),
    /// It does something else, after a while.
    After(Duration, Box<Self>),
    /// It never answers.
    Never,
    /// It panics.
    Panic,
}

impl<T> Act<T> {
    /// It fails, with this text.
    pub fn refuse(text: &str) -> Self {
        Self::Refuse(text.to_owned())
    }

    /// The same, after a while.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        Self::After(time, Box::new(self))
    }

    /// Does it.
    #[expect(clippy::panic, reason = "a panic is what the script asks for")]
    pub(super) async fn play(self) -> Result<T, String> {
        let mut act = self;
        loop {
            match act {
                Self::Answer(answer) => return Ok(answer),
                Self::Refuse(text) => return Err(text),
                Self::After(time, then) => {
                    tokio::time::sleep(time).await;
                    act = *then;
                }
                Self::Never => std::future::pending().await,
                Self::Panic => panic!("scripted"),
            }
        }
    }
}

impl Act<Value> {
    /// It measures this number.
    pub fn value(number: f64) -> Self {
        Self::Answer(Value::from(number))
    }
}

/// Acts in order; the last one is repeated.
#[derive(Debug)]
pub(super) struct Playlist<T>(RefCell<VecDeque<Act<T>>>);

impl<T> Default for Playlist<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T: Clone> Playlist<T> {
    fn set(&self, acts: impl IntoIterator<Item = Act<T>>) {
        *self.0.borrow_mut() = acts.into_iter().collect();
    }

    pub(super) fn next(&self, otherwise: T) -> Act<T> {
        let mut acts = self.0.borrow_mut();
        let next = if acts.len() > 1 {
            acts.pop_front()
        } else {
            acts.front().cloned()
        };
        next.unwrap_or(Act::Answer(otherwise))
    }
}

/// What one process's scripted backends do, and what was done to them. Where a script has several acts they are played
/// one a call, and the last one is repeated.
#[derive(Debug, Default)]
pub struct Script {
    pub(super) measurement: RefCell<BTreeMap<String, Playlist<Value>>>,
    pub(super) decision: RefCell<BTreeMap<String, Playlist<i64>>>,
    pub(super) counting: Playlist<()>,
    pub(super) scaling: Playlist<()>,
    pub(super) notification: RefCell<BTreeMap<String, Playlist<()>>>,
    pub(super) count: Cell<Count>,
    pub(super) fleet: RefCell<Option<Fleet>>,
    pub(super) waits: Cell<bool>,
    pub(super) limit: Cell<Option<Count>>,
    pub(super) tasks: RefCell<BTreeMap<String, Option<u64>>>,
    pub(super) held: RefCell<BTreeSet<String>>,
    pub(super) errands: Playlist<()>,
    pub(super) is_anonymous: Cell<bool>,
    pub(super) ends_too: Cell<bool>,
    pub(super) scales: RefCell<Vec<Count>>,
    pub(super) notices: RefCell<Vec<(String, Notice)>>,
    pub(super) hooks: RefCell<Vec<&'static str>>,
}

impl Script {
    /// What is measured; nothing scripted: 0.
    pub fn measures(&self, acts: impl IntoIterator<Item = Act<Value>>) {
        self.measures_as("", acts);
    }

    /// What is wished for; nothing scripted: the present count.
    pub fn decides(&self, acts: impl IntoIterator<Item = Act<i64>>) {
        self.decides_as("", acts);
    }

    /// What is measured by the one whose table says `script = "…"`.
    pub fn measures_as(&self, script: &str, acts: impl IntoIterator<Item = Act<Value>>) {
        let mut all = self.measurement.borrow_mut();
        all.entry(script.to_owned()).or_default().set(acts);
    }

    /// What is wished for by the one whose table says `script = "…"`.
    pub fn decides_as(&self, script: &str, acts: impl IntoIterator<Item = Act<i64>>) {
        let mut all = self.decision.borrow_mut();
        all.entry(script.to_owned()).or_default().set(acts);
    }

    /// What happens when the count is read; nothing scripted: it is told.
    pub fn counts(&self, acts: impl IntoIterator<Item = Act<()>>) {
        self.counting.set(acts);
    }

    /// What happens when the count is set; nothing scripted: it is set.
    pub fn scales(&self, acts: impl IntoIterator<Item = Act<()>>) {
        self.scaling.set(acts);
    }

    /// What happens when the notifier whose table says `script = "…"` is given a notice; nothing scripted: it is kept.
    pub fn notifies(&self, notifier: &str, acts: impl IntoIterator<Item = Act<()>>) {
        self.notification
            .borrow_mut()
            .entry(notifier.to_owned())
            .or_default()
            .set(acts);
    }

    /// The count on the platform.
    pub fn count(&self) -> Count {
        self.count.get()
    }

    /// Somebody sets the count by hand.
    pub fn set_count(&self, count: Count) {
        self.count.set(count);
    }

    /// How each of the processes is; nothing scripted: as many are up as are asked for.
    pub fn set_fleet(&self, fleet: Fleet) {
        *self.fleet.borrow_mut() = Some(fleet);
    }

    /// Whether a count is refused because a release is under way.
    pub fn waits_for_a_release(&self, waits: bool) {
        self.waits.set(waits);
    }

    /// The most that the platform is known to grant.
    pub fn grants_at_most(&self, limit: Count) {
        self.limit.set(Some(limit));
    }

    /// How many tasks one of the processes has (`web.3`), for a drain; `None`: it does not answer. Nothing scripted: none.
    pub fn has_tasks(&self, name: &str, tasks: Option<u64>) {
        self.tasks.borrow_mut().insert(name.to_owned(), tasks);
    }

    /// What happens when the processes are spoken to for a drain; nothing scripted: they answer.
    pub fn drains(&self, acts: impl IntoIterator<Item = Act<()>>) {
        self.errands.set(acts);
    }

    /// An earlier run left this process drained.
    pub fn was_left_drained(&self, name: &str) {
        self.held.borrow_mut().insert(name.to_owned());
    }

    /// The processes that take no work now.
    pub fn held(&self) -> Vec<String> {
        self.held.borrow().iter().cloned().collect()
    }

    /// Whether the platform does not say which processes a scale down takes away.
    pub fn is_anonymous(&self, is_anonymous: bool) {
        self.is_anonymous.set(is_anonymous);
    }

    /// Whether the processes end with the bot.
    pub fn ends_with_the_bot(&self, ends_too: bool) {
        self.ends_too.set(ends_too);
    }

    /// Every count that was set by the bot, oldest first.
    pub fn was_scaled_to(&self) -> Vec<Count> {
        self.scales.borrow().clone()
    }

    /// The texts of all notices that were delivered, oldest first.
    pub fn told(&self) -> Vec<String> {
        self.notices
            .borrow()
            .iter()
            .map(|(_, notice)| notice.text())
            .collect()
    }

    /// The notices that were delivered to the notifier whose table says `script = "…"`.
    pub fn notices(&self, notifier: &str) -> Vec<Notice> {
        let to = |(name, notice): &(String, Notice)| (name == notifier).then(|| notice.clone());
        self.notices.borrow().iter().filter_map(to).collect()
    }

    /// The hooks that were run, oldest first: `measurement.setup`, `scaling.teardown` and so on.
    pub fn hooks(&self) -> Vec<&'static str> {
        self.hooks.borrow().clone()
    }

    pub(super) fn measured(&self, script: &str) -> Act<Value> {
        let all = self.measurement.borrow();
        let acts = all.get(script);
        acts.map_or_else(|| Act::value(0.0), |acts| acts.next(Value::from(0)))
    }

    pub(super) fn decided(&self, script: &str, otherwise: i64) -> Act<i64> {
        let all = self.decision.borrow();
        let acts = all.get(script);
        acts.map_or(Act::Answer(otherwise), |acts| acts.next(otherwise))
    }

    pub(super) fn hook(&self, name: &'static str) {
        self.hooks.borrow_mut().push(name);
    }
}
