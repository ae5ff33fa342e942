//! A new configuration at an awkward moment: while a group is degraded, while something is in flight, before an end.

use std::rc::Rc;
use std::time::Duration;

use autoscalebot::backend::{Backend, no_check};
use autoscalebot::harness::{Act, Scenario};
use autoscalebot::model::{Count, Role};
use autoscalebot::notification::Notice;
use autoscalebot::scaling::{Observed, ScaleError, ScalingBackend};
use autoscalebot::settings::schema::{Default, Kind, Setting};
use autoscalebot::supervisor::inject::Injected;

use crate::{process, seconds};

const FRAIL: &str = "[supervision]\nmax_restarts = 0\ndegraded_retry_in_seconds = 100\nrestart_window_in_seconds = 60\n";

#[test]
fn a_degraded_group_with_other_settings_is_tried_at_once_and_recovers() {
    for other in ["max_processes = 7", "max_processes = 8"] {
        let supervision = if other.ends_with('8') {
            FRAIL.replace("= 100", "= 200")
        } else {
            FRAIL.to_owned()
        };
        let old = FRAIL.to_owned() + &process("web", "max_processes = 5");
        let new = supervision + &process("web", other);
        Scenario::new(&old).run(|world| async move {
            let web = world.script("web");
            web.set_count(2);
            web.measures([Act::Panic, Act::Panic, Act::value(800.0)]);
            world.advance(seconds(12)).await;
            assert!(world.status("web").await.degraded);
            world.reload(&new).await.unwrap();
            world.advance(seconds(11)).await;
            let status = world.status("web").await;
            assert!(!status.degraded, "{other}: it works: {status:?}");
            let told = web.told();
            let last = told.last().map(String::as_str).unwrap_or_default();
            assert!(last.starts_with("web: degraded ended"), "{other}: {told:?}");
            world.inject("web", Role::Decide, Injected::Panic).await;
            world.advance(seconds(1)).await;
            let status = world.status("web").await;
            assert!(!status.degraded, "{other}: nothing is held against it");
            let cycle = status.cycle;
            world.advance(seconds(200)).await;
            assert_eq!(
                world.status("web").await.cycle,
                cycle + 20,
                "{other}: and the retry of its earlier life does not disturb it"
            );
        });
    }
}

#[test]
fn a_maximum_that_is_written_later_replaces_the_one_that_was_found() {
    Scenario::new(&process("web", "")).run(|world| async move {
        let web = world.script("web");
        web.set_count(8);
        web.measures([Act::value(800.0)]);
        world.advance(seconds(5)).await;
        world
            .reload(&process("web", "max_processes = 5"))
            .await
            .unwrap();
        world.advance(seconds(5)).await;
        assert_eq!(web.count(), 5, "as the file says now");
        world.advance(seconds(5)).await;
        web.set_count(5);
        world.reload(&process("web", "")).await.unwrap();
        world.advance(seconds(25)).await;
        assert_eq!(web.count(), 5, "a line taken out of the file cuts nothing");
    });
}

/// The same process, for another process type of the platform: another app, say, or another key.
fn pointed_elsewhere(configuration: &str) -> String {
    configuration.replace(
        "timeout_in_seconds = 4",
        "timeout_in_seconds = 4, process_type = \"elsewhere\"",
    )
}

#[test]
fn a_process_that_is_pointed_at_another_app_does_not_cut_it_down() {
    Scenario::new(&process("web", "")).run(|world| async move {
        let web = world.script("web");
        web.set_count(2);
        web.measures([Act::value(800.0)]);
        world.advance(seconds(5)).await;
        web.set_count(8);
        world
            .reload(&pointed_elsewhere(&process("web", "")))
            .await
            .unwrap();
        world.advance(seconds(25)).await;
        assert_eq!(web.count(), 8, "it is a first start there");
        assert!(
            web.told()[0].contains("max_processes is not set"),
            "{:?}",
            web.told()
        );
    });
}

#[test]
fn a_maximum_that_was_found_is_not_lowered_by_another_key() {
    Scenario::new(&process("web", "post_scale_wait_time_seconds = 0")).run(|world| async move {
        let web = world.script("web");
        web.set_count(8);
        web.measures([Act::value(800.0)]);
        world.advance(seconds(5)).await;
        web.set_count(5);
        let new = pointed_elsewhere(&process("web", "post_scale_wait_time_seconds = 0"));
        world.reload(&new).await.unwrap();
        web.measures([Act::value(5000.0)]);
        world.advance(seconds(200)).await;
        assert_eq!(web.count(), 8);
        assert!(!web.told()[1].contains("were found"), "{:?}", web.told());
    });
}

