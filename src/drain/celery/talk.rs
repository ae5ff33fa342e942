//! The steps of a conversation with Celery workers, in the order of the drawing in [`celery`](super).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::Talk;
use super::letters::{Call, is_done, queues, tasks};
use super::mailbox::Answers;
use super::marks::{Life, Mark};
use crate::drain::DrainError;

/// How often it is asked again whether a worker that was told to take no more has obeyed.
const TURNS: u32 = 4;

/// How long it is let do so, each time.
const MOMENT: Duration = Duration::from_millis(50);

impl Talk<'_> {
    /// Reads what is owed.
    pub(super) async fn learn(&mut self) -> Result<(), DrainError> {
        let mut asked = redis::pipe();
        asked.cmd("HGETALL").arg(self.marks);
        let (fields,) = self.mailbox.run(&mut self.connection, &asked).await?;
        let odd = self.known.borrow_mut().learn(fields);
        self.unmark(odd).await
    }

    /// Who is there, and takes tasks from which queues.
    pub(super) async fn survey(&mut self) -> Result<Answers, DrainError> {
        let call = Call {
            method: "active_queues",
            arguments: json!({}),
            to: None,
        };
        Ok(self.ask(&[call]).await?.pop().unwrap_or_default())
    }

    /// Whether anybody was there to be asked.
    pub(super) fn heard(&self, there: &Answers) -> Result<(), DrainError> {
        let shown = self.mailbox.server.shown();
        if there.is_unheard() {
            return Err(DrainError(format!(
                "{shown}: no Celery worker listens there; are drain_broker_url and drain_control_exchange right?"
            )));
        }
        self.understood(there)
    }

    /// Whether what was answered could be read.
    pub(super) fn understood(&self, there: &Answers) -> Result<(), DrainError> {
        let shown = self.mailbox.server.shown();
        if there.by_node.is_empty() && there.unread() > 0 {
            return Err(DrainError(format!(
                "{shown}: Celery's workers answer in a form other than JSON; set task_serializer to `json`, or no drain"
            )));
        }
        Ok(())
    }

    /// Whoever of these still takes tasks is told to take no more, after what is owed to it was written down.
    pub(super) async fn stop(
        &mut self,
        there: &Answers,
        going: &[String],
    ) -> Result<(), DrainError> {
        let taking = going.iter().filter_map(|node| {
            let queues = queues(there.by_node.get(node)?)?;
            (!queues.is_empty()).then(|| (node.clone(), queues))
        });
        let taking: BTreeMap<String, Vec<String>> = taking.collect();
        let lives = self.lives(taking.keys().cloned().collect()).await?;
        let mut written = redis::pipe();
        let mut told: Vec<([String; 1], &str)> = Vec::new();
        for (node, queues) in &taking {
            // Who does not say which life it is in could not be given back what is its own: it is told at the next look.
            let Some(life) = lives.get(node) else {
                continue;
            };
            let mut known = self.known.borrow_mut();
            let mark = Mark::with(known.of(node), queues, *life);
            written
                .cmd("HSET")
                .arg(self.marks)
                .arg(node)
                .arg(mark.text())
                .ignore();
            known.mark(node.clone(), mark);
            told.extend(queues.iter().map(|queue| ([node.clone()], queue.as_str())));
        }
        if told.is_empty() {
            return Ok(());
        }
        let _written: () = self.mailbox.run(&mut self.connection, &written).await?;
        let mut orders = Vec::new();
        for (to, queue) in &told {
            orders.push(order("cancel_consumer", queue, to));
        }
        self.ask(&orders).await.map(drop)
    }

    /// Whoever is owed its queues is given them back; answers who still is owed them.
    pub(super) async fn give_back(
        &mut self,
        there: &Answers,
        is_owed: &dyn Fn(&String) -> bool,
    ) -> Result<Vec<String>, DrainError> {
        let owed: Vec<String> = self
            .known
            .borrow()
            .nodes()
            .into_iter()
            .filter(is_owed)
            .collect();
        let here = owed.iter().filter(|node| there.by_node.contains_key(*node));
        let lives = self.lives(here.cloned().collect()).await?;
        let (mut still, mut settled) = (Vec::new(), Vec::new());
        for node in owed {
            let Some(mark) = self.known.borrow().of(&node) else {
                continue;
            };
            let is_settled = match lives.get(&node) {
                // It was started again since, and takes from all its queues.
                Some(life) if !mark.life.is(*life) => true,
                Some(_) => self.add(&node, &mark.queues).await?,
                None => self.is_gone(&node, there),
            };
            if is_settled {
                settled.push(node);
            } else {
                still.push(node);
            }
        }
        self.unmark(settled).await?;
        Ok(still)
    }

    fn is_gone(&self, node: &str, there: &Answers) -> bool {
        let may_be_there = !there.is_whole() || there.by_node.contains_key(node);
        let now = self.mailbox.clock.now().mono;
        self.known.borrow_mut().is_gone(node, may_be_there, now)
    }

    /// How many tasks each of these has, as far as they answer; at least one where it has not stopped to take any.
    pub(super) async fn left(
        &mut self,
        nodes: Vec<String>,
    ) -> Result<BTreeMap<String, u64>, DrainError> {
        if nodes.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut turn = 0;
        loop {
            let [taking, active, reserved] = self.state(&nodes).await?;
            let takes = |node: &String| {
                let queues = taking.by_node.get(node).and_then(queues);
                queues.map(|queues| !queues.is_empty())
            };
            turn += 1;
            if turn < TURNS && nodes.iter().any(|node| takes(node) == Some(true)) {
                sleep(MOMENT).await;
                continue;
            }
            let many = |answers: &Answers, node: &String| answers.by_node.get(node).and_then(tasks);
            let left = |node: &String| {
                let takes = takes(node)?;
                let all = many(&active, node)?.saturating_add(many(&reserved, node)?);
                Some((node.clone(), all.max(u64::from(takes))))
            };
            return Ok(nodes.iter().filter_map(left).collect());
        }
    }

    /// Nothing is owed to these.
    pub(super) async fn unmark(&mut self, nodes: Vec<String>) -> Result<(), DrainError> {
        if nodes.is_empty() {
            return Ok(());
        }
        let mut forgotten = redis::pipe();
        forgotten.cmd("HDEL").arg(self.marks).arg(&nodes).ignore();
        let _forgotten: () = self.mailbox.run(&mut self.connection, &forgotten).await?;
        let mut known = self.known.borrow_mut();
        for node in &nodes {
            known.unmark(node);
        }
        Ok(())
    }

    /// Gives one worker queues; whether it has said that it takes from all of them.
    async fn add(&mut self, node: &str, queues: &[String]) -> Result<bool, DrainError> {
        let to = [node.to_owned()];
        let orders = queues.iter().map(|queue| order("add_consumer", queue, &to));
        let orders: Vec<_> = orders.collect();
        let answers = self.ask(&orders).await?;
        let done = |answers: &Answers| answers.by_node.get(node).is_some_and(is_done);
        Ok(answers.iter().all(done))
    }

    /// Which life each of these is in.
    async fn lives(&mut self, nodes: Vec<String>) -> Result<BTreeMap<String, Life>, DrainError> {
        if nodes.is_empty() {
            return Ok(BTreeMap::new());
        }
        let call = Call {
            method: "stats",
            arguments: json!({}),
            to: Some(&nodes),
        };
        let answers = self.ask(&[call]).await?.pop().unwrap_or_default();
        let now = self.mailbox.clock.now().wall;
        let life = |(node, said): (String, Value)| Some((node, Life::read(&said, now)?));
        Ok(answers.by_node.into_iter().filter_map(life).collect())
    }

    async fn state(&mut self, nodes: &[String]) -> Result<[Answers; 3], DrainError> {
        let call = |method, arguments| Call {
            method,
            arguments,
            to: Some(nodes),
        };
        let calls = [
            call("active_queues", json!({})),
            // Without the arguments themselves, which may be large.
            call("active", json!({ "safe": true })),
            call("reserved", json!({})),
        ];
        let mut answers = self.ask(&calls).await?.into_iter();
        let mut next = || answers.next().unwrap_or_default();
        Ok([next(), next(), next()])
    }

    async fn ask(&mut self, calls: &[Call<'_>]) -> Result<Vec<Answers>, DrainError> {
        self.mailbox.call(&mut self.connection, calls).await
    }
}

fn order<'a>(method: &'static str, queue: &str, to: &'a [String]) -> Call<'a> {
    Call {
        method,
        arguments: json!({ "queue": queue }),
        to: Some(to),
    }
}
