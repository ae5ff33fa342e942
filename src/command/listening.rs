//! The listening half of a conversation: until the answer is there, and what is overheard meanwhile.

use std::time::Duration;

use serde_json::{Map, Value};

use super::answer::{Heard, hear};
use super::conversation::Conversation;
use super::running::{MOST_REMARKS, Remarks, Running, Step};

/// How long the last words of a command that exits may take to arrive, all of them together.
pub(super) const LAST_WORDS: Duration = Duration::from_millis(200);

/// How long a line of standard error may be in the log.
const MOST_REMARK: usize = 500;

/// How much is quoted of what is no answer.
const MOST_QUOTED: usize = 200;

/// Why a request stays without its answer.
pub(super) enum Silence {
    /// It was not made, for this reason.
    Unasked(String),
    /// It was refused, in these words.
    Said(String),
    /// Something else was answered.
    Rubbish(String),
    /// The command is of no more use.
    Over(String),
}

impl Conversation {
    /// Listens until the answer to `id` is there, or cannot come any more.
    pub(super) async fn listen(
        &self,
        running: &mut Running,
        id: u64,
    ) -> Result<Map<String, Value>, Silence> {
        let quote = |line: &[u8]| self.program.quote(line, MOST_QUOTED);
        let mut gone_at = None;
        loop {
            let step = if running.is_leaving() {
                let gone_at = *gone_at.get_or_insert_with(|| self.clock.now().mono + LAST_WORDS);
                let left = self.clock.until(gone_at);
                if left.is_zero() {
                    Step::Gone
                } else {
                    let last = tokio::time::timeout(left, running.step()).await;
                    last.unwrap_or(Step::Gone)
                }
            } else {
                running.step().await
            };
            match step {
                Step::Remarked(line) => self.remark(&mut running.remarks, &line),
                Step::Leaving => {}
                Step::Gone => return Err(Silence::Over(running.farewell())),
                Step::TooLong(start) => {
                    let start = quote(&start);
                    return Err(Silence::Over(format!(
                        "wrote a line of more than 1 MiB: {start}"
                    )));
                }
                Step::Said(line) => {
                    let heard = hear(&line, id);
                    // Any line is a sign of life; after a late one, this call is the first that waits.
                    self.unanswered.set(u32::from(heard == Heard::Late));
                    match heard {
                        Heard::Late => {}
                        Heard::Answer(values) => return Ok(values),
                        Heard::Error(words) => return Err(Silence::Said(self.clean(&words))),
                        Heard::Rubbish(why) => {
                            let line = quote(&line);
                            return Err(Silence::Rubbish(format!(
                                "wrote a line that {why}: {line}"
                            )));
                        }
                    }
                }
            }
        }
    }

    /// Passes a line of standard error on to the log.
    pub(super) fn remark(&self, remarks: &mut Remarks, line: &[u8]) {
        let text = self.program.quote(line, MOST_REMARK);
        if text.is_empty() {
            return;
        }
        match remarks.left.checked_sub(1) {
            Some(left) => {
                remarks.left = left;
                log::info!(process:% = self.process, backend = "command", step = self.step; "the command says: {text}");
            }
            None => remarks.dropped += 1,
        }
        remarks.last = self.program.quote(line, MOST_QUOTED);
    }

    /// Says how much was dropped, and gives the next call a new allowance.
    pub(super) fn settle(&self, running: &mut Running) {
        let dropped = std::mem::take(&mut running.remarks.dropped);
        if dropped > 0 {
            log::warn!(process:% = self.process, backend = "command", step = self.step, dropped;
                "the command wrote {dropped} more lines to its standard error, which are dropped");
        }
        running.remarks.left = MOST_REMARKS;
    }
}
