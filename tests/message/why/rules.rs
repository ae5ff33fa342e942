//! A story for each reason of the safety envelope, in its order.

use autoscalebot::envelope::Rule;
use autoscalebot::harness::{Act, Scenario};
use autoscalebot::orders::Kind;
use autoscalebot::record::CycleRecord;
use serde_json::Value;

use super::{HIGH, LOW, STEADY, Told, last, last_of, measured, quick, scripted};
use crate::seconds;

/// The stories of a rule. A new rule needs one: without it this does not compile.
pub(super) fn stories(rule: Rule) -> Vec<Told> {
    match rule {
        Rule::Off => vec![off()],
        Rule::Bounds => vec![
            at_the_maximum(),
            at_the_minimum(),
            limited(),
            cut_short(),
            outside(),
        ],
        Rule::Cooldown => vec![cooldown()],
        Rule::Pause => vec![pause()],
        Rule::Manual => vec![manual()],
        Rule::Trust => vec![outage(), missing(), zero_after_outage(), release()],
        Rule::Increment => vec![increment()],
        Rule::Direction => vec![direction()],
        Rule::Stabilization => vec![lull(), peak(), warming()],
        Rule::Flap => vec![flap(), smaller_step()],
        Rule::Futile => vec![futile()],
        Rule::Rate => vec![rate()],
        Rule::Total => vec![total(), priority()],
        Rule::Budget => vec![budget()],
        Rule::Standby => vec![standby()],
        Rule::Drain => vec![drain()],
    }
}

fn off() -> Told {
    let story = last(&quick("min_processes = 2"), async |stage| {
        stage.web.set_count(0);
        stage.cycles(1).await;
    });
    ("off: somebody has set it to 0", story)
}

fn at_the_maximum() -> Told {
    let story = last(
        &quick("max_processes = 4").replace("max_processes = 9\n", ""),
        async |stage| {
            stage.measures(HIGH);
            stage.cycles(1).await;
        },
    );
    ("bounds: at the maximum, and more is wanted", story)
}

fn at_the_minimum() -> Told {
    let story = last(&quick("min_processes = 4"), async |stage| {
        stage.measures(LOW);
        stage.cycles(1).await;
    });
    ("bounds: at the minimum, and fewer are wanted", story)
}

fn limited() -> Told {
    let story = last(&quick(""), async |stage| {
        stage.web.grants_at_most(4);
        stage.measures(HIGH);
        stage.cycles(1).await;
    });
    ("bounds: the platform grants no more", story)
}

fn cut_short() -> Told {
    let story = last(&quick("scale_up_increment = 8"), async |stage| {
        stage.measures(HIGH);
        stage.cycles(1).await;
    });
    ("bounds: a step that ends at the maximum", story)
}

fn outside() -> Told {
    let story = last(&quick(""), async |stage| {
        stage.web.set_count(12);
        stage.cycles(1).await;
    });
    ("bounds: somebody has set more than the maximum", story)
}

fn cooldown() -> Told {
    let story = last(&quick("post_scale_wait_time_seconds = 60"), async |stage| {
        stage.measures(HIGH);
        stage.cycles(3).await;
    });
    ("cooldown: the wait after a scale", story)
}

fn pause() -> Told {
    let story = last(&quick(""), async |stage| {
        stage
            .order(Kind::Pause {
                up: false,
                down: true,
            })
            .await;
        stage.measures(LOW);
        stage.cycles(1).await;
    });
    ("pause: people have said not to", story)
}

fn manual() -> Told {
    let story = last(
        &quick("respect_manual_scale_for_seconds = 1800"),
        async |stage| {
            stage.web.set_count(6);
            stage.cycles(1).await;
            stage.measures(LOW);
            stage.cycles(1).await;
        },
    );
    ("manual: somebody has set the count on the platform", story)
}

const THREE: &str = "number_of_passes_to_scale_down_after = 3";

/// Three results for a scale down.
fn three(more: &str) -> String {
    measured(more, "").replace("number_of_passes_to_scale_down_after = 1", THREE)
}

/// Low but for one, and three in a row are needed.
fn one_among(odd: Act<Value>) -> CycleRecord {
    last(&three("on_failure = \"ignore\""), async |stage| {
        let low = || Act::value(LOW);
        stage.web.measures([low(), low(), odd, low()]);
        stage.cycles(4).await;
    })
}

fn outage() -> Told {
    let story = one_among(Act::refuse("connection reset"));
    ("trust: an outage within the window", story)
}

fn missing() -> Told {
    let story = one_among(Act::Answer(Value::Null));
    ("trust: an answer without a value within the window", story)
}

fn zero_after_outage() -> Told {
    let story = last(&measured("on_failure = \"ignore\"", ""), async |stage| {
        stage
            .web
            .measures([Act::refuse("connection reset"), Act::value(0.0)]);
        stage.cycles(3).await;
    });
    ("trust: a zero right after an outage", story)
}

