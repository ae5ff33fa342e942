//! In what a measurement's number is, where its backend alone says it.

use crate::settings::schema::Section;

/// The unit of a backend's numbers, for people; nothing where only the application knows it.
pub fn unit(backend: &str, section: &Section) -> Option<&'static str> {
    match backend {
        "job_queue_latency" if section.text("unit") == Some("seconds") => Some("s"),
        "response_time" | "heroku_service_time" | "request_queue_time" | "job_queue_latency" => {
            Some("ms")
        }
        "job_queue_depth" | "busy_jobs" | "celery_redis_queue_size" => Some("jobs"),
        "utilisation" => Some("%"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurement::BACKENDS;
    use serde_json::{Map, json};

    #[test]
    fn each_backend_has_its_unit_or_none() {
        let none = Section::new(Map::new(), Vec::new());
        let told: Vec<_> = BACKENDS
            .iter()
            .filter(|row| unit(row.name, &none).is_none())
            .map(|row| row.name)
            .collect();
        assert_eq!(
            told,
            ["pushed", "hirefire", "app_decision", "command", "none"]
        );
        let seconds = Map::from_iter([("unit".to_owned(), json!("seconds"))]);
        let seconds = Section::new(seconds, Vec::new());
        assert_eq!(unit("job_queue_latency", &seconds), Some("s"));
    }
}
