//! How fast one destination is served, with everything on this machine: `cargo bench -p delivery --bench throughput`.
//!
//! First a backlog is drained as fast as it goes; then, at half that rate, the time from the commit of each
//! delivery to its arrival is measured.

#![expect(clippy::unwrap_used, reason = "a bench stops where its set-up fails")]

#[path = "../tests/it/outbox.rs"]
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
mod outbox;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use delivery::Waker;
use outbox::Outbox;
use parking_lot::Mutex;
use serde_json::{Value, json};
use store::DestinationId;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

const BACKLOG: u32 = 20_000;
const CONCURRENCY: usize = 32;
const LIVE: Duration = Duration::from_secs(4);

/// When each delivery was accepted, or received first, by its id.
type Times = Arc<Mutex<HashMap<String, Instant>>>;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let outbox = Arc::new(Outbox::new().await);
    let (address, received) = receiver();
    let config = json!({
        "kind": "webhook", "url": format!("http://{address}/hook"), "concurrency": CONCURRENCY,
        "signing": "standard_webhooks",
    });
    let secrets = json!({ "signing": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] });
    let destination = outbox.destination(config, secrets).await;
    for _ in 0..BACKLOG / 500 {
        outbox.deliver(destination, (0..500).map(|_| body())).await;
    }
    let (mut fsyncs, begun_cpu) = (fsync_meter(&outbox), cpu_time());
    let (drain, begun) = (outbox.drain(), Instant::now());
    until(|| received.lock().len() >= BACKLOG as usize).await;
    let rate = f64::from(BACKLOG) / begun.elapsed().as_secs_f64();
    let cpu = cpu_time().saturating_sub(begun_cpu) / BACKLOG;
    let each = fsyncs() / f64::from(BACKLOG);
    println!(
        "backlog: {rate:.0}/s; each {each:.3} fsyncs, {} µs of CPU (receiver included)",
        cpu.as_micros()
    );

    received.lock().clear();
    let (accepted, begun) = (Times::default(), Instant::now());
    let count =
        accept(&outbox, (destination, drain.waker()), Duration::from_secs_f64(2.0 / rate), &accepted).await;
    let rate = f64::from(count) / begun.elapsed().as_secs_f64();
    until(|| accepted.lock().len().min(received.lock().len()) >= count as usize).await;
    let (accepted, received) = (accepted.lock(), received.lock());
    let since = |(id, at): (&String, &Instant)| received[id].saturating_duration_since(*at);
    let mut times: Vec<Duration> = accepted.iter().map(since).collect();
    times.sort_unstable();
    let [p50, p99] = [50, 99].map(|percent| times[times.len() * percent / 100].as_micros());
    let each = fsyncs() / f64::from(count);
    println!("live at {rate:.0}/s: accepted to received p50 {p50} µs, p99 {p99} µs; each {each:.3} fsyncs");
}

/// Accepts a delivery every so often, whether the last one is done or not; gives how many.
async fn accept(
    outbox: &Arc<Outbox>,
    (destination, waker): (DestinationId, Waker),
    every: Duration,
    accepted: &Times,
) -> u32 {
    let (begun, mut count) = (Instant::now(), 0);
    while begun.elapsed() < LIVE {
        while begun.elapsed() >= every * count {
            count += 1;
            let (outbox, waker, accepted) = (Arc::clone(outbox), waker.clone(), Arc::clone(accepted));
            tokio::spawn(async move {
                let id = outbox.deliver_one(destination, body()).await;
                let at = Instant::now();
                waker.notify([destination]);
                accepted.lock().insert(id.to_string(), at);
            });
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    count
}

/// Gives the transactions since it was asked last.
fn fsync_meter(outbox: &Arc<Outbox>) -> impl FnMut() -> f64 {
    let (outbox, mut last) = (Arc::clone(outbox), outbox.store.writes().transactions);
    move || {
        let now = outbox.store.writes().transactions;
        let since = now - std::mem::replace(&mut last, now);
        f64::from(u32::try_from(since).unwrap())
    }
}

/// About 600 bytes.
fn body() -> Value {
    json!({ "title": "Machine shows E3", "priority": "high", "reply": "x".repeat(520) })
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// User and system time of this process, in Linux's hundredths of a second.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
    Duration::from_millis(10 * fields.map(|ticks| ticks.parse::<u64>().unwrap()).sum::<u64>())
}

/// Takes everything at once, on a thread of its own.
fn receiver() -> (SocketAddr, Times) {
    let (received, (tell, told)) = (Times::default(), std::sync::mpsc::channel());
    let noted = Arc::clone(&received);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&noted)));
            }
        });
    });
    (told.recv().unwrap(), received)
}

async fn serve(stream: TcpStream, received: Times) {
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    let mut body = Vec::new();
    loop {
        let (mut id, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            match line.trim_end().split_once(": ") {
                Some(("webhook-id", value)) => id = value.to_owned(),
                Some(("content-length", value)) => length = value.parse().unwrap(),
                None if line == "\r\n" => break,
                _ => {}
            }
        }
        body.resize(length, 0);
        stream.read_exact(&mut body).await.unwrap();
        received.lock().entry(id).or_insert_with(Instant::now);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    }
}
