//! What applications send: bodies in one after the other, each of any form, to one intake.

use std::time::Duration;

use autoscalebot::clock::Now;
use autoscalebot::intake::reading::Figure;
use autoscalebot::intake::sketch::Statistic;
use autoscalebot::intake::{Format, Headers, Intake, parse};
use autoscalebot::model::ProcessName;
use autoscalebot::server::settings::SourceSettings;
use autoscalebot::settings::Secret;

/// The second at which it begins.
const BEGIN: i64 = 1_795_451_990;

/// The bytes are bodies with a byte 0x1e between them. The first byte of each says its form (`j`, `h`, `l`, `p`) and a second
/// one, a digit, how many seconds come after it. Whatever they are, they are taken or refused with words; what is told then is
/// finite; and a body that is taken twice counts once.
pub fn intake(bytes: &[u8]) {
    let web = ProcessName::new("web").expect("a name");
    let intake = Intake::default();
    intake.set_sources(&[SourceSettings {
        name: "fuzz".to_owned(),
        token: Secret::new("0123456789abcdef"),
        processes: vec![web.clone()],
        process: None,
    }]);
    let mut seconds = 0;
    for piece in bytes.split(|byte| *byte == 0x1e) {
        let [form, wait, body @ ..] = piece else {
            continue;
        };
        let format = match form {
            b'j' => Format::Judoscale,
            b'h' => Format::HireFire,
            b'l' => Format::Logplex,
            _ => Format::Pushed {
                process: web.clone(),
            },
        };
        let headers = Headers {
            frame_id: Some("an id"),
            ..Headers::default()
        };
        let headers = if *wait == b'0' {
            headers
        } else {
            Headers::default()
        };
        match parse(&format, &headers, body) {
            Ok(delivery) => {
                let taken = intake.take("fuzz", delivery.clone(), at(seconds));
                assert!(taken.refused.len() <= 16, "{taken:?}");
                if format == Format::Judoscale {
                    let again = intake.take("fuzz", delivery, at(seconds));
                    assert!(again.repeated && again.accepted == 0, "{again:?}");
                }
            }
            Err(error) => {
                let text = error.to_string();
                assert!(!text.is_empty() && text.len() < 200, "{text}");
            }
        }
        seconds += u64::from(wait.saturating_sub(b'0').min(90));
        told(&intake, &web, at(seconds));
    }
}

fn at(seconds: u64) -> Now {
    let wall = chrono::DateTime::from_timestamp(BEGIN, 0).expect("a time");
    Now {
        wall: wall + chrono::TimeDelta::seconds(i64::try_from(seconds).expect("few")),
        mono: Duration::from_secs(seconds),
    }
}

/// Everything that is told can be.
fn told(intake: &Intake, web: &ProcessName, now: Now) {
    let window = Duration::from_secs(60);
    let time = |number: Option<f64>| {
        assert!(
            number.is_none_or(|number| number.is_finite() && number >= 0.0),
            "{number:?}"
        );
    };
    if let Some(heard) = intake.requests(web, window, now) {
        for statistic in [
            Statistic::P50,
            Statistic::P95,
            Statistic::P99,
            Statistic::Mean,
        ] {
            time(heard.told.queue.statistic(statistic));
            time(heard.told.app.statistic(statistic));
        }
        assert!(heard.told.queue.count() <= heard.told.total);
    }
    if let Some(heard) = intake.routed(web, window, now) {
        time(heard.told.window.service.statistic(Statistic::P95));
        time(heard.told.memory);
        assert!(heard.told.window.service.count() <= heard.told.total);
        assert!(heard.told.window.codes.len() <= 100);
    }
    if let Some(heard) = intake.utilisation(web, window, now) {
        assert!((0.0..=100.0).contains(&heard.told.percent), "{heard:?}");
    }
    for figure in [Figure::Depth, Figure::Latency, Figure::Busy] {
        intake
            .queues(web, figure, now)
            .iter()
            .for_each(|queue| time(Some(queue.value)));
    }
    assert!(serde_json::to_string(&intake.view()).is_ok());
}
