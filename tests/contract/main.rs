//! Does each backend speak its service's language? Real servers on loopback, a real clock.

#[cfg(test)]
mod app_decision;
#[cfg(test)]
mod celery_redis;
#[cfg(test)]
mod measuring;
#[cfg(test)]
mod response_time;
#[cfg(test)]
mod servers;
