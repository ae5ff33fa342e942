//! Queues of jobs, as adapters report them: how many wait, how long the oldest has, how many are worked on. Several
//! containers report the same queue, so that the latest report counts, and nothing is summed over containers.

use std::collections::BTreeMap;
use std::time::Duration;

/// What stands between a queue's name and the priority of one of its lists, as Celery has them.
const PRIORITY: &str = "\u{6}\u{16}";

/// How many queues a source may have.
const MOST_QUEUES: usize = 500;

/// How many lists of other priorities a queue may have.
const MOST_LISTS: usize = 16;

/// Lists of one queue are reported together. One that is reported no more is empty, or is no more.
const TOGETHER: f64 = 5.0;

/// What is known of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// How many jobs wait.
    Depth,
    /// How many milliseconds the oldest has waited.
    Latency,
    /// How many are worked on.
    Busy,
}

/// A number, when it was measured by the reporter's clock, and when it came.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Gauge {
    value: f64,
    at: f64,
    heard: Duration,
}

/// One list: a queue's, or one of its priorities'.
#[derive(Clone, Debug, Default)]
struct List {
    depth: Option<Gauge>,
    latency: Option<Gauge>,
    busy: Option<Gauge>,
}

/// All queues of a source, by their names, and in each the lists by priority.
#[derive(Clone, Debug, Default)]
pub(super) struct Queues(BTreeMap<String, BTreeMap<String, List>>);

/// A figure of one queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Told {
    /// The figure.
    pub value: f64,
    /// When it came.
    pub heard: Duration,
}

impl Queues {
    /// Takes a figure; `false` when there are too many queues. An older one than is known changes nothing.
    pub(super) fn take(
        &mut self,
        name: &str,
        figure: Figure,
        at: f64,
        value: f64,
        heard: Duration,
    ) -> bool {
        let (queue, priority) = split(name);
        if !self.0.contains_key(queue) && self.0.len() >= MOST_QUEUES {
            return false;
        }
        let lists = self.0.entry(queue.to_owned()).or_default();
        if !lists.contains_key(priority) && lists.len() >= MOST_LISTS {
            return false;
        }
        let gauge = lists.entry(priority.to_owned()).or_default().gauge(figure);
        if gauge.is_none_or(|known| at >= known.at) {
            *gauge = Some(Gauge { value, at, heard });
        }
        true
    }

    /// The names of the queues.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A figure of a queue: of its lists the sum, or of times the longest.
    pub(super) fn figure(&self, queue: &str, figure: Figure) -> Option<Told> {
        let lists = self.0.get(queue)?.values();
        let gauges: Vec<Gauge> = lists.filter_map(|list| list.told(figure)).collect();
        let newest = gauges.iter().map(|gauge| gauge.at).reduce(f64::max)?;
        let together = gauges.iter().filter(|gauge| gauge.at >= newest - TOGETHER);
        let values = together.clone().map(|gauge| gauge.value);
        let value = match figure {
            Figure::Depth | Figure::Busy => values.sum(),
            Figure::Latency => values.fold(0.0, f64::max),
        };
        let heard = together.map(|gauge| gauge.heard).max()?;
        Some(Told { value, heard })
    }

    /// Forgets what nobody has reported for so long.
    pub(super) fn forget(&mut self, before: Duration) {
        self.0.retain(|_, lists| {
            lists.retain(|_, list| list.heard().is_some_and(|heard| heard >= before));
            !lists.is_empty()
        });
    }
}

impl List {
    fn gauge(&mut self, figure: Figure) -> &mut Option<Gauge> {
        match figure {
            Figure::Depth => &mut self.depth,
            Figure::Latency => &mut self.latency,
            Figure::Busy => &mut self.busy,
        }
    }

    fn told(&self, figure: Figure) -> Option<Gauge> {
        match figure {
            Figure::Depth => self.depth,
            Figure::Latency => self.latency,
            Figure::Busy => self.busy,
        }
    }

    fn heard(&self) -> Option<Duration> {
        let all = [self.depth, self.latency, self.busy].into_iter().flatten();
        all.map(|gauge| gauge.heard).max()
    }
}

/// A queue's name, and the priority of one of its lists.
fn split(name: &str) -> (&str, &str) {
    name.split_once(PRIORITY)
        .filter(|(queue, priority)| {
            !queue.is_empty() && priority.bytes().all(|byte| byte.is_ascii_digit())
        })
        .unwrap_or((name, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queues(reports: &[(&str, Figure, f64, f64)]) -> Queues {
        let mut queues = Queues::default();
        for (name, figure, at, value) in reports {
            assert!(queues.take(name, *figure, *at, *value, Duration::from_secs_f64(*at)));
        }
        queues
    }

    #[test]
    fn the_priorities_of_a_queue_are_one_queue() {
        let reported = [
            ("celery", Figure::Depth, 100.0, 3.0),
            ("celery\u{6}\u{16}3", Figure::Depth, 100.0, 2.0),
            ("celery\u{6}\u{16}9", Figure::Depth, 101.0, 1.0),
            ("celery", Figure::Latency, 100.0, 500.0),
            ("celery\u{6}\u{16}9", Figure::Latency, 100.0, 9000.0),
            ("celery\u{6}\u{16}x", Figure::Depth, 100.0, 50.0),
        ];
        let queues = queues(&reported);
        let figure = |figure| queues.figure("celery", figure).map(|told| told.value);
        assert_eq!(figure(Figure::Depth), Some(6.0), "summed");
        assert_eq!(figure(Figure::Latency), Some(9000.0), "the longest");
        assert_eq!(figure(Figure::Busy), None);
        assert_eq!(queues.names().count(), 2);
    }

    #[test]
    fn the_same_queue_of_several_containers_is_not_summed() {
        let reported = [
            ("mail", Figure::Depth, 100.0, 4.0),
            ("mail", Figure::Depth, 100.0, 4.0),
            ("mail", Figure::Depth, 99.0, 70.0),
        ];
        let told = queues(&reported).figure("mail", Figure::Depth).unwrap();
        assert_eq!(
            told.value.to_string(),
            "4",
            "nor does an older report undo it"
        );
    }

    #[test]
    fn a_list_that_is_no_more_reported_is_empty() {
        let reported = [
            ("celery\u{6}\u{16}3", Figure::Depth, 100.0, 2.0),
            ("celery", Figure::Depth, 110.0, 1.0),
        ];
        let told = queues(&reported).figure("celery", Figure::Depth).unwrap();
        assert_eq!(told.value.to_string(), "1");
    }

    #[test]
    fn they_are_bounded_and_forgotten() {
        let mut many = Queues::default();
        let mut take =
            |name: &str| many.take(name, Figure::Depth, 1.0, 1.0, Duration::from_secs(1));
        assert!((0..MOST_QUEUES).all(|number| take(&format!("q{number}"))));
        assert!(!take("one more"));
        assert!((1..MOST_LISTS).all(|priority| take(&format!("q1\u{6}\u{16}{priority}"))));
        assert!(!take("q1\u{6}\u{16}77"));
        many.forget(Duration::from_secs(2));
        assert_eq!(many.names().count(), 0);
    }
}
