//! The simulator's queue against real ones: the same tasks for Celery workers that the program starts and for the plant, a
//! rise far above what the workers can do, one worker more on the way, and back to an empty queue.
//!
//! How long a task takes is measured in the same run: from one start to the next of a worker for which the next was already
//! there, so that all that Celery, Redis and the machine add is in it, on a slow machine as well. When each task was offered
//! and when the new worker came is what really happened, too. What is compared is what the plant makes of that: how long
//! tasks wait, and how long the queue is.
//!
//! Ten minutes go by in one: a task of 0.4 s stands for one of 4 s. From here on seconds are those of the ten minutes, in
//! which the plant's step of one second is short beside a task, as it is in the simulator.

use std::collections::BTreeMap;
use std::time::Duration;

use autoscalebot::simulation::number::{length, place, whole};
use autoscalebot::simulation::plant::Plant;
use autoscalebot::simulation::random::{Random, Stream};

use crate::bot::Home;
use crate::broker::{Broker, Timed, console, patient};

/// How many seconds go by in a real one.
const PACE: f64 = 10.0;

/// How long a task takes: all between are as likely.
const NAPS: (f64, f64) = (2.0, 6.0);

/// Tasks a second and seconds: what two workers can do, more than three can, and again what they can.
const CALM: (f64, u32) = (0.3, 120);
const RISE: (f64, u32) = (1.2, 200);
const AFTER: (f64, u32) = (0.3, 280);

/// By how much the plant may be off, as a part.
const NEAR: f64 = 0.10;

/// The tasks of a phase, as chance has them: when, and how long, in real seconds.
fn phase(random: &mut Random, (rate, seconds): (f64, u32)) -> Vec<(f64, f64)> {
    let mut tasks = Vec::new();
    let (least, most) = NAPS;
    for second in 0..seconds {
        for _ in 0..random.poisson(rate) {
            let after = f64::from(second) + random.uniform();
            let nap = least + (most - least) * random.uniform();
            tasks.push((after / PACE, nap / PACE));
        }
    }
    tasks.sort_by(|one, other| one.0.total_cmp(&other.0));
    tasks
}

/// What is compared.
#[derive(Debug)]
struct Course {
    /// The mean and the longest wait of the tasks, in seconds. The longest is the mean of the seconds' worst.
    mean: f64,
    longest: f64,
    /// The most that waited, and the mean over time.
    peak: f64,
    waiting: f64,
}

/// A worker's tasks, in their order.
fn by_worker(tasks: &[Timed]) -> BTreeMap<&str, Vec<&Timed>> {
    let mut workers: BTreeMap<&str, Vec<&Timed>> = BTreeMap::new();
    for task in tasks {
        workers.entry(&task.0).or_default().push(task);
    }
    for tasks in workers.values_mut() {
        tasks.sort_by(|one, other| one.2.total_cmp(&other.2));
    }
    workers
}

/// From one start to the next, on the mean, where the next was offered before the first had ended.
fn service(tasks: &[Timed]) -> f64 {
    let mut all = Vec::new();
    for tasks in by_worker(tasks).values() {
        let pairs = tasks.windows(2).filter(|pair| pair[1].1 < pair[0].3);
        all.extend(pairs.map(|pair| pair[1].2 - pair[0].2));
    }
    all.iter().sum::<f64>() / length(all.len())
}

/// What happened. `start` is when the first second begins.
fn real_course(tasks: &[Timed], start: f64, seconds: usize) -> Course {
    let waits: Vec<_> = tasks.iter().map(|task| task.2 - task.1).collect();
    let queue = (1..=seconds).map(|second| {
        let now = start + length(second);
        let waiting = tasks.iter().filter(|task| task.1 <= now && now < task.2);
        length(waiting.count())
    });
    let mut worst = vec![(0.0, 0.0); seconds];
    for task in tasks {
        let (sum, many) = &mut worst[place(whole(task.1 - start))];
        *sum += task.2 - task.1;
        *many += 1.0;
    }
    let seconds_means = worst.iter().map(|(sum, many)| sum / f64::max(*many, 1.0));
    let queue: Vec<f64> = queue.collect();
    Course {
        mean: waits.iter().sum::<f64>() / length(waits.len()),
        longest: seconds_means.fold(0.0, f64::max),
        peak: queue.iter().copied().fold(0.0, f64::max),
        waiting: queue.iter().sum::<f64>() / length(seconds),
    }
}

