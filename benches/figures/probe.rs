//! The CPU time of one `response_time` measurement beside that of a bare hyper GET over a kept connection, in turns, of
//! the thread that asks. The server answers in another.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use autoscalebot::clock::Clock;
use autoscalebot::measurement::MeasurementBackend;
use autoscalebot::settings::{Source, load};
use autoscalebot::supervisor::works::Works;
use hyper::Request;
use hyper::body::Body as _;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::spawn_local;

use crate::rows::registry;
use crate::server;
use crate::usage::{percentile, sorted, thread_cpu};

/// How many of one kind follow each other.
const TURN: u32 = 200;

type Bare = SendRequest<String>;

pub(crate) fn figure(length: Duration) -> Result<String> {
    actix_rt::System::new().block_on(compare(length))
}

async fn compare(length: Duration) -> Result<String> {
    let server = server::start()?;
    let clock = Clock::system();
    let measured = measured(&format!("http://{server}/"), clock)?;
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let (mut bare, connection) = handshake(TokioIo::new(stream)).await?;
    spawn_local(connection);
    let authority = server.to_string();
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    while clock.now().mono < length {
        let before = thread_cpu();
        for _ in 0..TURN {
            measured.measure().await?;
        }
        let between = thread_cpu();
        for _ in 0..TURN {
            get(&mut bare, &authority).await?;
        }
        let after = thread_cpu();
        let each = |from: Duration, to: Duration| {
            to.saturating_sub(from).as_secs_f64() * 1e6 / f64::from(TURN)
        };
        let (one, other) = (each(before, between), each(between, after));
        ours.push(one);
        theirs.push(other);
        ratios.push(one / other);
    }
    let (ours, theirs, ratios) = (sorted(ours), sorted(theirs), sorted(ratios));
    Ok(format!(
        "probe: CPU time of one measurement, {} turns of {TURN}, medians
  response_time              {:.1} us
  bare hyper GET             {:.1} us
  ratio                      {:.2} ({:.2} to {:.2} in the middle half of the turns); aim: at most 1.3

",
        ours.len(),
        percentile(&ours, 0.5),
        percentile(&theirs, 0.5),
        percentile(&ratios, 0.5),
        percentile(&ratios, 0.25),
        percentile(&ratios, 0.75),
    ))
}

fn measured(url: &str, clock: Clock) -> Result<std::rc::Rc<dyn MeasurementBackend>> {
    let works = Works::new(registry(), clock, PathBuf::new());
    let text = format!(
        "[processes.web]\nmeasurement = {{ measurement_url = \"{url}\" }}\nscaling = {{ backend = \"in_memory\" }}\n"
    );
    let settings = load(&Source::new("bench", text), &works.registry, &|_| None)
        .map_err(|problems| anyhow!("the bench's configuration was refused:\n{problems}"))?;
    let process = settings.processes.first().context("one process")?;
    let backends = works.measurement(process)?;
    backends
        .into_iter()
        .next()
        .ok_or_else(|| anyhow!("one measurement"))
}

/// The least that a GET can be: the request, the answer's head, its body to the end.
async fn get(bare: &mut Bare, authority: &str) -> Result<()> {
    let request = Request::get("/")
        .header("host", authority)
        .header("user-agent", "bench")
        .header("accept", "*/*")
        .body(String::new())?;
    bare.ready().await?;
    let mut body = bare.send_request(request).await?.into_body();
    let mut frame = std::pin::pin!(&mut body);
    while let Some(part) = std::future::poll_fn(|context| frame.as_mut().poll_frame(context)).await
    {
        part?;
    }
    Ok(())
}
