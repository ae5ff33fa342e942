//! A notifier that cannot be built is alone in that: its process is scaled, and the other notifiers tell.

use autoscalebot::backend::{Backend, BuildError, no_check};
use autoscalebot::harness::{Act, Scenario};
use autoscalebot::notification::NotificationBackend;

use crate::seconds;

/// Its certificate was there when the program started, and is gone now.
static GONE: Backend<dyn NotificationBackend> = Backend {
    name: "gone",
    summary: "cannot be built",
    settings: &[],
    example: "",
    check: no_check,
    build: |_, _| Err(BuildError("its certificate is gone".to_owned())),
};

#[test]
fn a_notifier_that_cannot_be_built_stops_no_scaling() {
    let configuration = r#"
[processes.web]
measurement = { backend = "scripted", measurement_interval_in_seconds = 10 }
decision = { max_measurement_value = 1200 }
scaling = { backend = "scripted" }
notification = [{ backend = "gone", notify_on = ["scale"] }, { backend = "scripted", notify_on = ["scale"] }]
"#;
    Scenario::new(configuration)
        .with_notification(&GONE)
        .run(|world| async move {
            let web = world.script("web");
            web.set_count(1);
            web.measures([Act::value(5000.0)]);
            world.advance(seconds(25)).await;
            assert_eq!(web.count(), 2);
            assert_eq!(
                web.told(),
                ["web: scale up 1 -> 2: the last 3 results are above 1200"]
            );
        });
}