/// What the plant makes of the same tasks and workers.
fn plant_course(tasks: &[Timed], start: f64, seconds: usize, service: f64) -> Course {
    let plant = Plant::queue(service);
    let mut arrivals = vec![0_u32; seconds];
    for task in tasks {
        arrivals[place(whole(task.1 - start))] += 1;
    }
    // Those that were there from the beginning, and when the others took their first tasks.
    let came: Vec<f64> = by_worker(tasks)
        .values()
        .map(|tasks| tasks[0].2 - start)
        .collect();
    let there = f64::from(CALM.1) / 2.0;
    let (mut left, mut sum, mut peak, mut waiting, mut longest) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (second, arrivals) in arrivals.iter().enumerate() {
        let ready: f64 = came
            .iter()
            .map(|came| {
                let since = length(second + 1) - came;
                if *came < there {
                    1.0
                } else {
                    since.clamp(0.0, 1.0)
                }
            })
            .sum();
        let step = plant.step(left, f64::from(*arrivals), ready, service);
        left = step.left;
        sum += step.delay * f64::from(*arrivals);
        longest = f64::max(longest, step.delay);
        let queue = f64::max(left - ready, 0.0);
        peak = f64::max(peak, queue);
        waiting += queue / length(seconds);
    }
    Course {
        mean: sum / length(tasks.len()),
        longest,
        peak,
        waiting,
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
fn the_queue_of_the_simulator_is_that_of_real_workers() {
    let broker = Broker::start();
    let config = |workers: u32| {
        let tables = [
            broker.measurement(),
            format!(
                "[processes.worker.decision]\nmin_processes = {workers}\nmax_processes = {workers}\n"
            ),
            // Acknowledged when it is done: a worker fetches none beside, and the queue is one for all.
            broker.workers_with(1, ", ACKS_LATE = \"1\""),
            console(r#""scale""#),
            patient(),
        ];
        tables.concat()
    };
    let home = Home::with(&config(2));
    let bot = home.run();
    bot.wait_copies(2);
    broker.wait_inspected("two workers", |said| said.ping.len() == 2);

    let mut random = Random::new(4, Stream::Arrivals);
    let [calm, rise, after] = [CALM, RISE, AFTER].map(|rates| phase(&mut random, rates));
    broker.offer(&calm);
    home.configure(&config(3));
    bot.signal(rustix::process::Signal::HUP);
    broker.offer(&rise);
    broker.offer(&after);
    let all = calm.len() + rise.len() + after.len();
    home.wait_within(Duration::from_secs(240), "all tasks done", || {
        broker.timed().len() >= all
    });
    let paced = |Timed(worker, offered, began, ended)| {
        Timed(worker, offered * PACE, began * PACE, ended * PACE)
    };
    let tasks: Vec<_> = broker.timed().into_iter().map(paced).collect();
    bot.stop();

    assert_eq!(tasks.len(), all, "each once");
    assert_eq!(by_worker(&tasks).len(), 3, "the new worker worked too");
    let first = tasks
        .iter()
        .map(|task| task.1)
        .fold(f64::INFINITY, f64::min);
    let last = tasks.iter().map(|task| task.3).fold(0.0, f64::max);
    let seconds = place(whole(last - first)) + 1;
    let service = service(&tasks);
    let real = real_course(&tasks, first, seconds);
    let plant = plant_course(&tasks, first, seconds, service);
    let said = format!("a task takes {service:.3} s\nreal {real:.2?}\nplant {plant:.2?}");
    println!("{said}");
    for (plant, real, what) in [
        (plant.mean, real.mean, "mean wait"),
        (plant.longest, real.longest, "longest wait"),
        (plant.peak, real.peak, "longest queue"),
        (plant.waiting, real.waiting, "mean queue"),
    ] {
        assert!((plant / real - 1.0).abs() <= NEAR, "{what}\n{said}");
    }
}
