//! What is tried offline is what runs: a day of the bot, and its replay, which is given only what was measured and counted.
//! The records are the same to the letter.

use autoscalebot::clock::Clock;
use autoscalebot::harness::{Act, MemoryStore, Scenario, registry};
use autoscalebot::measurement::{MeasureError, Sample};
use autoscalebot::offline::subject::Subject;
use autoscalebot::record::CycleRecord;
use autoscalebot::scaling::Observed;
use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};

use crate::challenger::records;
use crate::{process, seconds};

/// What is measured in each cycle: a wave with bursts and outages, out of a generator.
fn load(cycles: u32) -> Vec<Result<Value, &'static str>> {
    let mut state = 7_u64;
    let mut chance = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(state >> 40).unwrap()) / f64::from(1_u32 << 24)
    };
    let measured = |cycle: u32| {
        let wave = (f64::from(cycle) / 300.0).sin() + 1.0;
        let response = wave * 800.0 * (0.7 + 0.6 * chance());
        match chance() {
            rare if rare < 0.01 => Err("connection refused"),
            rare if rare < 0.02 => Ok(json!(9000.0)),
            _ => Ok(
                json!({"response_time_ms": response.round(), "arrivals": (wave * 900.0).round()}),
            ),
        }
    };
    (0..cycles).map(measured).collect()
}

/// What a decision by a number takes of it.
fn number(data: Value) -> Value {
    data.get("response_time_ms").cloned().unwrap_or(data)
}

#[test]
fn a_replay_is_what_the_bot_did() {
    const CYCLES: u32 = 1800;
    let by_number = ["", "backend = \"average_threshold\""];
    let envelopes = [
        "max_processes = 9",
        "max_processes = { \"0:00\" = 9, \"6:00\" = 4 }\nscale_up_increment = \"50%\"\nscale_down_cooldown_seconds = 90\n\
         scale_down_stabilization_window_seconds = 200\nmax_scales_per_hour = 9\nfutile_after = 3\nmax_process_hours_per_day = 60",
    ];
    let rows = by_number.iter().flat_map(|by| {
        envelopes
            .iter()
            .map(move |envelope| (true, format!("{by}\n{envelope}")))
    });
    let adaptive = "backend = \"adaptive\"\ntarget_response_time_ms = 1000";
    let rows = rows.chain(
        envelopes
            .iter()
            .map(|envelope| (false, format!("{adaptive}\n{envelope}"))),
    );
    for (is_number, decision) in rows {
        let mut text = process("web", &decision);
        if !is_number {
            text = text.replace(
                "min_measurement_value = 400\nmax_measurement_value = 1200\n",
                "",
            );
        }
        let of = |data: Value| if is_number { number(data) } else { data };
        let measured: Vec<_> = load(CYCLES).into_iter().map(|one| one.map(of)).collect();
        let store = MemoryStore::default();
        Scenario::new(&text)
            .keeping_in(&store)
            .run(|world| async move {
                let web = world.script("web");
                web.set_count(2);
                web.measures(measured.into_iter().map(|one| match one {
                    Ok(data) => Act::Answer(data),
                    Err(why) => Act::refuse(why),
                }));
                world.advance(seconds(u64::from(CYCLES) * 10 - 5)).await;
            });
        let records = records(&store, "web");
        assert_eq!(
            records.len(),
            usize::try_from(CYCLES).unwrap(),
            "{decision}"
        );
        let scales = records
            .iter()
            .filter(|record| record.reached() != record.count)
            .count();
        assert!(scales > 8, "only {scales} scales: {decision}");
        replay(
            &text,
            &records,
            load(CYCLES).into_iter().map(|one| one.map(of)),
        );
    }
}

fn replay(
    text: &str,
    records: &[CycleRecord],
    measured: impl Iterator<Item = Result<Value, &'static str>>,
) {
    let registry = registry();
    let subject = Subject::of_text("replayed.toml", text, &registry).unwrap();
    let replayed = autoscalebot::system::block_on(async {
        let (mut replay, signals) = subject.replay(&registry, Clock::system())?;
        let mut replayed = Vec::new();
        for (record, measured) in records.iter().zip(measured) {
            let sample: Result<Sample, MeasureError> = match measured {
                Ok(data) => Ok(Sample {
                    number: data.as_f64(),
                    ..signals[0].sample(data)
                }),
                Err(why) => Err(MeasureError::Unavailable(why.to_owned())),
            };
            let seen = Observed {
                count: record.count.unwrap(),
                ready: record.ready,
                fleet: None,
            };
            replayed.push(replay.step(record.at, vec![sample], seen).await);
        }
        Ok(replayed)
    });
    let start = records
        .first()
        .map_or(DateTime::UNIX_EPOCH, |record| record.at);
    for (record, replayed) in records.iter().zip(replayed.unwrap()) {
        let at: TimeDelta = record.at - start;
        assert_eq!(
            replayed.record.as_deref(),
            Some(record),
            "{} s: {text}",
            at.num_seconds()
        );
        assert_eq!(Some(replayed.desired), record.reached());
    }
}
