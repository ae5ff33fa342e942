//! The presets: what another autoscaler does by default, as its source has it, in the words of this program's configuration.

/// One of them.
pub(super) struct Preset {
    pub(super) name: &'static str,
    /// What it is.
    pub(super) summary: &'static str,
    pub(super) measurement: &'static str,
    pub(super) decision: &'static str,
    /// The decision where it is another for a queue's length.
    pub(super) queue: Option<&'static str>,
}

/// All of them, with what their sources say.
pub(super) static PRESETS: &[Preset] = &[
    Preset {
        name: "hpa",
        summary: "Kubernetes' Horizontal Pod Autoscaler (autoscaling/v2): an average to its target_value",
        // Synchronised every 15 s; no metric: nothing is done.
        measurement: "measurement_interval_in_seconds = 15\non_failure = \"hold\"",
        // Up by the larger of 4 pods and 100 % in 15 s; down by anything, to the highest wish of 300 s.
        decision: r#"
backend = "target_tracking"
metric_type = "average"
tolerance = 0.1
ready_only = true
scale_up_increment = "100% or 4"
scale_up_stabilization_window_seconds = 0
scale_down_stabilization_window_seconds = 300
post_scale_wait_time_seconds = 0
flap_projection = false
"#,
        queue: None,
    },
    Preset {
        name: "keda",
        summary: "KEDA's ScaledObject: a total, of which each process is to have target_value; from and to none",
        // pollingInterval.
        measurement: "measurement_interval_in_seconds = 30\non_failure = \"hold\"",
        // What it hands to the HPA as an AverageValue, which moves twice in 30 s: from 4 to 8 to 16. After cooldownPeriod
        // without anything above the activation threshold: none, in one step, which is when the window of the HPA has passed.
        decision: r#"
backend = "target_tracking"
metric_type = "total"
tolerance = 0.1
activation_value = 0
min_processes = 0
scale_up_increment = "300% or 8"
scale_up_stabilization_window_seconds = 0
scale_down_stabilization_window_seconds = 300
post_scale_wait_time_seconds = 0
flap_projection = false
"#,
        queue: None,
    },
    Preset {
        name: "knative",
        summary: "Knative's pod autoscaler (KPA): requests in flight, 70 for each process by default",
        measurement: "measurement_interval_in_seconds = 2\non_failure = \"hold\"",
        // 100 in flight, of which 70 % is the target.
        decision: r#"
backend = "knative"
target_value = 70
stable_window_in_seconds = 60
panic_window_in_seconds = 6
panic_threshold = 2.0
max_scale_up_rate = 1000
max_scale_down_rate = 2
post_scale_wait_time_seconds = 0
flap_projection = false
"#,
        queue: None,
    },
    Preset {
        name: "nomad",
        summary: "the Nomad Autoscaler's strategy target-value: an average to its target_value, and five minutes of rest",
        measurement: "measurement_interval_in_seconds = 10\non_failure = \"hold\"",
        decision: r#"
backend = "target_tracking"
metric_type = "average"
tolerance = 0.01
ready_only = false
scale_up_cooldown_seconds = 300
scale_down_cooldown_seconds = 300
scale_up_stabilization_window_seconds = 0
scale_down_stabilization_window_seconds = 0
post_scale_wait_time_seconds = 0
flap_projection = false
"#,
        queue: None,
    },
    Preset {
        name: "hirefire",
        summary: "HireFire: a range of response times, or a ratio of jobs to dynos, each minute",
        measurement: "measurement_interval_in_seconds = 60",
        // A manager of the type ResponseTime, as in its published Terraform example. The time-outs of a minute are a little
        // less here, for a checkup a minute after a scale must not come a hair too early.
        decision: r#"
backend = "consecutive_threshold"
number_of_fails_to_scale_up_after = 1
number_of_passes_to_scale_down_after = 2
min_measurement_value = 100
max_measurement_value = 250
scale_up_increment = 5
scale_down_increment = 1
scale_up_cooldown_seconds = 55
scale_down_cooldown_seconds = 55
post_scale_wait_time_seconds = 0
flap_projection = false
"#,
        // A manager of the type JobQueue.
        queue: Some(
            r#"
backend = "queue_ratio"
decrementable = false
post_scale_wait_time_seconds = 0
flap_projection = false
"#,
        ),
    },
    Preset {
        name: "autoscalebot-2012",
        summary: "this program's ancestor: three pings above 1000 ms in a row are one more, five below 200 ms one less",
        measurement: "measurement_interval_in_seconds = 30",
        decision: r#"
backend = "consecutive_threshold"
number_of_fails_to_scale_up_after = 3
number_of_passes_to_scale_down_after = 5
min_measurement_value = 200
max_measurement_value = 1000
increment = 1
post_scale_wait_time_seconds = 0
flap_projection = false
"#,
        queue: None,
    },
];