#[test]
fn an_end_in_the_middle_of_a_reload_begins_nothing_new() {
    let old = process("web", "number_of_fails_to_scale_up_after = 1");
    let new = process(
        "web",
        "number_of_fails_to_scale_up_after = 1\nmax_processes = 9",
    ) + &process("mailer", "");
    Scenario::new(&old).run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0)]);
        web.scales([Act::Answer(()).after(seconds(3))]);
        world.advance(seconds(1)).await;
        let (reloaded, ()) = tokio::join!(world.reload(&new), world.shut_down());
        assert_eq!(reloaded, Err("the program is stopping".to_owned()));
        world.rewind();
        world.advance(seconds(60)).await;
        assert!(world.tape().is_empty(), "{:?}", world.tape());
        assert!(world.script("mailer").hooks().is_empty());
    });
}

/// A scaling backend whose teardown never ends.
struct Clings;

#[async_trait::async_trait(?Send)]
impl ScalingBackend for Clings {
    async fn teardown(&self, _: Duration) {
        std::future::pending::<()>().await;
    }

    async fn count(&self) -> Result<Observed, ScaleError> {
        panic!("degraded by this")
    }

    async fn scale(&self, to: Count) -> Result<Count, ScaleError> {
        Ok(to)
    }

    fn target(&self) -> String {
        String::new()
    }
}

static CLINGS: Backend<dyn ScalingBackend> = Backend {
    name: "clings",
    summary: "never lets go",
    settings: &[],
    example: "",
    check: no_check,
    build: |_, _| Ok(Rc::new(Clings)),
};

#[test]
fn the_grace_holds_for_a_degraded_group_too() {
    let configuration = "[supervision]\nmax_restarts = 0\nshutdown_grace_in_seconds = 5\n"
        .to_owned()
        + &process("web", "").replace(
            "scaling = { backend = \"scripted\"",
            "scaling = { backend = \"clings\"",
        );
    Scenario::new(&configuration)
        .with_scaling(&CLINGS)
        .run(|world| async move {
            world.advance(seconds(12)).await;
            assert!(world.status("web").await.degraded);
            let begun = world.now();
            tokio::time::timeout(seconds(60), world.shut_down())
                .await
                .expect("it ends");
            assert!(world.now() <= begun + seconds(8), "{:?}", world.now());
        });
}

