//! The table.

use serde::Serialize;

use crate::load::Seen;

/// One measured row.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) area: String,
    pub(crate) connections: usize,
    #[serde(flatten)]
    pub(crate) seen: Seen,
    /// As a part of bare's rate at the same number of connections.
    pub(crate) of_bare: Option<f64>,
    /// The server's CPU time for each event, in microseconds.
    pub(crate) cpu_us_per_event: f64,
    /// Fsyncs for each event.
    pub(crate) fsyncs_per_event: f64,
}

impl Row {
    pub(crate) fn print(&self) {
        let of_bare = self.of_bare.map_or_else(|| "     –".to_owned(), |part| format!("{part:>6.2}"));
        println!(
            "{:<14} {:>5} {:>10.0} {of_bare} {:>9.2} {:>9.2} {:>9.2} {:>10.1} {:>8.3} {:>8}",
            self.area,
            self.connections,
            self.seen.rate(),
            ms(self.seen.p50_us),
            ms(self.seen.p99_us),
            ms(self.seen.max_us),
            self.cpu_us_per_event,
            self.fsyncs_per_event,
            self.seen.refused,
        );
    }

    pub(crate) fn print_head() {
        println!(
            "{:<14} {:>5} {:>10} {:>6} {:>9} {:>9} {:>9} {:>10} {:>8} {:>8}",
            "area",
            "conns",
            "per s",
            "×bare",
            "p50 ms",
            "p99 ms",
            "max ms",
            "cpu µs/ev",
            "fsync/ev",
            "refused"
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds for people")]
fn ms(us: u64) -> f64 {
    us as f64 / 1000.0
}

/// Peers on a machine of this kind, measured once; for scale.
pub(crate) const PEERS: &str = "\
for scale, measured once on such a machine:
  n8n 2.40.7 (SQLite, executions saved): 22–27 webhook → set → respond runs a second (69–80 with its legacy engine),
    p50 42 ms at 1 connection, 1.2 s at 32; 0.5–0.85 GB idle; killed under load it lost 5 of 662 and 40 of 666
  Node-RED 5.0.7, which stores nothing: 3,400–5,600 a second; 730–1,220 with a model call and an outbound call
  Svix server 1.100 (PostgreSQL): 1,060 messages a second accepted and delivered, p50 1.7 ms and p99 8.8 ms
  Dify (published): about 24 empty workflow runs a second and 177 ms on one API and one worker";