fn release() -> Told {
    let story = last(&quick(""), async |stage| {
        stage.are(4, 0, 0);
        stage.cycles(1).await;
        stage.are(3, 1, 0);
        stage.measures(LOW);
        stage.cycles(13).await;
    });
    ("trust: a restart that does not end", story)
}

fn increment() -> Told {
    let story = last(&scripted("scale_down_increment = \"50%\""), async |stage| {
        stage.web.decides([Act::Answer(1)]);
        stage.cycles(1).await;
    });
    ("increment: not so many at a time", story)
}

fn direction() -> Told {
    let story = last(&quick("scale_down_cooldown_seconds = 300"), async |stage| {
        stage.web.measures([Act::value(HIGH), Act::value(LOW)]);
        stage.cycles(2).await;
    });
    ("direction: the wait of one direction", story)
}

fn lull() -> Told {
    let story = last(
        &quick("scale_down_stabilization_window_seconds = 60"),
        async |stage| {
            stage.cycles(7).await;
            stage.measures(LOW);
            stage.cycles(2).await;
        },
    );
    ("stabilization: a lull shorter than its window", story)
}

fn peak() -> Told {
    let story = last(
        &quick("scale_up_stabilization_window_seconds = 60"),
        async |stage| {
            stage.measures(HIGH);
            stage.cycles(1).await;
        },
    );
    ("stabilization: a peak shorter than its window", story)
}

fn warming() -> Told {
    let story = last(
        &quick("scale_down_stabilization_window_seconds = 60"),
        async |stage| {
            stage.measures(LOW);
            stage.cycles(1).await;
        },
    );
    ("stabilization: a window that has not passed yet", story)
}

fn flap() -> Told {
    let story = last(
        &quick("").replace(
            "min_measurement_value = 400",
            "min_measurement_value = 1000",
        ),
        async |stage| {
            stage.measures(950.0);
            stage.cycles(1).await;
        },
    );
    ("flap: it would be taken back at once", story)
}

fn smaller_step() -> Told {
    let story = last(&quick("scale_down_increment = 3"), async |stage| {
        stage.measures(390.0);
        stage.cycles(1).await;
    });
    ("flap: a smaller step is carried", story)
}

fn futile() -> Told {
    let story = last(&quick("futile_after = 2"), async |stage| {
        stage.measures(HIGH);
        stage.cycles(3).await;
    });
    ("futile: more did not help", story)
}

fn rate() -> Told {
    let story = last(&quick("max_scales_per_hour = 2"), async |stage| {
        stage.measures(HIGH);
        stage.cycles(3).await;
    });
    ("rate: enough scales for an hour", story)
}

/// Another process type beside it, and nine for both.
fn two_types(priority: i32) -> String {
    let other =
        quick(&format!("priority = {priority}")).replace("processes.web", "processes.celery");
    format!("[limits]\nmax_total_processes = 9\n{}{other}", quick(""))
}

fn total() -> Told {
    let story = last(&two_types(0), async |stage| {
        let celery = stage.world.script("celery");
        celery.set_count(5);
        celery.measures([Act::value(STEADY)]);
        stage.cycles(1).await;
        stage.measures(HIGH);
        stage.cycles(1).await;
    });
    ("total: the others have the rest", story)
}

fn priority() -> Told {
    let story = last(&two_types(5), async |stage| {
        let celery = stage.world.script("celery");
        celery.set_count(5);
        celery.measures([Act::value(HIGH)]);
        stage.cycles(1).await;
        stage.measures(HIGH);
        stage.world.advance(seconds(1)).await;
        celery.measures([Act::value(HIGH).after(seconds(4))]);
        stage.cycles(1).await;
    });
    ("total: who comes first waits", story)
}

fn budget() -> Told {
    let story = last(&quick("max_process_hours_per_day = 30"), async |stage| {
        stage.cycles(6 * 120).await;
    });
    ("budget: the process-hours of the day are spent", story)
}

fn standby() -> Told {
    let scenario = Scenario::new(&quick("")).contested();
    let story = last_of(scenario, async |stage| {
        stage.web.measures([Act::value(HIGH).after(seconds(4))]);
        stage.world.advance(seconds(7)).await;
        stage.lead();
        stage.world.advance(seconds(5)).await;
    });
    ("standby: it has just begun to lead", story)
}

fn drain() -> Told {
    let drained = quick("").replace(
        "scaling = { backend = \"scripted\", ",
        "scaling = { backend = \"scripted\", drain = \"celery\", drain_broker_url = \"redis://a.test\", ",
    );
    let story = last(&drained, async |stage| {
        stage.web.has_tasks("web.4", Some(2));
        stage.measures(LOW);
        stage.cycles(1).await;
    });
    ("drain: who goes finishes its work first", story)
}