/// A platform whose process types are all of one app.
struct OneApp(&'static str);

#[async_trait::async_trait(?Send)]
impl ScalingBackend for OneApp {
    async fn count(&self) -> Result<Observed, ScaleError> {
        Ok(Observed::ready(2))
    }

    async fn scale(&self, to: Count) -> Result<Count, ScaleError> {
        Ok(to)
    }

    fn target(&self) -> String {
        self.0.to_owned()
    }
}

static ONE_APP: Backend<dyn ScalingBackend> = Backend {
    name: "one_app",
    summary: "process types of one app",
    settings: &[],
    example: "",
    check: no_check,
    build: |_, _| Ok(Rc::new(OneApp("one app"))),
};

#[test]
fn process_types_of_an_app_tick_together_after_a_reload_of_some_and_after_a_retry() {
    let of_one_app = |name: &str, more: &str| {
        let table = process(name, more);
        table.replace(
            "scaling = { backend = \"scripted\"",
            "scaling = { backend = \"one_app\"",
        )
    };
    let both = |more: &str| FRAIL.to_owned() + &of_one_app("web", more) + &of_one_app("worker", "");
    Scenario::new(&both(""))
        .with_scaling(&ONE_APP)
        .run(|world| async move {
            let ticks = |process: &str| -> Vec<Duration> {
                let tape = world.tape();
                let counts = tape.iter().filter(|entry| {
                    entry.process.as_str() == process && entry.message == "GetCount"
                });
                counts.map(|entry| entry.at).collect()
            };
            let together = async |why: &str| {
                world.rewind();
                world.advance(seconds(40)).await;
                assert!(ticks("web").len() >= 4, "{why}");
                assert_eq!(ticks("web"), ticks("worker"), "{why}");
            };
            together("from the start").await;
            world.advance(Duration::from_millis(3_210)).await;
            world.reload(&both("max_processes = 7")).await.unwrap();
            together("after a reload of one").await;
            world.advance(Duration::from_millis(1_230)).await;
            for _ in 0..2 {
                world.inject("web", Role::Decide, Injected::Panic).await;
                world.advance(seconds(1)).await;
            }
            assert!(world.status("web").await.degraded);
            world.advance(seconds(120)).await;
            together("after a retry of one").await;
        });
}

/// A scaling backend that says which of its teardowns was run.
struct Leaves {
    noted: Rc<Noted>,
    word: String,
    stays: bool,
}

#[derive(std::default::Default)]
struct Noted(std::cell::RefCell<Vec<String>>);

#[async_trait::async_trait(?Send)]
impl ScalingBackend for Leaves {
    async fn teardown(&self, _: Duration) {
        self.noted.0.borrow_mut().push(self.word.clone());
    }

    async fn count(&self) -> Result<Observed, ScaleError> {
        if self.word == "tell" {
            return Err(ScaleError::Refused(self.noted.0.borrow().join(",")));
        }
        Ok(Observed::ready(2))
    }

    async fn scale(&self, to: Count) -> Result<Count, ScaleError> {
        Ok(to)
    }

    fn is_taken_over(&self) -> bool {
        self.stays
    }

    fn target(&self) -> String {
        String::new()
    }
}

static LEAVES: Backend<dyn ScalingBackend> = Backend {
    name: "leaves",
    summary: "notes its teardown",
    settings: &[
        Setting::new("word", Kind::Text, Default::Required, "Its name."),
        Setting::new(
            "stays",
            Kind::Boolean,
            Default::Boolean(false),
            "Taken over?",
        ),
    ],
    example: "",
    check: no_check,
    build: |section, site| {
        Ok(Rc::new(Leaves {
            noted: site.shared.get(),
            word: section.text("word").unwrap_or_default().to_owned(),
            stays: section.get("stays") == Some(&true.into()),
        }))
    },
};

#[test]
fn a_scaling_backend_whose_settings_change_is_torn_down_unless_it_is_taken_over() {
    let with = |settings: &str| {
        process("web", "").replace(
            "scaling = { backend = \"scripted\"",
            &format!("scaling = {{ backend = \"leaves\", {settings}"),
        )
    };
    Scenario::new(&with("word = \"one\""))
        .with_scaling(&LEAVES)
        .run(|world| async move {
            world.advance(seconds(5)).await;
            for next in [
                "word = \"two\", stays = true",
                "word = \"three\", stays = true",
                "word = \"tell\"",
            ] {
                world.reload(&with(next)).await.unwrap();
            }
            world.advance(seconds(15)).await;
            let told = world.script("web").told();
            let last = told.last().map(String::as_str).unwrap_or_default();
            assert!(
                last.ends_with("could not be read: one"),
                "the second and third were taken over: {told:?}"
            );
        });
}

/// A notifier of this name, with these lines.
fn notifier(name: &str, lines: &str) -> String {
    format!(
        "[[processes.web.notification]]\nbackend = \"scripted\"\nscript = \"{name}\"\n{lines}\n"
    )
}

#[test]
fn other_notifiers_leave_what_the_rest_was_told() {
    let events = "notify_on = [\"above_max\", \"too_rapid\"]\n";
    let rapid = "notify_if_scaling_is_too_rapid_num_scales = 1\n\
        notify_if_scaling_is_too_rapid_time_period_minutes = 3\n";
    let web = process(
        "web",
        "max_processes = 3\npost_scale_wait_time_seconds = 0\nnumber_of_fails_to_scale_up_after = 1",
    );
    let head = web
        .replace("[[processes.web.notification]]", "#")
        .replace("backend = \"scripted\"\nnotify_on", "#\n#");
    let old = head.clone()
        + &notifier("stays", &(events.to_owned() + rapid))
        + &notifier("changes", events)
        + &notifier("goes", events);
    let new = head
        + &notifier("comes", events)
        + &notifier(
            "changes",
            &(events.to_owned() + "quiet_hours = [\"22:00-7:00\"]\n"),
        )
        .replace("22:00-7:00", "12:00-13:00")
        + &notifier("stays", &(events.to_owned() + rapid));
    Scenario::new(&old).run(|world| async move {
        let web = world.script("web");
        web.set_count(1);
        web.measures([Act::value(5000.0)]);
        world.advance(seconds(45)).await;
        let told = |name: &str| -> Vec<String> {
            let notices = web.notices(name);
            let short = |notice: &Notice| format!("{} {:?}", notice.event, notice.phase);
            notices.iter().map(short).collect()
        };
        let both = ["too_rapid Holds", "above_max Holds"];
        assert_eq!(told("stays"), both);
        assert_eq!(told("changes"), both[1..]);
        world.reload(&new).await.unwrap();
        world.advance(seconds(40)).await;
        assert_eq!(told("stays"), both, "not told again");
        assert_eq!(told("changes"), both[1..], "nor who is told other things");
        assert_eq!(told("comes"), both[1..], "what holds is news to who is new");
        web.measures([Act::value(800.0)]);
        world.advance(seconds(300)).await;
        let ended = |name: &str| {
            let mut ended = told(name);
            ended.retain(|line| line.ends_with("Ended"));
            ended.sort();
            ended
        };
        assert_eq!(ended("stays"), ["above_max Ended", "too_rapid Ended"]);
        assert_eq!(ended("changes"), ["above_max Ended"]);
        assert_eq!(ended("comes"), ["above_max Ended"]);
        assert_eq!(told("goes"), both[1..], "nobody is told by who is gone");
    });
}
