//! How long one event takes, with one under way at a time.

use serde::{Deserialize, Serialize};

use crate::{
    area::Area,
    load::Seen,
    report::{Bar, Figure, Round, ms},
    stage::Stage,
};

/// One round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Latency {
    /// Webhook, model, delivery, reply.
    whole: Round,
    /// The model endpoint, called directly by the load.
    model: Seen,
}

/// The most that the platform may add, in microseconds.
const OVERHEAD_US: u64 = 10_000;

/// The most fsyncs, the delivery's among them.
const FSYNCS: f64 = 4.0;

impl Latency {
    pub(crate) async fn measure(stage: &mut Stage) -> anyhow::Result<Self> {
        let model = stage.model_alone().await?;
        Ok(Self { whole: stage.measure(Area::EndToEnd, 1).await?, model })
    }

    /// The whole without a typical call of the model. The delivery goes on behind the reply.
    fn overhead_us(&self) -> (u64, u64) {
        let without = |whole: u64| whole.saturating_sub(self.model.p50_us);
        (without(self.whole.seen.p50_us), without(self.whole.seen.p99_us))
    }
}

/// The figures of the round whose overhead's 99th percentile is the median.
pub(crate) fn figures(rounds: &[Latency]) -> Vec<Figure> {
    let mut sorted: Vec<&Latency> = rounds.iter().collect();
    sorted.sort_by_key(|round| round.overhead_us().1);
    let Some(round) = sorted.get(sorted.len().saturating_sub(1) / 2) else { return Vec::new() };
    let figure = |what: &str, measured: String, bar| Figure {
        area: "latency".to_owned(),
        what: what.to_owned(),
        measured,
        bar,
    };
    let both = |p50: u64, p99: u64| format!("p50 {} ms, p99 {} ms", ms(p50), ms(p99));
    let (whole, model, (p50, p99)) = (&round.whole.seen, &round.model, round.overhead_us());
    let fsyncs = round.whole.fsyncs_per_event;
    vec![
        figure("webhook → model → delivery → reply", both(whole.p50_us, whole.p99_us), None),
        figure("the model alone", both(model.p50_us, model.p99_us), None),
        figure(
            "the platform: the whole less the model's p50",
            both(p50, p99),
            Some(Bar::new("p99 ≤ 10 ms", p99 <= OVERHEAD_US)),
        ),
        figure(
            "fsyncs per event, its delivery's included",
            format!("{fsyncs:.2}"),
            Some(Bar::new("≤ 4", fsyncs <= FSYNCS)),
        ),
    ]
}
