//! Does each backend speak its service's language? Real servers on loopback, a real clock.

#[cfg(test)]
mod app_decision;
#[cfg(test)]
mod celery_drain;
#[cfg(test)]
mod celery_redis;
#[cfg(test)]
mod celery_unacked;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod command;
#[cfg(test)]
mod fault_matrix;
#[cfg(test)]
mod heroku;
#[cfg(test)]
mod heroku_dynos;
#[cfg(test)]
mod heroku_log_session;
#[cfg(test)]
mod heroku_refusals;
#[cfg(test)]
mod heroku_service_time;
#[cfg(test)]
mod intake;
#[cfg(test)]
mod local;
#[cfg(test)]
mod log_capture;
#[cfg(test)]
mod making;
#[cfg(test)]
mod measuring;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod notification_console;
#[cfg(test)]
mod notification_email;
#[cfg(test)]
mod notification_local;
#[cfg(test)]
mod notification_slack;
#[cfg(test)]
mod notification_webhook;
#[cfg(test)]
mod response_time;
#[cfg(test)]
mod sent;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod state;
