//! How fast one destination is served, with everything on this machine: `cargo bench -p delivery`.
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
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use outbox::Outbox;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

const BACKLOG: usize = 20_000;
const CONCURRENCY: usize = 32;
const LIVE: Duration = Duration::from_secs(4);

/// When each `webhook-id` came first.
type Arrivals = Arc<Mutex<HashMap<String, Instant>>>;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let outbox = Outbox::new().await;
    let (address, arrivals) = receiver();
    let config = json!({
        "kind": "webhook", "url": format!("http://{address}/hook"), "concurrency": CONCURRENCY,
        "signing": "standard_webhooks",
    });
    let secrets = json!({ "signing": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] });
    let destination = outbox.destination(config, secrets).await;
    for _ in 0..BACKLOG / 500 {
        outbox.deliver(destination, (0..500).map(|_| body())).await;
    }
    let drain = outbox.drain();
    let (begun, before, cpu) = (Instant::now(), outbox.store.writes(), cpu_time());
    until(|| arrivals.lock().len() >= BACKLOG).await;
    let (took, fsyncs) = (begun.elapsed(), outbox.store.writes().transactions - before.transactions);
    let rate = BACKLOG as f64 / took.as_secs_f64();
    println!(
        "backlog: {rate:.0}/s, {:.3} fsyncs and {:.0} µs of CPU each, receiver included",
        fsyncs as f64 / BACKLOG as f64,
        (cpu_time() - cpu).as_secs_f64() * 1e6 / BACKLOG as f64
    );

    arrivals.lock().clear();
    let outbox = Arc::new(outbox);
    let (every, sent) = (Duration::from_secs_f64(2.0 / rate), Arc::new(Mutex::new(HashMap::new())));
    let done = Arc::new(AtomicUsize::new(0));
    let (begun, before) = (Instant::now(), outbox.store.writes());
    let mut count = 0_u32;
    while begun.elapsed() < LIVE {
        while begun.elapsed() >= every * count {
            count += 1;
            let (outbox, waker) = (Arc::clone(&outbox), drain.waker());
            let (sent, done) = (Arc::clone(&sent), Arc::clone(&done));
            tokio::spawn(async move {
                let id = outbox.deliver_one(destination, body()).await;
                waker.notify([destination]);
                sent.lock().insert(id.to_string(), Instant::now());
                done.fetch_add(1, Ordering::Relaxed);
            });
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    until(|| arrivals.lock().len() >= count as usize && done.load(Ordering::Relaxed) >= count as usize).await;
    let fsyncs = outbox.store.writes().transactions - before.transactions;
    let (sent, arrivals) = (sent.lock(), arrivals.lock());
    let mut times: Vec<Duration> =
        sent.iter().map(|(id, at)| arrivals[id].saturating_duration_since(*at)).collect();
    times.sort_unstable();
    let at = |fraction: f64| times[(times.len() as f64 * fraction) as usize].as_secs_f64() * 1e3;
    println!(
        "live at {:.0}/s: accepted to received p50 {:.2} ms, p99 {:.2} ms; {:.3} fsyncs each, mean gap between them {:.2} ms",
        f64::from(count) / LIVE.as_secs_f64(),
        at(0.5),
        at(0.99),
        fsyncs as f64 / f64::from(count),
        LIVE.as_secs_f64() * 1e3 / fsyncs as f64
    );
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
fn receiver() -> (SocketAddr, Arrivals) {
    let (arrivals, (tell, told)) = (Arrivals::default(), std::sync::mpsc::channel());
    let noted = Arc::clone(&arrivals);
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
    (told.recv().unwrap(), arrivals)
}

async fn serve(stream: TcpStream, arrivals: Arrivals) {
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
        arrivals.lock().entry(id).or_insert_with(Instant::now);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    }
}
