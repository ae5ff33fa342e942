//! The conversation with a mail server: connect, begin TLS, log in, hand over one letter. Says of each step in plain
//! words what went wrong, and quotes nothing of the log-in.

use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;

use super::letter::Letter;
use super::server::{Security, Server, Tls};
use crate::http::chain;
use crate::one_line::one_line;
use crate::settings::secret::Secret;

/// How long the good-bye may take once the letter is handed over.
const GOODBYE: Duration = Duration::from_secs(1);

/// The most characters quoted of an answer.
const MOST: usize = 300;

/// Hands over one letter, to as many of its recipients as the server takes. `Err` when that is not all of them.
pub(super) async fn deliver(
    server: &Server,
    tls: Option<&Tls>,
    letter: &Letter,
    timeout: Duration,
) -> Result<(), String> {
    let mut connection = connect(server, tls, timeout).await?;
    log_in(server, &mut connection).await?;
    let refused = hand_over(server, &mut connection, letter).await?;
    // It has the letter: whatever becomes of the good-bye, the notice is delivered.
    let _goodbye = tokio::time::timeout(GOODBYE, connection.quit()).await;
    if refused.is_empty() {
        return Ok(());
    }
    let all = letter.to.len();
    let told = all - refused.len();
    let refused = refused.join(" and ");
    Err(format!(
        "{server} refuses {refused}; told were {told} of {all} recipients"
    ))
}

async fn connect(
    server: &Server,
    tls: Option<&Tls>,
    timeout: Duration,
) -> Result<AsyncSmtpConnection, String> {
    let name = ClientId::default();
    let at_once = match server.security {
        Security::Implicit => tls.cloned(),
        Security::StartTls | Security::None => None,
    };
    let address = (server.host.as_str(), server.port);
    let mut connection =
        AsyncSmtpConnection::connect_tokio1(address, Some(timeout), &name, at_once, None)
            .await
            .map_err(|error| unreachable(server, &error))?;
    if let (Security::StartTls, Some(tls)) = (server.security, tls) {
        if !connection.can_starttls() {
            connection.abort().await;
            return Err(format!(
                "{server} offers no STARTTLS, so nothing was sent; smtps:// may be right for it, or ?tls=none when it \
                 needs neither TLS nor a password"
            ));
        }
        connection
            .starttls(tls.clone(), &name)
            .await
            .map_err(|error| unreachable(server, &error))?;
    }
    Ok(connection)
}

async fn log_in(server: &Server, connection: &mut AsyncSmtpConnection) -> Result<(), String> {
    let Some(credentials) = &server.credentials else {
        return Ok(());
    };
    let Err(error) = connection.auth(DEFAULT_MECHANISMS, credentials).await else {
        return Ok(());
    };
    // Only the code: an answer here may repeat what was sent.
    let why = match error.status() {
        Some(code) if error.is_permanent() => format!(
            "refuses the user and password of smtp_url ({code}); check both, and that special characters are \
             percent-encoded"
        ),
        Some(code) => format!("cannot check the user and password now ({code})"),
        None if error.is_client() => {
            "offers no way to log in that is known here (PLAIN, LOGIN)".to_owned()
        }
        None => "broke off the log-in".to_owned(),
    };
    connection.abort().await;
    Err(format!("{server} {why}"))
}

/// Says which recipients were refused, when at least one was not.
async fn hand_over(
    server: &Server,
    connection: &mut AsyncSmtpConnection,
    letter: &Letter,
) -> Result<Vec<String>, String> {
    let sender = Mail::new(Some(letter.from.clone()), Vec::new());
    if let Err(error) = connection.command(sender).await {
        connection.abort().await;
        let why = answer(server, &error);
        return Err(format!(
            "{server} refuses the sender {}: {why}",
            letter.from
        ));
    }
    let mut refused = Vec::new();
    for recipient in &letter.to {
        if let Err(why) = offer(server, connection, recipient).await? {
            refused.push(format!("{recipient} ({why})"));
        }
    }
    if refused.len() == letter.to.len() {
        connection.abort().await;
        return Err(format!(
            "{server} refuses {}; nobody was told",
            refused.join(" and ")
        ));
    }
    let handed = match connection.command(Data).await {
        Ok(_) => connection.message(&letter.bytes).await,
        Err(error) => Err(error),
    };
    match handed {
        Ok(_) => Ok(refused),
        Err(error) => {
            connection.abort().await;
            Err(format!(
                "{server} refuses the mail: {}",
                answer(server, &error)
            ))
        }
    }
}

/// The inner error is the server's refusal of this one; the outer one ends the conversation.
async fn offer(
    server: &Server,
    connection: &mut AsyncSmtpConnection,
    recipient: &Address,
) -> Result<Result<(), String>, String> {
    match connection
        .command(Rcpt::new(recipient.clone(), Vec::new()))
        .await
    {
        Ok(_) => Ok(Ok(())),
        Err(error) if error.status().is_some() => Ok(Err(answer(server, &error))),
        Err(error) => {
            connection.abort().await;
            Err(format!("{server} broke off: {}", answer(server, &error)))
        }
    }
}

fn unreachable(server: &Server, error: &Error) -> String {
    let why = answer(server, error);
    let hint = if why.contains("certificate") {
        "; if it has a certificate of your own CA, name that in tls_ca_file"
    } else if server.security == Security::Implicit && why.contains("InvalidContentType") {
        "; it does not speak TLS from the start there: smtp:// may be right for it"
    } else {
        ""
    };
    if error.status().is_some() {
        format!("{server} turns us away: {why}{hint}")
    } else {
        format!("{server} cannot be reached: {why}{hint}")
    }
}

/// What the server answered, or what the connection suffered, on one line and without secrets.
fn answer(server: &Server, error: &Error) -> String {
    let mut text = match (error.status(), std::error::Error::source(error)) {
        (Some(code), Some(said)) => format!("{code} {said}"),
        (None, Some(cause)) => chain(cause),
        (_, None) => error.to_string(),
    };
    for secret in server.secrets.iter().map(Secret::expose) {
        if secret.len() > 3 {
            text = text.replace(secret, "***");
        }
    }
    one_line(&text, MOST)
}
